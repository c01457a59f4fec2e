import type { ChatEvent } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { EngineFailure } from "#lib/providers/failures/failure.ts";
import { classifyErrorObject } from "#lib/providers/failures/provider-error.ts";
import { CallIds } from "#lib/providers/protocols/call-ids.ts";
import { assertChoices } from "#lib/providers/protocols/counts.ts";
import { Choice, withChoice } from "#lib/providers/protocols/openai-compatible/choice.ts";
import { isErrorChunk } from "#lib/providers/protocols/openai-compatible/error-chunk.ts";
import { isBreakdown } from "#lib/providers/protocols/openai-compatible/finish-reasons.ts";
import { RepeatedChunk } from "#lib/providers/protocols/openai-compatible/repeated-chunk.ts";
import { readOpenAiUsage } from "#lib/providers/protocols/openai-compatible/usage.ts";
import type { DecodeContext, Decoder } from "#lib/providers/protocols/protocol.ts";
import { arrayField, isJsonObject, parseJson, stringField } from "#lib/shared/json.ts";

/** Reads OpenAI-compatible answers, streamed or whole, with the deviations of all vendors. */
export class OpenAiDecoder implements Decoder {
  readonly #context: DecodeContext;
  readonly #choices = new Map<number, Choice>();
  readonly #ids: CallIds;
  readonly #repeated = new RepeatedChunk();
  #usage: TokenUsage | undefined;
  #done = false;
  #malformed = 0;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#ids = new CallIds(context);
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
    if (event === "error" || isErrorChunk(chunk))
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
   * A fast path for the common chunk: one choice with some text and nothing else. False for any other
   * chunk.
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
      const { issuer, model = "" } = this.#context;
      choice = new Choice(index, { issuer, model }, this.#ids);
      this.#choices.set(index, choice);
    }
    return choice;
  }

  #readUsage(chunk: unknown): void {
    const usage = readOpenAiUsage(chunk, this.#context.trustsCost === true);
    // A later null or an implausible number does not replace exact counts.
    if (usage === undefined || (usage.source === "estimated" && this.#usage?.source === "exact")) return;
    this.#usage = usage;
  }

  #readChoice(raw: Record<string, unknown>, out: ChatEvent[]): void {
    const choice = this.#choice(raw);
    choice.read(raw, out);
    const native = raw["finish_reason"];
    if (typeof native !== "string" || native === "") return;
    if (isBreakdown(native)) throw brokeDown(native);
    // vLLM and SGLang name the client's stop sequence that matched; a number is a token id.
    const matched = stringField(raw, "stop_reason") ?? stringField(raw, "matched_stop");
    choice.finish(native, native === "stop" ? matched : undefined);
  }
}

function brokeDown(native: string): EngineFailure {
  const which = native === "error" ? "" : ` (${native})`;
  return new EngineFailure({ kind: "server_error", reason: `The provider stopped with an error${which}.` });
}

/** Whether the chunk has nothing but text: no finish reason, usage, error, reasoning or tool call. */
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
    delta["images"] ??
    delta["tool_calls"] ??
    delta["function_call"] ??
    null;
  return other === null;
}
