import type { MultipartPart } from "#lib/providers/protocols/engine-request.ts";
import { asBuffer } from "#lib/shared/bytes.ts";

const CONTENT_TYPE = /^[\x20-\x7e]+$/;
const UNKNOWN_TYPE = "application/octet-stream";

/** A form as pieces that are sent in order, so that a large file is not copied into one body. */
export type MultipartBody = { contentType: string; pieces: Uint8Array[] };

/**
 * Writes `multipart/form-data`. The boundary is one that no part contains.
 * @param random a number in [0, 1).
 */
export function encodeMultipart(parts: readonly MultipartPart[], random: () => number): MultipartBody {
  const contents = parts.map((part) => ("bytes" in part ? part.bytes : Buffer.from(part.value)));
  let boundary = newBoundary(random);
  while (contents.some((bytes) => asBuffer(bytes).includes(boundary))) boundary = newBoundary(random);
  const pieces: Uint8Array[] = [];
  parts.forEach((part, index) => {
    pieces.push(Buffer.from(`${index === 0 ? "" : "\r\n"}--${boundary}\r\n${partHead(part)}\r\n\r\n`));
    const bytes = contents[index];
    if (bytes !== undefined && bytes.length > 0) pieces.push(bytes);
  });
  pieces.push(Buffer.from(`${parts.length === 0 ? "" : "\r\n"}--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, pieces };
}

function partHead(part: MultipartPart): string {
  const disposition = `Content-Disposition: form-data; name="${quoted(part.name)}"`;
  if ("value" in part) return disposition;
  // A line break in the type would inject another header.
  const contentType = CONTENT_TYPE.test(part.contentType) ? part.contentType : UNKNOWN_TYPE;
  return `${disposition}; filename="${quoted(part.fileName)}"\r\nContent-Type: ${contentType}`;
}

/** A name escaped as browsers do it in forms. */
function quoted(name: string): string {
  return name.replaceAll("\r", "%0D").replaceAll("\n", "%0A").replaceAll('"', "%22");
}

function newBoundary(random: () => number): string {
  const digits = Array.from({ length: 4 }, () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  );
  return `sarmalink-${digits.join("")}`;
}
