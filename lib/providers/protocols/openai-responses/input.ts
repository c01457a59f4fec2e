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
import { CallIds } from "#lib/providers/protocols/openai-responses/call-ids.ts";
import { encodeContent } from "#lib/providers/protocols/openai-responses/content.ts";
import { placeReasoning } from "#lib/providers/protocols/openai-responses/reasoning-token.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** Stands for the result of a call that has none: the API refuses a call without an output. */
const NO_RESULT = "No result: the call was interrupted.";

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
  const writer = new InputWriter(messages, options);
  for (const message of messages.slice(split)) writer.add(message);
  const { input, hasReasoning } = writer;
  // The user's texts are all empty.
  if (input.length === 0) input.push({ type: "message", role: "user", content: BEGIN_TEXT });
  return { instructions: instructions === "" ? undefined : instructions, input, hasReasoning };
}

/** Writes each call with its result behind it, whatever the order of the messages. */
class InputWriter {
  readonly input: JsonObject[] = [];
  hasReasoning = false;
  readonly #options: InputOptions;
  readonly #ids = new CallIds();
  /** The results that no call has taken so far, by the client's id. */
  readonly #results = new Map<string, ToolMessage[]>();
  readonly #taken = new Set<ToolMessage>();

  constructor(messages: readonly ChatMessage[], options: InputOptions) {
    this.#options = options;
    for (const message of messages) {
      if (message.role !== "tool") continue;
      const known = this.#results.get(message.toolCallId);
      if (known === undefined) this.#results.set(message.toolCallId, [message]);
      else known.push(message);
    }
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
        // A result of no call, which the API refuses.
        if (!this.#taken.has(message)) {
          this.#results.get(message.toolCallId)?.shift();
          this.#addMessage("user", message.content);
        }
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
    const calls: { id: string; part: ToolCallPart }[] = [];
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
          const id = this.#ids.forCall(part.id);
          calls.push({ id, part });
          this.input.push(encodeCall(id, part));
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
    for (const { id, part } of calls) this.#addResult(id, part);
  }

  #addResult(id: string, call: ToolCallPart): void {
    const result = this.#results.get(call.id)?.shift();
    if (result !== undefined) this.#taken.add(result);
    this.input.push({
      type: call.custom === true ? "custom_tool_call_output" : "function_call_output",
      call_id: id,
      output: result === undefined ? NO_RESULT : encodeContent(result.content),
    });
  }
}

/** Without the item's own id: with it, the API requires the reasoning item that came before. */
function encodeCall(id: string, call: ToolCallPart): JsonObject {
  const { name, arguments: text } = call;
  return call.custom === true
    ? { type: "custom_tool_call", call_id: id, name, input: text }
    : { type: "function_call", call_id: id, name, arguments: text === "" ? "{}" : text };
}
