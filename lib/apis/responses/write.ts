import type { AnswerMeta, AnswerWriter } from "#lib/apis/completion-api.ts";
import { EventFrames } from "#lib/apis/responses/event-frames.ts";
import { Output, type OutputOptions } from "#lib/apis/responses/output.ts";
import { changingFields, fixedFields, type Outcome, statusOf } from "#lib/apis/responses/response-object.ts";
import type { Answer, AnswerChoice, AnswerToolCall } from "#lib/chat/answer.ts";
import type { AnswerEvent, ChatEvent, FinishReason } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { arrayField, type JsonObject } from "#lib/shared/json.ts";

export type ResponsesOptions = OutputOptions & {
  /** The fields of the request that the answer repeats. */
  echo: JsonObject;
};

/** Writes responses: one JSON body, or events. */
export function createResponsesWriter(meta: AnswerMeta, options: ResponsesOptions): AnswerWriter {
  return new ResponsesWriter(meta, options);
}

/** If more than this is repeated, instructions and tools come only in the last event. Characters. */
const MAX_ECHO = 65_536;

/** The Open Responses standard requires it and OpenAI omits it; all clients accept both. */
const DONE = "data: [DONE]\n\n";

class ResponsesWriter implements AnswerWriter {
  readonly #meta: AnswerMeta;
  readonly #options: ResponsesOptions;
  readonly #frames = new EventFrames();
  readonly #output: Output;
  /** The constant part of every response, as JSON. */
  #fixed = "";
  #reason: FinishReason = "stop";

  constructor(meta: AnswerMeta, options: ResponsesOptions) {
    this.#meta = meta;
    this.#options = options;
    this.#output = new Output(meta, options, this.#frames);
  }

  whole(answer: Answer, usage: TokenUsage): JsonObject {
    const [choice] = answer.choices;
    const events = choice === undefined ? [] : eventsOf(choice, answer);
    for (const event of events) this.#output.push(event);
    this.#reason = choice?.finish?.reason ?? "stop";
    return this.#completed(usage);
  }

  gathered(outcome: TokenUsage | GatewayError): JsonObject | undefined {
    if (!(outcome instanceof GatewayError)) return this.#completed(outcome);
    if (!this.#output.hasCalledTools) return undefined;
    return this.#response({ status: "failed", error: outcome }, this.#output.brokenValues());
  }

  #completed(usage: TokenUsage): JsonObject {
    const status = statusOf(this.#reason);
    this.#output.end(status);
    return this.#response({ status, reason: this.#reason, usage }, this.#output.values(status));
  }

  #response(outcome: Outcome, output: JsonObject[]): JsonObject {
    return { ...fixedFields(this.#meta, this.#options.echo), ...changingFields(outcome, output) };
  }

  batch(events: readonly AnswerEvent[]): string {
    let frames = this.#begin();
    for (const event of events) frames += this.#frame(event);
    return frames;
  }

  end(usage: TokenUsage): string {
    const status = statusOf(this.#reason);
    const frames = this.#begin() + this.#output.end(status);
    const outcome: Outcome = { status, reason: this.#reason, usage };
    const last = this.#responseEvent(`response.${status}`, outcome, this.#output.values(status));
    return frames + last + DONE;
  }

  fail(error: GatewayError): string {
    const outcome: Outcome = { status: "failed", error };
    return this.#begin() + this.#responseEvent("response.failed", outcome, this.#output.brokenValues());
  }

  #frame(event: AnswerEvent): string {
    switch (event.type) {
      case "sources":
      case "tool_run":
      case "tool_list":
        return this.#output.push(event);
      default:
        // This API has only one choice.
        if ((event.choice ?? 0) !== 0) return "";
        if (event.type === "finish") this.#reason = event.reason;
        return this.#output.push(event);
    }
  }

  /** The two events that every stream begins with, once. */
  #begin(): string {
    if (this.#fixed !== "") return "";
    const fixed = fixedFields(this.#meta, this.#options.echo);
    this.#fixed = JSON.stringify(fixed);
    const brief =
      this.#fixed.length > MAX_ECHO
        ? JSON.stringify({ ...fixed, instructions: null, tools: [] })
        : this.#fixed;
    const outcome: Outcome = { status: "in_progress" };
    return (
      this.#responseEvent("response.created", outcome, [], brief) +
      this.#responseEvent("response.in_progress", outcome, [], brief)
    );
  }

  #responseEvent(type: string, outcome: Outcome, output: JsonObject[], fixed = this.#fixed): string {
    return this.#frames.responseEvent(type, fixed, changingFields(outcome, output));
  }
}

/** A complete answer as events, in its order; sources come first and belong to the first text. */
function eventsOf(choice: AnswerChoice, { sources }: Answer): ChatEvent[] {
  const events: ChatEvent[] = sources.length > 0 ? [{ type: "sources", sources: [...sources] }] : [];
  // The logprobs are those of the whole text and go with its first part.
  let logprobs = choice.logprobs;
  let calls = 0;
  for (const part of choice.parts) {
    switch (part.type) {
      case "text": {
        const content = logprobs.flatMap((one) => arrayField(one, "content") as JsonObject[]);
        events.push(logprobs.length > 0 ? { ...part, logprobs: { content } } : part);
        logprobs = [];
        break;
      }
      case "refusal":
        events.push(part);
        break;
      case "reasoning": {
        const { token, ...reasoning } = part;
        events.push(token === undefined ? reasoning : { ...reasoning, signature: token });
        break;
      }
      case "tool_call":
        events.push(callEvent(part.call, calls++));
        break;
      case "image":
        break;
      case "opaque":
        events.push({ ...part, type: "block" });
    }
  }
  return events;
}

function callEvent(call: AnswerToolCall, index: number): ChatEvent {
  const { id, name, arguments: args, custom, signature } = call;
  const event: ChatEvent & { type: "tool_call" } = { type: "tool_call", index, id, name, arguments: args };
  if (custom) event.custom = true;
  if (signature !== undefined) event.signature = signature;
  return event;
}
