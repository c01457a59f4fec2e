import type { ChatEvent, FinishReason, Source } from "#lib/chat/events.ts";
import { readUsage, type TokenUsage, tokenCount } from "#lib/chat/usage.ts";
import { EngineFailure } from "#lib/providers/failure.ts";
import { ToolCallAssembler } from "#lib/providers/protocols/openai-compatible/tool-call-assembler.ts";
import type { DecodeContext, Decoder } from "#lib/providers/protocols/protocol.ts";
import { classifyErrorObject } from "#lib/providers/provider-error.ts";
import { ReasoningSplitter } from "#lib/sanitize/reasoning.ts";
import { arrayField, field, isJsonObject, type JsonValue, parseJson, stringField } from "#lib/shared/json.ts";
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
    if (data === "[DONE]") {
      this.#done = true;
      return;
    }
    const chunk = parseJson(data);
    if (!isJsonObject(chunk) && !Array.isArray(chunk)) {
      this.#malformed++;
      return;
    }
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
      out.push(withChoice({ type: "finish", reason: choice.finishReason(native), native }, choice.index));
    }
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
      costUsd: raw["cost"],
    });
    // A later null or nonsense does not undo what was reported exactly.
    if (usage === undefined || (usage.source === "estimated" && this.#usage?.source === "exact")) return;
    this.#usage = usage;
  }

  #readChoice(raw: Record<string, unknown>, out: ChatEvent[]): void {
    const index = typeof raw["index"] === "number" ? raw["index"] : 0;
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      choice = new Choice(index, this.#context);
      this.#choices.set(index, choice);
    }
    choice.read(raw, out);
    const native = raw["finish_reason"];
    if (typeof native !== "string" || native === "") return;
    if (native === "error")
      throw new EngineFailure(
        classifyErrorObject({ error: "The provider stopped with an error." }, this.#context),
      );
    choice.native = native;
  }
}

/** One alternative of an answer; all but a few requests have one. */
class Choice {
  readonly index: number;
  native: string | undefined;
  readonly #tools: ToolCallAssembler;
  readonly #splitter = new ReasoningSplitter();
  readonly #text = new SurrogateJoiner();
  readonly #thinking = new SurrogateJoiner();
  readonly #issuer: string;
  readonly #sources = new Set<string>();
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
    if (typeof content === "string") this.#pushText(content, raw["logprobs"], out);
    else if (Array.isArray(content)) for (const part of content) this.#readPart(part, out);
    const refusal = delta["refusal"];
    if (typeof refusal === "string" && refusal !== "") {
      this.#hasText = true;
      out.push(withChoice({ type: "refusal", text: refusal }, this.index));
    }
    this.#readAnnotations(delta, out);
    for (const fragment of arrayField(delta, "tool_calls")) this.#tools.push(fragment, out);
    if (isJsonObject(delta["function_call"]))
      this.#tools.push({ index: 0, function: delta["function_call"] }, out);
  }

  end(out: ChatEvent[]): void {
    const rest = this.#splitter.flush();
    this.#emitThinking(rest.thinking, out);
    this.#emitThinkingRaw(this.#thinking.flush(), out);
    this.#emitText(this.#text.push(rest.visible) + this.#text.flush(), undefined, out);
    this.#tools.end(out);
  }

  #readReasoning(delta: Record<string, unknown>, out: ChatEvent[]): void {
    const reasoning = stringField(delta, "reasoning") || stringField(delta, "reasoning_content");
    if (reasoning) this.#separate(reasoning, out);
    // Only what cannot be rebuilt from the text is worth carrying: signatures and encrypted reasoning.
    for (const detail of arrayField(delta, "reasoning_details")) {
      if (!isJsonObject(detail)) continue;
      if (!stringField(detail, "signature") && !stringField(detail, "data")) continue;
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
    this.#emitText(this.#text.push(held.visible), undefined, out);
  }

  /** Mistral's content parts; its thinking is a list of text parts. */
  #readPart(part: unknown, out: ChatEvent[]): void {
    if (typeof part === "string") return this.#pushText(part, undefined, out);
    const text = stringField(part, "text");
    if (field(part, "type") !== "thinking") {
      if (text !== undefined) this.#pushText(text, undefined, out);
      return;
    }
    const thinking = field(part, "thinking");
    if (typeof thinking === "string") this.#separate(thinking, out);
    else
      for (const item of arrayField(part, "thinking")) this.#separate(stringField(item, "text") ?? "", out);
  }

  #pushText(text: string, logprobs: unknown, out: ChatEvent[]): void {
    const { visible, thinking } = this.#splitter.push(text);
    this.#emitThinking(thinking, out);
    this.#emitText(this.#text.push(visible), logprobs, out);
  }

  #emitText(text: string, logprobs: unknown, out: ChatEvent[]): void {
    if (text === "") return;
    this.#hasText = true;
    const event: ChatEvent & { type: "text" } = { type: "text", text };
    if (isJsonObject(logprobs)) event.logprobs = logprobs as Record<string, JsonValue>;
    out.push(withChoice(event, this.index));
  }

  #emitThinking(text: string, out: ChatEvent[]): void {
    this.#emitThinkingRaw(this.#thinking.push(text), out);
  }

  #emitThinkingRaw(text: string, out: ChatEvent[]): void {
    if (text !== "") out.push(withChoice({ type: "reasoning", text }, this.index));
  }
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
