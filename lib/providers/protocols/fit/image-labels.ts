import type { AssistantPart, ChatMessage, ContentPart } from "#lib/chat/request.ts";
import { messageParts } from "#lib/chat/request.ts";
import { parseDataUrl } from "#lib/shared/data-url.ts";

/** How much base64 holds the signature of an image, characters. */
const SIGNATURE = 24;
/** Media types that clients write for others. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "image/x-png": "image/png",
};

/** What the first bytes are, if that is known. */
function sniffed(base64: string): string | undefined {
  const bytes = Buffer.from(base64.slice(0, SIGNATURE), "base64").toString("latin1");
  if (bytes.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (bytes.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (bytes.startsWith("GIF87a") || bytes.startsWith("GIF89a")) return "image/gif";
  if (bytes.startsWith("RIFF") && bytes.slice(8, 12) === "WEBP") return "image/webp";
  return undefined;
}

/** The URL with the media type that its bytes have; the same URL if that is what it says, or not known. */
function labelled(url: string): string {
  const data = parseDataUrl(url);
  if (data === undefined) return url;
  const lower = data.mediaType.toLowerCase();
  const type = sniffed(data.base64) ?? OTHER_NAMES[lower] ?? lower;
  return type === data.mediaType ? url : `data:${type};base64,${data.base64}`;
}

/** The messages with images labelled by their bytes. The same array if all labels are right. */
export function withImageLabels(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  if (!messages.some((message) => messageParts(message).some(isMislabelled))) return messages;
  return messages.map((message): ChatMessage => {
    if (!messageParts(message).some(isMislabelled)) return message;
    if (message.role === "assistant") return { ...message, parts: message.parts.map(relabelled) };
    if (typeof message.content === "string") return message;
    return { ...message, content: message.content.map(relabelled) };
  });
}

function isMislabelled(part: AssistantPart): boolean {
  return part.type === "image" && labelled(part.url) !== part.url;
}

function relabelled<Part extends AssistantPart | ContentPart>(part: Part): Part {
  return part.type === "image" && isMislabelled(part) ? { ...part, url: labelled(part.url) } : part;
}
