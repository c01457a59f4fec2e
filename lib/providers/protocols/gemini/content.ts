import { isAudio } from "#lib/chat/capabilities.ts";
import type { Content, ContentPart, OpaquePart } from "#lib/chat/request.ts";
import { isBlank } from "#lib/providers/protocols/fit/sent-parts.ts";
import { parseDataUrl } from "#lib/shared/data-url.ts";
import { type JsonObject, stringField } from "#lib/shared/json.ts";

/** An image or a document, which follows the response of a tool in a content of its own. */
export function isMedia(part: ContentPart): boolean {
  return part.type === "image" || part.type === "document";
}

/** The content as parts, without those that the API has not. */
export function encodeContent(content: Content): JsonObject[] {
  if (typeof content === "string") return isBlank(content) ? [] : [{ text: content }];
  return content.flatMap(encodePart);
}

/** The part; empty if there is nothing to send. */
export function encodePart(part: ContentPart): JsonObject[] {
  switch (part.type) {
    case "text":
      return isBlank(part.text) ? [] : [{ text: part.text }];
    case "image":
      return [encodeMedia(part.url, imageType(part.url))];
    case "document": {
      const { source } = part;
      return [source.kind === "text" ? { text: source.text } : encodeMedia(source.url, source.mediaType)];
    }
    case "opaque":
      return encodeAudio(part);
  }
}

/** A recording in OpenAI's form; empty for any other part. */
function encodeAudio(part: OpaquePart): JsonObject[] {
  const audio = isAudio(part) ? part.value["input_audio"] : undefined;
  const data = stringField(audio, "data");
  if (data === undefined) return [];
  const format = stringField(audio, "format") ?? "wav";
  return [{ inlineData: { mimeType: `audio/${format}`, data } }];
}

const IMAGE_TYPES: Readonly<Record<string, string>> = { png: "png", webp: "webp", gif: "gif", heic: "heic" };

/** The media type of a linked image, by its address: the API requires one. */
function imageType(url: string): string {
  const end = /\.([a-z]{3,4})(?:[?#]|$)/i.exec(url.slice(-1_000))?.[1]?.toLowerCase() ?? "";
  return `image/${IMAGE_TYPES[end] ?? "jpeg"}`;
}

/** A link is sent only to a model whose row says that it reads links. */
function encodeMedia(url: string, mimeType: string): JsonObject {
  const data = parseDataUrl(url);
  return data === undefined
    ? { fileData: { mimeType, fileUri: url } }
    : { inlineData: { mimeType: data.mediaType, data: data.base64 } };
}
