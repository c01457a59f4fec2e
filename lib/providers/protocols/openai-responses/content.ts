import type { Content, ContentPart } from "#lib/chat/request.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";

/** Content of a user or of a tool: one text if possible, else parts. */
export function encodeContent(content: Content): JsonValue {
  if (typeof content === "string") return content;
  const parts = content.flatMap(encodePart);
  const [only] = parts;
  if (only === undefined) return "";
  return parts.length === 1 && only["type"] === "input_text" ? (only["text"] ?? "") : parts;
}

function encodePart(part: ContentPart): JsonObject[] {
  switch (part.type) {
    case "text":
      return [{ type: "input_text", text: part.text }];
    case "image":
      return [{ type: "input_image", image_url: part.url, detail: part.detail ?? "auto" }];
    case "opaque":
      return encodeOpaque(part.value);
  }
}

/** A file in the shape of chat completions; the API takes no other unread part. */
function encodeOpaque({ type, file }: JsonObject): JsonObject[] {
  return type === "file" && isJsonObject(file) ? [{ type: "input_file", ...file }] : [];
}

/** Whether the API has no such part. */
export function isForeign(part: ContentPart): boolean {
  if (part.type !== "opaque") return false;
  if (part.dialect === "openai-responses") return false;
  return part.dialect !== "openai" || encodeOpaque(part.value).length === 0;
}
