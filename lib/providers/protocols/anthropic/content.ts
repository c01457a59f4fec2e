import type { Content, ContentPart, DocumentPart, OpaquePart } from "#lib/chat/request.ts";
import { type Marks, marked, withoutMark } from "#lib/providers/protocols/anthropic/cache-marks.ts";
import { nativeBlock } from "#lib/providers/protocols/anthropic/native-fields.ts";
import { isBlank } from "#lib/providers/protocols/fit/sent-parts.ts";
import { parseDataUrl } from "#lib/shared/data-url.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** The content as blocks. Texts of nothing but white space, which the API rejects, are left out. */
export function encodeContent(content: Content, marks: Marks): JsonObject[] {
  if (typeof content === "string") return isBlank(content) ? [] : [{ type: "text", text: content }];
  return content.flatMap((part) => encodePart(part, marks));
}

/** The part as a block; empty if there is none to send. */
export function encodePart(part: ContentPart, marks: Marks): JsonObject[] {
  switch (part.type) {
    case "text":
      return isBlank(part.text) ? [] : [encoded({ type: "text", text: part.text }, part, marks)];
    case "image": {
      const data = parseDataUrl(part.url);
      const source: JsonObject =
        data === undefined
          ? { type: "url", url: part.url }
          : { type: "base64", media_type: data.mediaType, data: data.base64 };
      return [encoded({ type: "image", source }, part, marks)];
    }
    case "document":
      return [encoded(encodeDocument(part), part, marks)];
    case "opaque":
      return part.dialect === "anthropic" ? [withoutMark(part.value, marks)] : [];
  }
}

/** The block with the client's further fields, and with its mark. */
function encoded(block: JsonObject, part: Exclude<ContentPart, OpaquePart>, marks: Marks): JsonObject {
  const native = nativeBlock(part.native);
  return marked(native === undefined ? block : { ...block, ...native }, part.cacheBreakpoint, marks);
}

function encodeDocument({ source, name }: DocumentPart): JsonObject {
  const titled: JsonObject = name === undefined ? {} : { title: name };
  return { type: "document", source: documentSource(source), ...titled };
}

function documentSource(source: DocumentPart["source"]): JsonObject {
  if (source.kind === "text") return { type: "text", media_type: "text/plain", data: source.text };
  const data = parseDataUrl(source.url);
  return data === undefined
    ? { type: "url", url: source.url }
    : { type: "base64", media_type: data.mediaType, data: data.base64 };
}
