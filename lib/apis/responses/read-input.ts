import { filePart } from "#lib/apis/documents.ts";
import { unpackEncrypted } from "#lib/apis/responses/call-signature.ts";
import type { InputContent, InputItem } from "#lib/apis/responses/schema.ts";
import type { ToolNames } from "#lib/apis/responses/tool-names.ts";
import type {
  AssistantPart,
  ChatMessage,
  Content,
  ContentPart,
  ImagePart,
  IssuerToken,
  ReasoningPart,
  ToolCall,
} from "#lib/chat/request.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** Reads items as chat messages. Items without a chat equivalent are left out and added to `dropped`. */
export function readItems(
  items: readonly InputItem[],
  names: ToolNames,
  dropped: Set<string>,
): ChatMessage[] {
  const reader = new ItemReader(names, dropped);
  for (const item of items) reader.read(item);
  return reader.finish();
}

/**
 * Merges items into messages: the text, reasoning and calls of one turn become the parts of one message, in
 * the same order, up to the results of the calls.
 */
class ItemReader {
  readonly #messages: ChatMessage[] = [];
  readonly #names: ToolNames;
  readonly #dropped: Set<string>;
  /** The parts of the open assistant message, if any. */
  #assistant: AssistantPart[] | undefined;
  #assistantCalls = false;
  /** Reasoning that belongs to the next text or call. */
  #reasoning: ReasoningPart[] = [];
  readonly #signatures = new Map<string, IssuerToken>();

  constructor(names: ToolNames, dropped: Set<string>) {
    this.#names = names;
    this.#dropped = dropped;
  }

  finish(): ChatMessage[] {
    this.#endTurn();
    return this.#messages;
  }

  read(item: InputItem): void {
    switch (item.type) {
      case "message":
        return item.role === "assistant" ? this.#readAnswer(item.content) : this.#readMessage(item);
      case "reasoning":
        return this.#readReasoning(item);
      case "function_call":
        return this.#addCall({
          id: item.call_id,
          name: this.#names.flat(item.name, item.namespace),
          arguments: item.arguments ?? "",
        });
      case "custom_tool_call":
        return this.#addCall({
          id: item.call_id,
          name: this.#names.flat(item.name, item.namespace),
          arguments: item.input ?? "",
          custom: true,
        });
      case "function_call_output":
      case "custom_tool_call_output":
        this.#endTurn();
        this.#messages.push({
          role: "tool",
          toolCallId: item.call_id,
          content: readContent(item.output, this.#dropped),
        });
        return;
      case "other":
        this.#dropped.add(`input.${String(item.value["type"])}`);
    }
  }

  #readMessage({ role, content: raw }: InputItem & { type: "message" }): void {
    this.#endTurn();
    const content = readContent(raw, this.#dropped);
    if (role === "user") this.#messages.push({ role, content });
    else if (role === "developer") this.#messages.push({ role: "system", content, developer: true });
    else this.#messages.push({ role: "system", content });
  }

  #readAnswer(raw: InputContent): void {
    // Only results may follow calls, so text after them belongs to the message with the calls.
    const isNew = this.#assistant === undefined || !this.#assistantCalls;
    const parts = isNew ? this.#open() : this.#continue();
    for (const part of readAssistantContent(raw, this.#dropped)) parts.push(part);
  }

  #readReasoning(item: InputItem & { type: "reasoning" }): void {
    const parts = (item.summary ?? []).length > 0 ? item.summary : item.content;
    const text = (parts ?? []).map((part) => part.text ?? "").join("\n\n");
    const encrypted = item.encrypted_content ?? "";
    const read = unpackEncrypted(encrypted);
    if (read === undefined && encrypted !== "") this.#dropped.add("input.reasoning.encrypted_content");
    if (read?.callId !== undefined) {
      this.#signatures.set(read.callId, read.token);
      return;
    }
    const part: ReasoningPart = { type: "reasoning", text };
    if (read !== undefined) this.#reasoning.push({ ...part, signature: read.token });
    else if (text !== "") this.#reasoning.push(part);
  }

  #addCall(call: ToolCall): void {
    const signature = this.#signatures.get(call.id);
    if (signature !== undefined) call.signature = signature;
    this.#continue().push({ type: "tool_call", ...call });
    this.#assistantCalls = true;
  }

  /** Opens an assistant message. Returns its parts. */
  #open(): AssistantPart[] {
    const parts: AssistantPart[] = this.#reasoning;
    this.#messages.push({ role: "assistant", parts });
    this.#assistant = parts;
    this.#assistantCalls = false;
    this.#reasoning = [];
    return parts;
  }

  /** The parts of the open message, with the pending reasoning added. */
  #continue(): AssistantPart[] {
    if (this.#assistant === undefined) return this.#open();
    for (const part of this.#reasoning) this.#assistant.push(part);
    this.#reasoning = [];
    return this.#assistant;
  }

  /** Ends the assistant's turn. Reasoning without a message is dropped. */
  #endTurn(): void {
    if (this.#assistant !== undefined) this.#continue();
    this.#assistant = undefined;
    this.#reasoning = [];
  }
}

/** Text and refusals of an earlier answer in the history. */
function readAssistantContent(content: InputContent, dropped: Set<string>): AssistantPart[] {
  if (content === null || content === undefined) return [];
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.flatMap((part): AssistantPart[] =>
    part.type === "refusal" ? [{ type: "refusal", text: part.refusal }] : readPart(part, dropped),
  );
}

function readContent(content: InputContent, dropped: Set<string>): Content {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return content;
  const parts = content.flatMap((part) => readPart(part, dropped));
  const [only] = parts;
  if (only === undefined) return "";
  return parts.length === 1 && only.type === "text" ? only.text : parts;
}

type InputPart = Exclude<InputContent, string | null | undefined>[number];

function readPart(part: InputPart, dropped: Set<string>): ContentPart[] {
  switch (part.type) {
    case "input_text":
    case "output_text":
    case "text":
    case "summary_text":
      return [{ type: "text", text: part.text }];
    case "refusal":
      return [];
    case "input_image": {
      if (part.image_url == null) {
        // Only OpenAI, which stores the file, can resolve its id.
        return [{ type: "opaque", dialect: "openai", value: storedImage(part.file_id) }];
      }
      return [{ type: "image", url: part.image_url, ...imageDetail(part.detail) }];
    }
    case "input_file": {
      const { file_data: data, file_url: url, filename: name } = part;
      if (data != null || url != null) return [filePart({ data, url, name }, "input_file")];
      // Only OpenAI, which stores the file, can resolve its id.
      return [
        {
          type: "opaque",
          dialect: "openai",
          value: { type: "file", file: { file_id: part.file_id ?? null } },
        },
      ];
    }
    case "input_audio":
      return [
        {
          type: "opaque",
          dialect: "openai",
          value: { type: "input_audio", input_audio: part.input_audio },
        },
      ];
    case "other":
      dropped.add(`input.${String(part.value["type"])}`);
      return [];
  }
}

function storedImage(id: string | null | undefined): JsonObject {
  return { type: "input_image", file_id: id ?? null };
}

function imageDetail(detail: string | null | undefined): Pick<ImagePart, "detail"> {
  switch (detail) {
    case "auto":
    case "low":
    case "high":
      return { detail };
    // Chats have no larger size.
    case "original":
      return { detail: "high" };
    default:
      return {};
  }
}
