import { cacheBreakpoint } from "#lib/apis/cache-breakpoint.ts";
import { filePart } from "#lib/apis/documents.ts";
import { nativeFields } from "#lib/apis/messages/native-fields.ts";
import type { MessagesBody } from "#lib/apis/messages/schema.ts";
import type { ContentPart, OpaquePart } from "#lib/chat/request.ts";
import { arrayField, type JsonObject, stringField } from "#lib/shared/json.ts";

type Message = MessagesBody["messages"][number];
type UserContent = Extract<Message, { role: "user" }>["content"];
type UserBlock = Exclude<UserContent, string>[number];
/** A block that becomes a content part. */
export type ContentBlock = Exclude<UserBlock, { type: "tool_result" }>;

const TEXT_FIELDS: ReadonlySet<string> = new Set(["type", "text", "cache_control"]);
const IMAGE_FIELDS: ReadonlySet<string> = new Set(["type", "source", "cache_control"]);
const DOCUMENT_FIELDS: ReadonlySet<string> = new Set(["type", "source", "title", "cache_control"]);

/** @param path the place of the block in the request: `messages.2.content.1`. */
export function readPart(block: ContentBlock, path: string): ContentPart {
  switch (block.type) {
    case "text":
      return {
        type: "text",
        text: block.text,
        ...cacheBreakpoint(block.cache_control),
        ...nativeFields(withoutOurCitations(block), TEXT_FIELDS),
      };
    case "image": {
      const { source } = block;
      const url = source.type === "url" ? source.url : `data:${source.media_type};base64,${source.data}`;
      return {
        type: "image",
        url,
        ...cacheBreakpoint(block.cache_control),
        ...nativeFields(block, IMAGE_FIELDS),
      };
    }
    case "document":
      return readDocument(block, path);
    case "other":
      return readOther(block.value, path);
  }
}

type DocumentBlock = Extract<ContentBlock, { type: "document" }>;

function readDocument(block: DocumentBlock, path: string): ContentPart {
  const { source } = block;
  const name = block.title ?? undefined;
  const beside = { ...cacheBreakpoint(block.cache_control), ...nativeFields(block, DOCUMENT_FIELDS) };
  const named = name === undefined ? {} : { name };
  switch (source.type) {
    case "base64": {
      const { data, media_type: mediaType } = source;
      return { ...filePart({ data, mediaType: mediaType ?? "application/pdf", name }, path), ...beside };
    }
    case "url":
      return { ...filePart({ url: source.url, name }, path), ...beside };
    case "text":
      return { type: "document", source: { kind: "text", text: source.data }, ...named, ...beside };
    case "content": {
      // Its blocks are the units of citations: engines of this API get them as they are.
      const value = block as unknown as JsonObject;
      const text = textOf(source.content);
      return opaque(value, path, text === undefined ? undefined : titled("document", text, { title: name }));
    }
  }
}

/** A block for engines of this API only, with the text, if there is one, that others get in its place. */
function readOther(value: JsonObject, path: string): OpaquePart {
  switch (value["type"]) {
    case "search_result": {
      const { title, source } = value;
      const text = textOf(value["content"]);
      if (text === undefined) break;
      return opaque(value, path, titled("search_result", text, { title, source }));
    }
    case "tool_reference":
      return opaque(value, path, `The tool ${stringField(value, "tool_name") ?? ""} is available.`);
  }
  return opaque(value, path);
}

function opaque(value: JsonObject, path: string, instead?: string): OpaquePart {
  const part: OpaquePart = { type: "opaque", dialect: "anthropic", value, path };
  return instead === undefined ? part : { ...part, instead };
}

/** The text of content; undefined if some of it is not text. */
function textOf(content: unknown): string | undefined {
  if (typeof content === "string") return content;
  const texts = arrayField({ content }, "content").map((block) => stringField(block, "text"));
  return texts.includes(undefined) ? undefined : texts.join("\n\n");
}

function titled(tag: string, text: string, attributes: Readonly<Record<string, unknown>>): string {
  const said = Object.entries(attributes)
    .filter(([, value]) => typeof value === "string")
    .map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `<${tag}${said.join("")}>\n${text}\n</${tag}>`;
}

/**
 * The block without the citations that this gateway made of the sources of other engines: they have no index,
 * which Anthropic requires.
 */
function withoutOurCitations(block: Extract<ContentBlock, { type: "text" }>): Record<string, unknown> {
  const { citations, ...rest } = block;
  if (!Array.isArray(citations)) return block;
  const theirs = citations.filter((citation) => stringField(citation, "encrypted_index") !== "");
  return theirs.length === 0 ? rest : { ...rest, citations: theirs };
}
