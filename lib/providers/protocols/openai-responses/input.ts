import type {
  AssistantMessage,
  ChatMessage,
  Content,
  SystemMessage,
  ToolCallPart,
  ToolMessage,
} from "#lib/chat/request.ts";
import { systemText } from "#lib/chat/system-text.ts";
import { BEGIN_TEXT } from "#lib/providers/protocols/fit/sent-parts.ts";
import { encodeContent } from "#lib/providers/protocols/openai-responses/content.ts";
import { placeReasoning } from "#lib/providers/protocols/openai-responses/reasoning-token.ts";
import type { JsonObject } from "#lib/shared/json.ts";

type InputOptions = {
  /** The issuer whose reasoning items are sent back; undefined: none are sent. */
  issuer: string | undefined;
  /** Whether the engine knows the role `developer`. */
  developerRole: boolean;
};

/** A conversation for the API. */
export type EncodedInput = {
  instructions: string | undefined;
  input: JsonObject[];
  hasReasoning: boolean;
};

/** The messages as items; the system prompt at the beginning becomes `instructions`. */
export function encodeInput(messages: readonly ChatMessage[], options: InputOptions): EncodedInput {
  const first = messages.findIndex(({ role }) => role !== "system");
  // The API requires an item, so a system prompt alone is one.
  const split = first === -1 ? 0 : first;
  const instructions = messages
    .slice(0, split)
    .flatMap((message) => (message.role === "system" ? systemText(message.content) : []))
    .filter((text) => text !== "")
    .join("\n\n");
  const writer = new InputWriter(options);
  for (const message of messages.slice(split)) writer.add(message);
  const { input, hasReasoning } = writer;
  // The user's texts are all empty.
  if (input.length === 0) input.push({ type: "message", role: "user", content: BEGIN_TEXT });
  return { instructions: instructions === "" ? undefined : instructions, input, hasReasoning };
}

/** Writes messages whose calls are followed by their results; see `withToolTurns`. */
class InputWriter {
  readonly input: JsonObject[] = [];
  hasReasoning = false;
  readonly #options: InputOptions;
  /** The ids of calls of custom tools: their outputs have a type of their own. */
  readonly #customCalls = new Set<string>();

  constructor(options: InputOptions) {
    this.#options = options;
  }

  add(message: ChatMessage): void {
    switch (message.role) {
      case "system":
        return this.#addSystem(message);
      case "user":
        return this.#addMessage("user", message.content);
      case "assistant":
        return this.#addAssistant(message);
      case "tool":
        return this.#addResult(message);
    }
  }

  #addSystem({ content, developer }: SystemMessage): void {
    const role = developer === true && this.#options.developerRole ? "developer" : "system";
    this.#addMessage(role, systemText(content));
  }

  #addMessage(role: string, content: Content): void {
    const encoded = encodeContent(content);
    if (encoded !== "") this.input.push({ type: "message", role, content: encoded });
  }

  #addAssistant({ parts }: AssistantMessage): void {
    /** The message that further text of the same phase is added to. */
    let open: { message: JsonObject; phase: string | undefined } | undefined;
    for (const part of placeReasoning(parts, this.#options.issuer ?? "")) {
      switch (part.type) {
        case "text":
        case "refusal": {
          if (part.text === "") break;
          const phase = part.type === "text" ? part.phase : undefined;
          if (open !== undefined && (phase === undefined || phase === open.phase)) {
            open.message["content"] = `${String(open.message["content"])}${part.text}`;
            break;
          }
          const message: JsonObject = { type: "message", role: "assistant", content: part.text };
          if (phase !== undefined && phase !== "") message["phase"] = phase;
          open = { message, phase };
          this.input.push(message);
          break;
        }
        case "tool_call": {
          if (part.custom === true) this.#customCalls.add(part.id);
          this.input.push(encodeCall(part));
          open = undefined;
          break;
        }
        case "reasoning_item":
          if (this.#options.issuer === undefined) break;
          this.hasReasoning = true;
          this.input.push(part.item);
          open = undefined;
          break;
        case "opaque":
        case "image":
        case "document":
          break;
      }
    }
  }

  #addResult({ toolCallId, content }: ToolMessage): void {
    const isCustom = this.#customCalls.has(toolCallId);
    this.input.push({
      type: isCustom ? "custom_tool_call_output" : "function_call_output",
      call_id: toolCallId,
      output: encodeContent(content),
    });
  }
}

/** Without the item's own id: with it, the API requires the reasoning item that came before. */
function encodeCall({ id, name, custom, arguments: text }: ToolCallPart): JsonObject {
  return custom === true
    ? { type: "custom_tool_call", call_id: id, name, input: text }
    : { type: "function_call", call_id: id, name, arguments: text === "" ? "{}" : text };
}
