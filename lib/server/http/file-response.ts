import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";

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
      "content-disposition": attachmentNamed(name),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}

/** The name in UTF-8 (RFC 5987), and before it one of ASCII for clients that know no other. */
function attachmentNamed(name: string): string {
  const ascii = name.replace(/[^\x20-\x7E]+/g, "_").replace(/["\\%]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
