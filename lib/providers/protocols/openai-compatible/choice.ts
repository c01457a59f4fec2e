import type { ChatEvent, FinishReason } from "#lib/chat/events.ts";
import type { CallIds } from "#lib/providers/protocols/call-ids.ts";
import { assertToolCalls } from "#lib/providers/protocols/counts.ts";
import { isWritable } from "#lib/providers/protocols/depth.ts";
import { DrawnImages } from "#lib/providers/protocols/drawn-images.ts";
import { consistentReason, latestReason } from "#lib/providers/protocols/finish-reason.ts";
import { FoundSources } from "#lib/providers/protocols/found-sources.ts";
import { finishReasonOf } from "#lib/providers/protocols/openai-compatible/finish-reasons.ts";
import {
  addSignature,
  reasoningIn,
  type Teller,
} from "#lib/providers/protocols/openai-compatible/reasoning-back.ts";
import { ToolCallAssembler } from "#lib/providers/protocols/openai-compatible/tool-call-assembler.ts";
import { ReasoningSplitter } from "#lib/sanitize/reasoning.ts";
import {
  arrayField,
  field,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  stringField,
} from "#lib/shared/json.ts";
import { SurrogateJoiner } from "#lib/shared/text.ts";

/** One alternative of an answer; all but a few requests have one. */
export class Choice {
  readonly index: number;
  /** The provider's finish reason. Provisional: content that follows takes it back. */
  native: string | undefined;
  stopSequence: string | undefined;
  readonly #tools: ToolCallAssembler;
  readonly #splitter = new ReasoningSplitter();
  readonly #text = new SurrogateJoiner();
  readonly #thinking = new SurrogateJoiner();
  readonly #engine: Teller;
  readonly #sources = new FoundSources();
  readonly #images = new DrawnImages();
  /** The logprobs of text that is held back. */
  #logprobs: JsonObject[] = [];
  #hasText = false;

  constructor(index: number, engine: Teller, ids: CallIds) {
    this.index = index;
    this.#engine = engine;
    this.#tools = new ToolCallAssembler(ids, index);
  }

  get any(): boolean {
    return this.#hasText || this.#tools.any;
  }

  /** Notes a finish reason, with the client's stop sequence if that ended the answer. */
  finish(native: string, stopSequence: string | undefined): void {
    this.native = latestReason(this.native, native, finishReasonOf);
    if (stopSequence) this.stopSequence = stopSequence;
  }

  finishReason(native: string): FinishReason {
    // Ollama and Gemini's compatible endpoint finish a tool call with "stop".
    return consistentReason(finishReasonOf(native), this.#tools.any);
  }

  read(raw: Record<string, unknown>, out: ChatEvent[]): void {
    const delta = raw["delta"] ?? raw["message"];
    if (!isJsonObject(delta)) return;
    this.#readReasoning(delta, out);
    const { content } = delta;
    if (typeof content === "string") this.pushText(content, raw["logprobs"], out);
    else if (Array.isArray(content)) for (const part of content) this.#readPart(part, out);
    const refusal = delta["refusal"];
    if (typeof refusal === "string" && refusal !== "") {
      this.#hasText = true;
      this.native = undefined;
      out.push(withChoice({ type: "refusal", text: refusal }, this.index));
    }
    this.#readAnnotations(delta, out);
    this.#readImages(delta, out);
    const isWhole = !isJsonObject(raw["delta"]);
    for (const fragment of arrayField(delta, "tool_calls")) this.#readCall(fragment, isWhole, out);
    const legacy = delta["function_call"];
    if (isJsonObject(legacy)) this.#readCall({ index: 0, function: legacy }, isWhole, out);
  }

  #readCall(fragment: unknown, isWhole: boolean, out: ChatEvent[]): void {
    const before = out.length;
    if (isWhole) this.#tools.pushWhole(fragment, out);
    else this.#tools.push(fragment, out);
    addSignature(fragment, this.#engine.issuer, out, before);
    assertToolCalls(this.#tools.size);
    if (out.length > before) this.native = undefined;
  }

  pushText(text: string, logprobs: unknown, out: ChatEvent[]): void {
    if (text !== "") this.native = undefined;
    if (isJsonObject(logprobs) && isWritable(logprobs)) this.#logprobs.push(logprobs as JsonObject);
    if (this.#splitter.passing) {
      this.#emitText(this.#text.push(text), out);
      return;
    }
    const { visible, thinking } = this.#splitter.push(text);
    this.#emitThinking(thinking, out);
    this.#emitText(this.#text.push(visible), out);
    // The logprobs of reasoning and of tags are dropped with them.
    if (text !== "" && !this.#splitter.holdsText && !this.#text.holds) this.#logprobs = [];
  }

  end(out: ChatEvent[]): void {
    const rest = this.#splitter.flush();
    this.#emitThinking(rest.thinking, out);
    this.#emitThinkingRaw(this.#thinking.flush(), out);
    this.#emitText(this.#text.push(rest.visible) + this.#text.flush(), out);
    this.#tools.end(out);
  }

  #readReasoning(delta: Record<string, unknown>, out: ChatEvent[]): void {
    const reasoning = reasoningIn(delta, this.#engine);
    if (reasoning !== undefined) this.#separate(reasoning, out);
    // Only signatures and encrypted reasoning are kept: the rest can be rebuilt from the text.
    for (const detail of arrayField(delta, "reasoning_details")) {
      if (!isJsonObject(detail)) continue;
      if (!stringField(detail, "signature") && !stringField(detail, "data")) continue;
      if (!isWritable(detail)) continue;
      const value = detail as Record<string, JsonValue>;
      const signature = { issuer: this.#engine.issuer, value };
      out.push(withChoice({ type: "reasoning", text: "", signature }, this.index));
    }
  }

  /** Sources found by the provider's own web search (OpenAI, OpenRouter). */
  #readAnnotations(delta: Record<string, unknown>, out: ChatEvent[]): void {
    const fresh = this.#sources.take(
      arrayField(delta, "annotations").map((annotation) => {
        const citation = field(annotation, "url_citation");
        return { uri: stringField(citation, "url"), title: stringField(citation, "title") };
      }),
    );
    if (fresh.length > 0) out.push({ type: "sources", sources: fresh });
  }

  /** OpenRouter's images, beside the text. */
  #readImages(delta: Record<string, unknown>, out: ChatEvent[]): void {
    for (const image of arrayField(delta, "images")) {
      const url = this.#images.take(stringField(field(image, "image_url"), "url"));
      if (url === undefined) continue;
      this.#hasText = true;
      this.native = undefined;
      out.push(withChoice({ type: "image", url }, this.index));
    }
  }

  /** Reasoning that the provider separates itself: from here on, tags in the text are plain text. */
  #separate(reasoning: string, out: ChatEvent[]): void {
    if (reasoning !== "") this.native = undefined;
    const held = this.#splitter.disable();
    this.#emitThinking(held.thinking + reasoning, out);
    this.#emitText(this.#text.push(held.visible), out);
  }

  /** Mistral's content parts; its thinking is a list of text parts. */
  #readPart(part: unknown, out: ChatEvent[]): void {
    if (typeof part === "string") return this.pushText(part, undefined, out);
    const text = stringField(part, "text");
    if (field(part, "type") !== "thinking") {
      if (text !== undefined) this.pushText(text, undefined, out);
      return;
    }
    const thinking = field(part, "thinking");
    if (typeof thinking === "string") this.#separate(thinking, out);
    else
      for (const item of arrayField(part, "thinking")) this.#separate(stringField(item, "text") ?? "", out);
  }

  #emitText(text: string, out: ChatEvent[]): void {
    if (text === "") return;
    this.#hasText = true;
    const event: ChatEvent & { type: "text" } = { type: "text", text };
    if (this.#logprobs.length > 0) {
      event.logprobs = joinLogprobs(this.#logprobs);
      this.#logprobs = [];
    }
    out.push(withChoice(event, this.index));
  }

  #emitThinking(text: string, out: ChatEvent[]): void {
    this.#emitThinkingRaw(this.#thinking.push(text), out);
  }

  #emitThinkingRaw(text: string, out: ChatEvent[]): void {
    if (text !== "") out.push(withChoice({ type: "reasoning", text }, this.index));
  }
}

/** Merges the logprobs of several deltas whose texts were joined. */
function joinLogprobs(parts: readonly JsonObject[]): JsonObject {
  const [first = {}] = parts;
  if (parts.length === 1) return first;
  const content = parts.flatMap((part) => arrayField(part, "content") as JsonValue[]);
  return Object.assign({}, ...parts, { content }) as JsonObject;
}

export function withChoice<Event extends ChatEvent & { choice?: number }>(
  event: Event,
  choice: number,
): Event {
  if (choice !== 0) event.choice = choice;
  return event;
}
