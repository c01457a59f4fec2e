import { type ChatRequest, type ContentPart, type DocumentPart, messageParts } from "#lib/chat/request.ts";

export const CAPABILITIES = [
  "images",
  "image_urls",
  "documents",
  "document_urls",
  "office_documents",
  "audio",
  "openai_parts",
  "chat_parts",
  "anthropic_parts",
  "tools",
  "custom_tools",
  "forced_tool_choice",
  "json_object",
  "json_schema",
  "tools_with_format",
] as const;

/** A capability that a request may need and that not every engine has. */
export type Capability = (typeof CAPABILITIES)[number];

/** The request field that needs each capability, for error messages. */
export const CAPABILITY_FIELDS: Readonly<Record<Capability, string>> = {
  images: "messages",
  image_urls: "messages",
  documents: "messages",
  document_urls: "messages",
  office_documents: "messages",
  audio: "messages",
  openai_parts: "messages",
  chat_parts: "messages",
  anthropic_parts: "messages",
  tools: "tools",
  custom_tools: "tools",
  forced_tool_choice: "tool_choice",
  json_object: "response_format",
  json_schema: "response_format",
  tools_with_format: "response_format",
};

/** What a client can do where no engine has the capability. */
export const CAPABILITY_ADVICE: Readonly<Partial<Record<Capability, string>>> = {
  images: "Leave the image out, or name a model that sees.",
  image_urls: "Send the image as a data: URL.",
  documents: "Send the data of the document, or its text, or name a model that reads PDF.",
  document_urls: "Send the document as base64.",
  office_documents: "Send the data of the document, or its text.",
  audio: "Send a transcript, or name a model that hears.",
  openai_parts: "Send files with their data, and only parts of type text, image_url, file or input_audio.",
  chat_parts: "Send only parts of type text, image_url, file or input_audio.",
  anthropic_parts:
    "Send files with their data, and only blocks of type text, image, document or tool_result.",
};

/** The required (`must`) and preferred (`should`) capabilities of a request. */
export function requiredCapabilities(request: ChatRequest): { must: Capability[]; should: Capability[] } {
  const must = partCapabilities(request);
  const should: Capability[] = [];
  // Engines without custom tools get them as functions.
  if ((request.tools ?? []).some((tool) => tool.type !== "opaque")) must.push("tools");
  const format = request.responseFormat?.type ?? "text";
  if (format !== "text") must.push(format);
  // Where both cannot be sent, the format is asked for in words.
  if (format !== "text" && must.includes("tools")) should.push("tools_with_format");
  // A model that cannot be forced to call the tool may still call it.
  if (isForced(request)) should.push("forced_tool_choice");
  return { must, should };
}

function isForced({ tools = [], toolChoice }: ChatRequest): boolean {
  if (tools.length === 0 || toolChoice === undefined) return false;
  if (typeof toolChoice === "string") return toolChoice === "required";
  return toolChoice.type === "tool" || toolChoice.required;
}

/** What reading all parts of the messages takes. */
function partCapabilities({ messages }: ChatRequest): Capability[] {
  const needed = new Set<Capability>();
  for (const message of messages) {
    for (const part of messageParts(message)) {
      // What an engine said itself is not a question to the next: it may be left out.
      const isSaid = part.type === "opaque" && (message.role === "assistant" || message.role === "system");
      if (!isSaid) for (const capability of capabilitiesOf(part)) needed.add(capability);
    }
  }
  return [...needed];
}

const NONE: readonly Capability[] = [];
/** OpenAI's parts that its Responses API has, too; others (`video_url`) exist in chat completions alone. */
const RESPONSES_PARTS: ReadonlySet<unknown> = new Set(["file", "input_file", "input_image"]);

function capabilitiesOf(part: ReturnType<typeof messageParts>[number]): readonly Capability[] {
  switch (part.type) {
    case "image":
      return isData(part.url) ? ["images"] : ["images", "image_urls"];
    case "document":
      return documentCapabilities(part);
    case "opaque":
      if (part.instead !== undefined) return NONE;
      if (isAudio(part)) return ["audio"];
      if (part.dialect !== "openai") return ["anthropic_parts"];
      return RESPONSES_PARTS.has(part.value["type"]) ? ["openai_parts"] : ["openai_parts", "chat_parts"];
    case "text":
    case "reasoning":
    case "refusal":
    case "tool_call":
      return NONE;
  }
}

function documentCapabilities(part: DocumentPart): readonly Capability[] {
  const kind = documentCapability(part);
  // Text can be put into the message.
  if (kind === undefined || part.reading !== undefined || part.source.kind === "text") return NONE;
  return isData(part.source.url) ? [kind] : [kind, "document_urls"];
}

/** What an engine needs that takes the document itself; undefined for plain text, which every engine reads. */
export function documentCapability({ source }: DocumentPart): Capability | undefined {
  if (source.kind === "text") return undefined;
  return source.mediaType === "application/pdf" ? "documents" : "office_documents";
}

function isData(url: string): boolean {
  return url.startsWith("data:");
}

/** Whether this is a recording, in OpenAI's form. */
export function isAudio(part: ContentPart & { type: "opaque" }): boolean {
  return part.dialect === "openai" && part.value["type"] === "input_audio";
}
