import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { contentDisposition } from "#lib/shared/content-disposition.ts";

/** A file that an operation made. */
export type MadeFile = {
  bytes: Uint8Array<ArrayBuffer>;
  /** Its media type. */
  type: string;
  /** As people see it, with its extension. */
  name: string;
};

/**
 * A file as an answer that browsers save and never show: it was made of what somebody wrote. Nobody keeps a copy.
 */
export function fileResponse({ bytes, type, name }: MadeFile): PlainResponse {
  return new PlainResponse(bytes, {
    headers: {
      "content-type": type,
      "content-disposition": contentDisposition("attachment", name),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}
