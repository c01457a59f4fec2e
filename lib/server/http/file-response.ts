import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { contentDisposition } from "#lib/shared/content-disposition.ts";

/** A file that an operation made or keeps. */
export type MadeFile = {
  bytes: Uint8Array<ArrayBuffer>;
  /** Its media type. */
  type: string;
  /** As people see it, with its extension. */
  name: string;
};

/**
 * A file as an answer.
 *
 * @param disposition `attachment` (browsers save it) unless nothing in a file of its type can run.
 */
export function fileResponse(
  { bytes, type, name }: MadeFile,
  disposition: "attachment" | "inline" = "attachment",
): PlainResponse {
  return new PlainResponse(bytes, {
    headers: { "content-type": type, "content-disposition": contentDisposition(disposition, name) },
  });
}
