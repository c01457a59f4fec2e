import { isBreakpointMessage } from "#lib/chat/cache-breakpoints.ts";
import type { Content, ContentPart, DocumentPart, SystemMessage } from "#lib/chat/request.ts";
import { systemText } from "#lib/chat/system-text.ts";
import { isOurMark, type Marks, withMark } from "#lib/providers/protocols/openai-compatible/cache-marks.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/** The system prompt as one text, or as parts if one of them carries a cache mark. */
export function encodeSystemContent(message: SystemMessage, marks: Marks): JsonValue {
  const { content } = message;
  const isMarked = marks.kind === "clients" ? isBreakpointMessage(message) : false;
  if (!isMarked && !(marks.kind === "message" && marks.message === message)) return systemText(content);
  const parts: ContentPart[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
  if (isMarked) return parts.map((part) => encodeMarkedPart(part, marks, "none"));
  const ours = parts.findLastIndex(isOurMark);
  const last = ours === -1 ? parts.findLastIndex((part) => part.type === "text" && part.text !== "") : ours;
  return parts.map((part, index) => {
    const encoded = encodePart(part, "none");
    return index === last ? withMark(encoded, true) : encoded;
  });
}

/** The content as one text if possible, else as parts. Parts of other dialects are left out. */
export function encodeContent(
  content: Content,
  { dialect, marks }: { dialect: OpenAiDialect; marks: Marks },
): JsonValue {
  if (typeof content === "string") return content;
  const parts = content.filter(
    (part) => part.type !== "opaque" || (dialect.opaqueParts && part.dialect === "openai"),
  );
  const [only] = parts;
  const isMarked = marks.kind === "clients" && only?.type === "text" && only.cacheBreakpoint !== undefined;
  if (parts.length === 1 && only?.type === "text" && !isMarked) return only.text;
  return parts.length === 0 ? "" : parts.map((part) => encodeMarkedPart(part, marks, dialect.documents));
}

/**
 * The content of a user's message. Several texts are one text: models of some hosts take no list ("Invalid
 * 'content' type. Expected one of: ['str'], got list", report musistudio/claude-code-router#965).
 */
export function encodeUserContent(
  content: Content,
  context: { dialect: OpenAiDialect; marks: Marks },
): JsonValue {
  const isJoined = typeof content !== "string" && !context.dialect.opaqueParts;
  return (isJoined ? joinedText(content) : undefined) ?? encodeContent(content, context);
}

/** Undefined if there is anything but text. */
function joinedText(parts: readonly ContentPart[]): string | undefined {
  let joined = "";
  for (const part of parts) {
    if (part.type !== "text") return undefined;
    if (joined !== "" && !joined.endsWith("\n")) joined += "\n\n";
    joined += part.text;
  }
  return joined === "" ? undefined : joined;
}

function encodeMarkedPart(
  part: ContentPart,
  marks: Marks,
  documents: OpenAiDialect["documents"],
): JsonObject {
  const encoded = encodePart(part, documents);
  const breakpoint = part.type === "opaque" ? undefined : part.cacheBreakpoint;
  return marks.kind === "clients" && breakpoint !== undefined ? withMark(encoded, breakpoint) : encoded;
}

export function encodePart(part: ContentPart, documents: OpenAiDialect["documents"]): JsonObject {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "image":
      return {
        type: "image_url",
        image_url: part.detail === undefined ? { url: part.url } : { url: part.url, detail: part.detail },
      };
    case "document":
      return encodeDocument(part, documents);
    case "opaque":
      return part.value;
  }
}

/** Hosts that read a link get it where the data would be. */
function encodeDocument({ source, name }: DocumentPart, form: OpenAiDialect["documents"]): JsonObject {
  // Documents of plain text have become texts before.
  if (source.kind === "text") return { type: "text", text: source.text };
  if (form === "document_url") {
    const named: JsonObject = name === undefined ? {} : { document_name: name };
    return { type: "document_url", document_url: source.url, ...named };
  }
  return { type: "file", file: { filename: name ?? "document.pdf", file_data: source.url } };
}
