import { documentText } from "#lib/chat/documents.ts";
import type { Content, ContentPart, DocumentPart } from "#lib/chat/request.ts";
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
    case "document":
      return [encodeDocument(part)];
    case "opaque":
      return part.dialect === "openai" ? encodeOpaque(part.value) : [];
  }
}

function encodeDocument(part: DocumentPart): JsonObject {
  const { source, name } = part;
  if (source.kind === "text") return { type: "input_text", text: documentText(part) ?? source.text };
  if (!source.url.startsWith("data:")) return { type: "input_file", file_url: source.url };
  return { type: "input_file", filename: name ?? "document.pdf", file_data: source.url };
}

/** What only OpenAI can read: files in the shape of chat completions, and images that it stores. */
function encodeOpaque(value: JsonObject): JsonObject[] {
  const { type, file } = value;
  if (type === "file" && isJsonObject(file)) return [{ type: "input_file", ...file }];
  return type === "input_image" || type === "input_file" ? [value] : [];
}

/** Whether the API has no such part. */
export function isForeign(part: ContentPart): boolean {
  return part.type === "opaque" && encodePart(part).length === 0;
}
