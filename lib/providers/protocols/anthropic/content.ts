import type { Content, ContentPart } from "#lib/chat/request.ts";
import { type Marks, marked, withoutMark } from "#lib/providers/protocols/anthropic/cache-marks.ts";
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
      return isBlank(part.text)
        ? []
        : [marked({ type: "text", text: part.text }, part.cacheBreakpoint, marks)];
    case "image": {
      const data = parseDataUrl(part.url);
      const source: JsonObject =
        data === undefined
          ? { type: "url", url: part.url }
          : { type: "base64", media_type: data.mediaType, data: data.base64 };
      return [marked({ type: "image", source }, part.cacheBreakpoint, marks)];
    }
    case "opaque":
      return part.dialect === "anthropic" ? [withoutMark(part.value, marks)] : [];
  }
}
