import type { ChatEvent, FinishReason } from "#lib/chat/events.ts";
import { readUsage, type TokenUsage, tokenCount } from "#lib/chat/usage.ts";
import { EngineFailure } from "#lib/providers/failures/failure.ts";
import { classifyErrorObject } from "#lib/providers/failures/provider-error.ts";
import { addNative } from "#lib/providers/protocols/anthropic/call-fields.ts";
import { type StreamedToolCall, ToolCalls } from "#lib/providers/protocols/anthropic/tool-calls.ts";
import { assertWritable, isWritable } from "#lib/providers/protocols/depth.ts";
import type { DecodeContext, Decoder } from "#lib/providers/protocols/protocol.ts";
import {
  arrayField,
  field,
  isJsonObject,
  type JsonObject,
  parseJson,
  stringField,
} from "#lib/shared/json.ts";
import { SurrogateJoiner } from "#lib/shared/text.ts";

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
]);

type Block =
  | { kind: "text" }
  | { kind: "thinking" }
  | { kind: "tool"; call: StreamedToolCall }
  | { kind: "other" };

/** Reads Anthropic's Messages API, streamed or whole. */
export class AnthropicDecoder implements Decoder {
  readonly #context: DecodeContext;
  readonly #blocks = new Map<number, Block>();
  readonly #calls: ToolCalls;
  readonly #text = new SurrogateJoiner();
  readonly #thinking = new SurrogateJoiner();
  readonly #counts: Record<string, number> = {};
  readonly #sources = new Set<string>();
  #stopReason: string | undefined;
  #stopSequence: string | undefined;
  #refusalReason: string | undefined;
  #done = false;
  #malformed = 0;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#calls = new ToolCalls(context.newId);
  }

  get finished(): boolean {
    return this.#stopReason !== undefined;
  }

  get done(): boolean {
    return this.#done;
  }

  get malformed(): number {
    return this.#malformed;
  }

  get refusalReason(): string | undefined {
    return this.#refusalReason;
  }

  /** `input_tokens` excludes cached tokens; the whole prompt is the sum. */
  get usage(): TokenUsage | undefined {
    const { input_tokens: input, output_tokens: output } = this.#counts;
    const cached = this.#counts["cache_read_input_tokens"] ?? 0;
    const written = this.#counts["cache_creation_input_tokens"] ?? 0;
    return readUsage({
      prompt: input === undefined ? undefined : input + cached + written,
      completion: output,
      cached,
      cacheWrite: written,
      reasoning: this.#counts["thinking_tokens"],
    });
  }

  push(data: string, event: string | undefined, out: ChatEvent[]): void {
    const message = parseJson(data);
    if (!isJsonObject(message)) {
      if (data !== "[DONE]") this.#malformed++;
      return;
    }
    if (event === "error" || message["type"] === "error" || isJsonObject(message["error"])) {
      throw new EngineFailure(classifyErrorObject(message, this.#context));
    }
    switch (message["type"]) {
      case "message":
        return this.#readWhole(message, out);
      case "message_start":
        this.#restart();
        return this.#readUsage(field(message["message"], "usage"));
      case "content_block_start":
        return this.#startBlock(message["index"], message["content_block"], out);
      case "content_block_delta":
        return this.#readDelta(message["index"], message["delta"], out);
      case "content_block_stop":
        return this.#stopBlock(message["index"], out);
      case "message_delta":
        this.#readUsage(message["usage"]);
        return this.#readStop(message["delta"]);
      case "message_stop":
        this.#done = true;
        return;
      default:
        // `ping`, and events that the API may add.
        return;
    }
  }

  end(out: ChatEvent[]): void {
    const thinking = this.#thinking.flush();
    if (thinking !== "") out.push({ type: "reasoning", text: thinking });
    const text = this.#text.flush();
    if (text !== "") out.push({ type: "text", text });
    const native = this.#stopReason;
    if (native === undefined) return;
    const finish: ChatEvent = { type: "finish", reason: FINISH_REASONS.get(native) ?? "other", native };
    out.push(this.#stopSequence === undefined ? finish : { ...finish, stopSequence: this.#stopSequence });
  }

  #readWhole(message: Record<string, unknown>, out: ChatEvent[]): void {
    arrayField(message, "content").forEach((block, index) => {
      this.#startBlock(index, block, out);
      this.#stopBlock(index, out);
    });
    this.#readUsage(message["usage"]);
    this.#readStop(message);
    this.#done = true;
  }

  /** A proxy may splice a second message into the stream, whose block numbers start over. */
  #restart(): void {
    this.#blocks.clear();
    this.#calls.restart();
  }

  #readStop(delta: unknown): void {
    const reason = stringField(delta, "stop_reason");
    if (reason !== undefined) this.#stopReason = reason;
    this.#stopSequence = stringField(delta, "stop_sequence") ?? this.#stopSequence;
    const explanation = stringField(field(delta, "stop_details"), "explanation");
    if (explanation !== undefined) this.#refusalReason = explanation;
  }

  /** Counts are cumulative and the last one wins: `message_delta` may revise the input upwards. */
  #readUsage(usage: unknown): void {
    if (!isJsonObject(usage)) return;
    const details = usage["output_tokens_details"];
    const counts = { ...usage, thinking_tokens: field(details, "thinking_tokens") };
    for (const [name, value] of Object.entries(counts)) {
      const count = tokenCount(value);
      if (count !== undefined) this.#counts[name] = count;
    }
  }

  #startBlock(index: unknown, block: unknown, out: ChatEvent[]): void {
    if (typeof index !== "number" || !isJsonObject(block)) return;
    switch (block["type"]) {
      case "text":
        this.#blocks.set(index, { kind: "text" });
        this.#emitText(stringField(block, "text") ?? "", out);
        for (const citation of arrayField(block, "citations")) this.#emitCitation(citation, out);
        return;
      case "thinking":
        this.#blocks.set(index, { kind: "thinking" });
        this.#emitThinking(stringField(block, "thinking") ?? "", out);
        this.#emitSignature(stringField(block, "signature"), out);
        return;
      case "redacted_thinking":
        this.#blocks.set(index, { kind: "other" });
        if (isWritable(block)) this.#emitSignature(block as JsonObject, out);
        return;
      case "tool_use": {
        const call = this.#calls.open(stringField(block, "id") ?? "", stringField(block, "name") ?? "", out);
        addNative(out.at(-1), block);
        this.#blocks.set(index, { kind: "tool", call });
        const input = block["input"];
        if (isJsonObject(input) && Object.keys(input).length > 0) {
          assertWritable(input);
          this.#calls.push(call, JSON.stringify(input), out);
        }
        return;
      }
      default:
        // Blocks of server tools, which run at the provider, are not passed on.
        this.#blocks.set(index, { kind: "other" });
    }
  }

  #readDelta(index: unknown, delta: unknown, out: ChatEvent[]): void {
    const block = typeof index === "number" ? this.#blocks.get(index) : undefined;
    switch (field(delta, "type")) {
      case "text_delta":
        return this.#emitText(stringField(delta, "text") ?? "", out);
      case "thinking_delta":
        return this.#emitThinking(stringField(delta, "thinking") ?? "", out);
      case "signature_delta":
        return this.#emitSignature(stringField(delta, "signature"), out);
      case "input_json_delta":
        if (block?.kind === "tool")
          this.#calls.push(block.call, stringField(delta, "partial_json") ?? "", out);
        return;
      case "citations_delta":
        return this.#emitCitation(field(delta, "citation"), out);
      default:
        return;
    }
  }

  #stopBlock(index: unknown, out: ChatEvent[]): void {
    const block = typeof index === "number" ? this.#blocks.get(index) : undefined;
    if (block?.kind === "tool") this.#calls.close(block.call, out);
  }

  #emitText(text: string, out: ChatEvent[]): void {
    const ready = this.#text.push(text);
    if (ready !== "") out.push({ type: "text", text: ready });
  }

  #emitThinking(text: string, out: ChatEvent[]): void {
    const ready = this.#thinking.push(text);
    if (ready !== "") out.push({ type: "reasoning", text: ready });
  }

  #emitSignature(value: string | JsonObject | undefined, out: ChatEvent[]): void {
    if (value === undefined || value === "") return;
    out.push({ type: "reasoning", text: "", signature: { issuer: this.#context.issuer, value } });
  }

  /** A source may be cited many times; it is reported once. */
  #emitCitation(citation: unknown, out: ChatEvent[]): void {
    const uri = stringField(citation, "url");
    if (uri === undefined || this.#sources.has(uri)) return;
    this.#sources.add(uri);
    const title = stringField(citation, "title");
    out.push({ type: "sources", sources: [title === undefined ? { uri } : { uri, title }] });
  }
}
