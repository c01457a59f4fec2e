import type { ChatEvent, FinishReason, Source } from "#lib/chat/events.ts";
import { readUsage, type TokenUsage, tokenCount } from "#lib/chat/usage.ts";
import { EngineFailure } from "#lib/providers/failures/failure.ts";
import { classifyErrorObject } from "#lib/providers/failures/provider-error.ts";
import { assertChoices, assertToolCalls } from "#lib/providers/protocols/counts.ts";
import { isWritable } from "#lib/providers/protocols/depth.ts";
import { ToolCallAssembler } from "#lib/providers/protocols/openai-compatible/tool-call-assembler.ts";
import type { DecodeContext, Decoder } from "#lib/providers/protocols/protocol.ts";
import { ReasoningSplitter } from "#lib/sanitize/reasoning.ts";
import {
  arrayField,
  field,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  stringField,
} from "#lib/shared/json.ts";
import { SurrogateJoiner } from "#lib/shared/text.ts";

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["stop", "stop"],
  ["stop_sequence", "stop"],
  ["end_turn", "stop"],
  ["eos", "stop"],
  ["complete", "stop"],
  ["length", "length"],
  ["max_tokens", "length"],
  ["model_length", "length"],
  ["tool_calls", "tool_calls"],
  ["tool_use", "tool_calls"],
  ["function_call", "tool_calls"],
  ["content_filter", "content_filter"],
  ["safety", "content_filter"],
  ["refusal", "content_filter"],
]);

/** Reads OpenAI-compatible answers, chunks and whole bodies alike, in every vendor's accent. */
export class OpenAiDecoder implements Decoder {
  readonly #context: DecodeContext;
  readonly #choices = new Map<number, Choice>();
  readonly #repeated = new RepeatedChunk();
  #usage: TokenUsage | undefined;
  #done = false;
  #malformed = 0;

  constructor(context: DecodeContext) {
    this.#context = context;
  }

  get finished(): boolean {
    if (this.#choices.size === 0) return false;
    for (const choice of this.#choices.values()) if (choice.native === undefined) return false;
    return true;
  }

  get done(): boolean {
    return this.#done;
  }

  get usage(): TokenUsage | undefined {
    return this.#usage;
  }

  get refusalReason(): undefined {
    return undefined;
  }

  get malformed(): number {
    return this.#malformed;
  }

  push(data: string, event: string | undefined, out: ChatEvent[]): void {
    if (event !== "error" && this.#repeated.read(data, out)) return;
    if (data === "[DONE]") {
      this.#done = true;
      return;
    }
    const chunk = parseJson(data);
    if (!isJsonObject(chunk) && !Array.isArray(chunk)) {
      this.#malformed++;
      return;
    }
    if (event !== "error" && isJsonObject(chunk) && this.#readPlain(chunk, data, out)) return;
    this.#readUsage(chunk);
    if (event === "error" || isError(chunk))
      throw new EngineFailure(classifyErrorObject(chunk, this.#context));
    for (const choice of arrayField(chunk, "choices"))
      if (isJsonObject(choice)) this.#readChoice(choice, out);
  }

  end(out: ChatEvent[]): void {
    for (const choice of this.#choices.values()) choice.end(out);
    for (const choice of this.#choices.values()) {
      const native = choice.native ?? (this.#done && choice.any ? "stop" : undefined);
      if (native === undefined) continue;
      const finish: ChatEvent & { type: "finish" } = {
        type: "finish",
        reason: choice.finishReason(native),
        native,
      };
      if (choice.stopSequence !== undefined) finish.stopSequence = choice.stopSequence;
      out.push(withChoice(finish, choice.index));
    }
  }

  /**
   * The common chunk, one choice with some text and nothing else, without a look for what it has not.
   * False when it is no such chunk.
   */
  #readPlain(chunk: Record<string, unknown>, data: string, out: ChatEvent[]): boolean {
    const { choices } = chunk;
    if (!Array.isArray(choices) || choices.length !== 1) return false;
    const raw: unknown = choices[0];
    if (!isJsonObject(raw)) return false;
    const { delta, logprobs } = raw;
    if (!isJsonObject(delta)) return false;
    const { content } = delta;
    if (typeof content !== "string" || !isPlain(chunk, raw, delta)) return false;
    const choice = this.#choice(raw);
    choice.pushText(content, logprobs, out);
    if (!isJsonObject(logprobs)) this.#repeated.learn(data, content, choice);
    return true;
  }

  #choice(raw: Record<string, unknown>): Choice {
    const index = typeof raw["index"] === "number" ? raw["index"] : 0;
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      assertChoices(this.#choices.size + 1);
      choice = new Choice(index, this.#context);
      this.#choices.set(index, choice);
    }
    return choice;
  }

  #readUsage(chunk: unknown): void {
    const [choice] = arrayField(chunk, "choices");
    // Groq repeats it under x_groq; Moonshot and its kin put it inside the choice.
    const raw = field(chunk, "usage") ?? field(field(chunk, "x_groq"), "usage") ?? field(choice, "usage");
    if (!isJsonObject(raw)) return;
    const promptDetails = field(raw, "prompt_tokens_details") ?? field(raw, "prompt_token_details");
    const reasoning = field(raw["completion_tokens_details"], "reasoning_tokens");
    const usage = readUsage({
      prompt: raw["prompt_tokens"],
      completion: completionTokens(raw, reasoning),
      cached:
        field(promptDetails, "cached_tokens") ?? raw["num_cached_tokens"] ?? raw["prompt_cache_hit_tokens"],
      cacheWrite: field(promptDetails, "cache_write_tokens"),
      reasoning,
      costUsd: this.#context.trustsCost === true ? raw["cost"] : undefined,
    });
    // A later null or nonsense does not undo what was reported exactly.
    if (usage === undefined || (usage.source === "estimated" && this.#usage?.source === "exact")) return;
    this.#usage = usage;
  }

  #readChoice(raw: Record<string, unknown>, out: ChatEvent[]): void {
    const choice = this.#choice(raw);
    choice.read(raw, out);
    const native = raw["finish_reason"];
    if (typeof native !== "string" || native === "") return;
    if (native === "error")
      throw new EngineFailure(
        classifyErrorObject({ error: "The provider stopped with an error." }, this.#context),
      );
    choice.native = native;
    // vLLM and SGLang say which of the client's stop sequences it was; a number is a token of the model's.
    const stopSequence = stringField(raw, "stop_reason") ?? stringField(raw, "matched_stop");
    if (native === "stop" && stopSequence) choice.stopSequence = stopSequence;
  }
}

/** One alternative of an answer; all but a few requests have one. */
class Choice {
  readonly index: number;
  native: string | undefined;
  stopSequence: string | undefined;
  readonly #tools: ToolCallAssembler;
  readonly #splitter = new ReasoningSplitter();
  readonly #text = new SurrogateJoiner();
  readonly #thinking = new SurrogateJoiner();
  readonly #issuer: string;
  readonly #sources = new Set<string>();
  /** Of text that is held back, until it comes out. */
  #logprobs: JsonObject[] = [];
  #hasText = false;

  constructor(index: number, context: DecodeContext) {
    this.index = index;
    this.#issuer = context.issuer;
    this.#tools = new ToolCallAssembler(context.newId, index);
  }

  get any(): boolean {
    return this.#hasText || this.#tools.any;
  }

  finishReason(native: string): FinishReason {
    const reason = FINISH_REASONS.get(native.toLowerCase()) ?? "other";
    // Ollama and Gemini's compatible endpoint finish a tool call with "stop".
    return reason === "stop" && this.#tools.any ? "tool_calls" : reason;
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
      out.push(withChoice({ type: "refusal", text: refusal }, this.index));
    }
    this.#readAnnotations(delta, out);
    for (const fragment of arrayField(delta, "tool_calls")) {
      this.#tools.push(fragment, out);
      assertToolCalls(this.#tools.size);
    }
    if (isJsonObject(delta["function_call"]))
      this.#tools.push({ index: 0, function: delta["function_call"] }, out);
  }

  pushText(text: string, logprobs: unknown, out: ChatEvent[]): void {
    if (isJsonObject(logprobs) && isWritable(logprobs)) this.#logprobs.push(logprobs as JsonObject);
    if (this.#splitter.passing) {
      this.#emitText(this.#text.push(text), out);
      return;
    }
    const { visible, thinking } = this.#splitter.push(text);
    this.#emitThinking(thinking, out);
    this.#emitText(this.#text.push(visible), out);
    // What became of the text says whose they were: reasoning and tags take theirs with them.
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
    const reasoning = stringField(delta, "reasoning") || stringField(delta, "reasoning_content");
    if (reasoning) this.#separate(reasoning, out);
    // Only what cannot be rebuilt from the text is worth carrying: signatures and encrypted reasoning.
    for (const detail of arrayField(delta, "reasoning_details")) {
      if (!isJsonObject(detail)) continue;
      if (!stringField(detail, "signature") && !stringField(detail, "data")) continue;
      if (!isWritable(detail)) continue;
      const value = detail as Record<string, JsonValue>;
      out.push(
        withChoice({ type: "reasoning", text: "", signature: { issuer: this.#issuer, value } }, this.index),
      );
    }
  }

  /** Where a search of the provider's own found what the answer says (OpenAI, OpenRouter). */
  #readAnnotations(delta: Record<string, unknown>, out: ChatEvent[]): void {
    const fresh: Source[] = [];
    for (const annotation of arrayField(delta, "annotations")) {
      const citation = field(annotation, "url_citation");
      const uri = stringField(citation, "url");
      if (uri === undefined || this.#sources.has(uri)) continue;
      this.#sources.add(uri);
      const title = stringField(citation, "title");
      fresh.push(title === undefined ? { uri } : { title, uri });
    }
    if (fresh.length > 0) out.push({ type: "sources", sources: fresh });
  }

  /** Reasoning that the provider separates by itself: tags in the text are then text. */
  #separate(reasoning: string, out: ChatEvent[]): void {
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

const CONTENT_KEY = '"content":';
const JSON_STRING = /"(?:[^"\\]|\\.)*"/y;
/** After so many chunks in a row that had nothing in common with the one before, no more are compared. */
const MAX_MISSES = 4;
/** A longer chunk is none of hundreds. */
const MAX_LEARNT = 4_096;

/**
 * What an engine writes around each piece of text. The chunks of a stream mostly differ in one string
 * alone: where a chunk begins and ends like one that was parsed, only that string is parsed.
 */
class RepeatedChunk {
  #before = "";
  #after = "";
  #choice: Choice | undefined;
  #misses = 0;

  /** Passes the text on when `data` is the known chunk with another text; false when it is not. */
  read(data: string, out: ChatEvent[]): boolean {
    const choice = this.#choice;
    const before = this.#before;
    const end = data.length - this.#after.length;
    if (choice === undefined || end < before.length + 2) return false;
    // Slices are compared faster than `startsWith` compares.
    if (data.slice(0, before.length) !== before || data.slice(end) !== this.#after) return false;
    // One string literal and no more, or the chunk has another shape.
    const text = parseJson(data.slice(before.length, end));
    if (typeof text !== "string") return false;
    this.#misses = 0;
    choice.pushText(text, undefined, out);
    return true;
  }

  /** `data` is a chunk with `text` and nothing else of interest. */
  learn(data: string, text: string, choice: Choice): void {
    if (this.#misses >= MAX_MISSES || data.length > MAX_LEARNT) return;
    this.#misses++;
    const key = data.indexOf(CONTENT_KEY);
    if (key === -1) return;
    JSON_STRING.lastIndex = key + CONTENT_KEY.length;
    while (data[JSON_STRING.lastIndex] === " ") JSON_STRING.lastIndex++;
    const from = JSON_STRING.lastIndex;
    const literal = JSON_STRING.exec(data)?.[0];
    if (literal === undefined || parseJson(literal) !== text) return;
    const before = data.slice(0, from);
    const after = data.slice(from + literal.length);
    // Only where no other key could be the one that counts.
    if (before.includes("\\") || after.includes("\\")) return;
    if (before.slice(0, key).includes('content"') || after.includes('content"')) return;
    this.#before = before;
    this.#after = after;
    this.#choice = choice;
  }
}

/** Nothing but text: no finish, no usage, no error, no reasoning, no call. */
function isPlain(
  chunk: Record<string, unknown>,
  choice: Record<string, unknown>,
  delta: Record<string, unknown>,
): boolean {
  const other =
    choice["finish_reason"] ??
    choice["usage"] ??
    chunk["usage"] ??
    chunk["x_groq"] ??
    chunk["error"] ??
    delta["reasoning"] ??
    delta["reasoning_content"] ??
    delta["reasoning_details"] ??
    delta["refusal"] ??
    delta["annotations"] ??
    delta["tool_calls"] ??
    delta["function_call"] ??
    null;
  return other === null;
}

/** Logprobs of several deltas as those of the one text that came of them. */
function joinLogprobs(parts: readonly JsonObject[]): JsonObject {
  const [first = {}] = parts;
  if (parts.length === 1) return first;
  const content = parts.flatMap((part) => arrayField(part, "content") as JsonValue[]);
  return Object.assign({}, ...parts, { content }) as JsonObject;
}

/** xAI leaves reasoning out of the completion; the total gives it away. */
function completionTokens(raw: Record<string, unknown>, reasoning: unknown): unknown {
  const prompt = tokenCount(raw["prompt_tokens"]);
  const completion = tokenCount(raw["completion_tokens"]);
  const extra = tokenCount(reasoning);
  if (prompt === undefined || completion === undefined || extra === undefined || extra === 0) {
    return raw["completion_tokens"];
  }
  return raw["total_tokens"] === prompt + completion + extra ? completion + extra : completion;
}

function withChoice<Event extends ChatEvent & { choice?: number }>(event: Event, choice: number): Event {
  if (choice !== 0) event.choice = choice;
  return event;
}

/** An error object inside a 200, in any of the places where providers put one. */
function isError(chunk: unknown): boolean {
  if (Array.isArray(chunk)) return chunk.some((item) => !Array.isArray(item) && isError(item));
  if (!isJsonObject(chunk)) return false;
  const { error } = chunk;
  if (isJsonObject(error) || (typeof error === "string" && error !== "")) return true;
  const groq = field(chunk["x_groq"], "error");
  if (typeof groq === "string" && groq !== "") {
    chunk["error"] = groq;
    return true;
  }
  if (Array.isArray(chunk["choices"])) return false;
  return chunk["object"] === "error" || chunk["type"] === "error" || typeof chunk["status_code"] === "number";
}
