import { type JsonObject, type JsonValue, stringField } from "#lib/shared/json.ts";

/** What a model reads of the content of a result: its texts, and of everything else what it is. */
export function contentText(content: readonly JsonObject[], structured: JsonValue | undefined): string {
  const texts = content.map(blockText).filter((text) => text !== "");
  if (texts.length > 0) return texts.join("\n\n");
  return structured === undefined ? "" : JSON.stringify(structured);
}

function blockText(block: JsonObject): string {
  switch (block["type"]) {
    case "text":
      return stringField(block, "text") ?? "";
    case "image":
    case "audio":
      return notShown(stringField(block, "mimeType"), stringField(block, "data"));
    case "resource_link":
      return `[${stringField(block, "name") ?? "A resource"}: ${stringField(block, "uri") ?? "without an address"}]`;
    case "resource": {
      const { resource } = block;
      const text = stringField(resource, "text");
      if (text !== undefined) return `${stringField(resource, "uri") ?? ""}\n${text}`.trim();
      return notShown(stringField(resource, "mimeType"), stringField(resource, "blob"));
    }
    default:
      return "[Content of an unknown kind, not shown]";
  }
}

function notShown(type = "data", base64 = ""): string {
  return `[${type}, ${Math.ceil((base64.length * 3) / 4 / 1024)} KB, not shown]`;
}
