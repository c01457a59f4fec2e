import type { ChatEvent, Source } from "#lib/chat/events.ts";
import type { NativeFields } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { EngineFailure } from "#lib/providers/failures/failure.ts";
import { classifyErrorObject } from "#lib/providers/failures/provider-error.ts";
import { addNative, fieldsAtEnd } from "#lib/providers/protocols/anthropic/call-fields.ts";
import { reasonOf } from "#lib/providers/protocols/anthropic/finish-reasons.ts";
import { type StreamedToolCall, ToolCalls } from "#lib/providers/protocols/anthropic/tool-calls.ts";
import { UnreadBlock } from "#lib/providers/protocols/anthropic/unread-block.ts";
import { UsageCounts } from "#lib/providers/protocols/anthropic/usage.ts";
import { argumentText } from "#lib/providers/protocols/argument-text.ts";
import { CallIds } from "#lib/providers/protocols/call-ids.ts";
import { isWritable } from "#lib/providers/protocols/depth.ts";
import { consistentReason, latestReason } from "#lib/providers/protocols/finish-reason.ts";
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

type Block =
  | { kind: "read" }
  /** `input`: what the block began with, until deltas tell it again. */
  | { kind: "tool"; call: StreamedToolCall; input: string }
  | { kind: "unread"; block: UnreadBlock };

/** Reads Anthropic's Messages API, streamed or whole. */
export class AnthropicDecoder implements Decoder {
  readonly #context: DecodeContext;
  readonly #blocks = new Map<number, Block>();
  readonly #calls: ToolCalls;
  readonly #text = new SurrogateJoiner();
  readonly #thinking = new SurrogateJoiner();
  readonly #usage = new UsageCounts();
  readonly #sources = new Set<string>();
  /** Provisional: content that follows takes it back. */
  #stopReason: string | undefined;
  #stopSequence: string | undefined;
  #refusalReason: string | undefined;
  #atEnd: NativeFields | undefined;
  #done = false;
  #malformed = 0;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#calls = new ToolCalls(new CallIds(context));
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

  get usage(): TokenUsage | undefined {
    return this.#usage.value;
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
        return this.#usage.read(field(message["message"], "usage"));
      case "content_block_start":
        this.#stopReason = undefined;
        return this.#startBlock(message["index"], message["content_block"], out);
      case "content_block_delta":
        this.#stopReason = undefined;
        return this.#readDelta(message["index"], message["delta"], out);
      case "content_block_stop":
        return this.#stopBlock(message["index"], out);
      case "message_delta":
        this.#usage.read(message["usage"]);
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
    if (this.#stopReason !== undefined) {
      for (const index of this.#blocks.keys()) this.#stopBlock(index, out);
    }
    const thinking = this.#thinking.flush();
    if (thinking !== "") out.push({ type: "reasoning", text: thinking });
    const text = this.#text.flush();
    if (text !== "") out.push({ type: "text", text });
    const native = this.#stopReason;
    if (native === undefined) return;
    const reason = consistentReason(reasonOf(native), this.#calls.any);
    const finish: ChatEvent & { type: "finish" } = { type: "finish", reason, native };
    if (this.#stopSequence !== undefined) finish.stopSequence = this.#stopSequence;
    if (this.#atEnd !== undefined) finish.nativeFields = this.#atEnd;
    out.push(finish);
  }

  #readWhole(message: Record<string, unknown>, out: ChatEvent[]): void {
    arrayField(message, "content").forEach((block, index) => {
      this.#startBlock(index, block, out);
      this.#stopBlock(index, out);
    });
    this.#usage.read(message["usage"]);
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
    if (reason !== undefined) this.#stopReason = latestReason(this.#stopReason, reason, reasonOf);
    this.#stopSequence = stringField(delta, "stop_sequence") ?? this.#stopSequence;
    this.#atEnd = fieldsAtEnd(delta) ?? this.#atEnd;
    const explanation = stringField(field(delta, "stop_details"), "explanation");
    if (explanation !== undefined) this.#refusalReason = explanation;
  }

  #startBlock(index: unknown, block: unknown, out: ChatEvent[]): void {
    if (typeof index !== "number" || !isJsonObject(block)) return;
    switch (block["type"]) {
      case "text":
        this.#blocks.set(index, { kind: "read" });
        this.#emitText(stringField(block, "text") ?? "", out);
        for (const citation of arrayField(block, "citations")) this.#emitCitation(citation, out);
        return;
      case "thinking":
        this.#blocks.set(index, { kind: "read" });
        this.#emitThinking(stringField(block, "thinking") ?? "", out);
        this.#emitSignature(stringField(block, "signature"), out);
        return;
      case "redacted_thinking":
        this.#blocks.set(index, { kind: "read" });
        if (isWritable(block)) this.#emitSignature(block as JsonObject, out);
        return;
      case "tool_use": {
        const call = this.#calls.open(stringField(block, "id") ?? "", stringField(block, "name") ?? "", out);
        addNative(out.at(-1), block);
        // Streams begin with `{}` and tell the input afterwards.
        const input = argumentText(block["input"]).trim();
        this.#blocks.set(index, { kind: "tool", call, input: input === "{}" ? "" : input });
        return;
      }
      default:
        this.#blocks.set(index, { kind: "unread", block: new UnreadBlock(block) });
    }
  }

  #readDelta(index: unknown, delta: unknown, out: ChatEvent[]): void {
    const block = typeof index === "number" ? this.#blocks.get(index) : undefined;
    if (block?.kind === "unread") return block.block.push(delta);
    switch (field(delta, "type")) {
      case "text_delta":
        return this.#emitText(stringField(delta, "text") ?? "", out);
      case "thinking_delta":
        return this.#emitThinking(stringField(delta, "thinking") ?? "", out);
      case "signature_delta":
        return this.#emitSignature(stringField(delta, "signature"), out);
      case "input_json_delta":
        if (block?.kind === "tool") this.#pushInput(block, stringField(delta, "partial_json") ?? "", out);
        return;
      case "citations_delta":
        return this.#emitCitation(field(delta, "citation"), out);
      default:
        return;
    }
  }

  #pushInput(block: Block & { kind: "tool" }, json: string, out: ChatEvent[]): void {
    if (json === "") return;
    block.input = "";
    this.#calls.push(block.call, json, out);
  }

  #stopBlock(index: unknown, out: ChatEvent[]): void {
    const block = typeof index === "number" ? this.#blocks.get(index) : undefined;
    if (block === undefined || typeof index !== "number") return;
    this.#blocks.delete(index);
    if (block.kind === "tool") {
      this.#calls.push(block.call, block.input, out);
      this.#calls.close(block.call, out);
    } else if (block.kind === "unread") {
      const event = block.block.end();
      if (event !== undefined) out.push(event);
    }
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

  /** A source may be cited many times; it is reported once. Documents are cited without an address. */
  #emitCitation(citation: unknown, out: ChatEvent[]): void {
    if (!isJsonObject(citation) || !isWritable(citation)) return;
    const sources: Source[] = [];
    const uri = stringField(citation, "url");
    if (uri !== undefined && !this.#sources.has(uri)) {
      this.#sources.add(uri);
      const title = stringField(citation, "title");
      sources.push(title === undefined ? { uri } : { uri, title });
    }
    out.push({ type: "sources", sources, citation: { dialect: "anthropic", value: citation as JsonObject } });
  }
}
