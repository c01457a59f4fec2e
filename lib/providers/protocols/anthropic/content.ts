import type { Content, ContentPart, DocumentPart } from "#lib/chat/request.ts";
import { type Marks, marked, withoutMark } from "#lib/providers/protocols/anthropic/cache-marks.ts";
import { parseDataUrl } from "#lib/shared/data-url.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** The content as blocks. Empty texts, which the API rejects, are left out. */
export function encodeContent(content: Content, marks: Marks): JsonObject[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return content.flatMap((part) => encodePart(part, marks));
}

/** The part as a block; empty if there is none to send. */
export function encodePart(part: ContentPart, marks: Marks): JsonObject[] {
  switch (part.type) {
    case "text":
      return part.text === "" ? [] : [marked({ type: "text", text: part.text }, part.cacheBreakpoint, marks)];
    case "image": {
      const data = parseDataUrl(part.url);
      const source: JsonObject =
        data === undefined
          ? { type: "url", url: part.url }
          : { type: "base64", media_type: data.mediaType, data: data.base64 };
      return [marked({ type: "image", source }, part.cacheBreakpoint, marks)];
    }
    case "document":
      return [marked(encodeDocument(part), part.cacheBreakpoint, marks)];
    case "opaque":
      return part.dialect === "anthropic" ? [withoutMark(part.value, marks)] : [];
  }
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
