import type { ChatEvent, FinishReason } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { EngineFailure } from "#lib/providers/failures/failure.ts";
import { classifyErrorObject } from "#lib/providers/failures/provider-error.ts";
import { OutputItems } from "#lib/providers/protocols/openai-responses/output-items.ts";
import { readResponsesUsage } from "#lib/providers/protocols/openai-responses/usage.ts";
import type { DecodeContext, Decoder } from "#lib/providers/protocols/protocol.ts";
import { arrayField, field, isJsonObject, parseJson, stringField } from "#lib/shared/json.ts";

const INCOMPLETE: ReadonlyMap<string, FinishReason> = new Map([
  ["max_output_tokens", "length"],
  ["max_tokens", "length"],
  ["max_tool_calls", "length"],
  ["content_filter", "content_filter"],
]);

/** Error codes of a failed response that blame the request; the API sends them without a type. */
const BLAMES_REQUEST =
  /^(?:invalid|unsupported|empty|image|failed_to_download|context|string_above|bio_|cyber_)/;

/** Reads answers of the Responses API, streamed or whole. */
export class ResponsesDecoder implements Decoder {
  readonly #context: DecodeContext;
  readonly #items: OutputItems;
  #usage: TokenUsage | undefined;
  #finish: { reason: FinishReason | undefined; native: string } | undefined;
  #ended = false;
  #malformed = 0;
  /** The stream numbers its items, so the last event can be compared with what came before. */
  #isNumbered = false;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#items = new OutputItems(context);
  }

  get finished(): boolean {
    return this.#finish !== undefined;
  }

  get done(): boolean {
    return this.#ended || this.#finish !== undefined;
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
    if (this.done) return;
    if (data === "[DONE]") {
      this.#ended = true;
      return;
    }
    const message = parseJson(data);
    if (!isJsonObject(message)) {
      this.#malformed++;
      return;
    }
    const type = stringField(message, "type") ?? event;
    if (type === "error" || event === "error") throw this.#failure(message);
    if (message["object"] === "response" || Array.isArray(message["output"])) {
      this.#readEnd(message, out);
    } else if (type === undefined || isJsonObject(message["error"])) {
      if (field(message, "error") != null || field(message, "detail") != null) throw this.#failure(message);
    } else this.#readEvent(type, message, out);
  }

  end(out: ChatEvent[]): void {
    this.#items.end(out);
    if (this.#finish === undefined) return;
    const { reason, native } = this.#finish;
    out.push({ type: "finish", reason: reason ?? (this.#items.hasCalls ? "tool_calls" : "stop"), native });
  }

  #readEvent(type: string, event: Record<string, unknown>, out: ChatEvent[]): void {
    const key = this.#keyOf(event);
    const delta = stringField(event, "delta") ?? "";
    switch (type) {
      case "response.output_item.added":
        if (isJsonObject(event["item"])) this.#items.begin(key, event["item"], out);
        return;
      case "response.output_text.delta":
        return this.#items.text(key, indexOf(event, "content_index"), delta, event["logprobs"], out);
      case "response.output_text.done":
        return this.#items.wholeText(
          key,
          indexOf(event, "content_index"),
          stringField(event, "text") ?? "",
          out,
        );
      case "response.output_text.annotation.added":
        return this.#items.sources.read(event["annotation"], out);
      case "response.refusal.delta":
        return this.#items.refusal(key, indexOf(event, "content_index"), delta, out);
      case "response.reasoning_summary_text.delta":
        return this.#items.reasoning(key, indexOf(event, "summary_index"), delta, out);
      case "response.reasoning_text.delta":
      case "response.reasoning.delta":
        // Beside summaries, of which there are few.
        return this.#items.reasoning(key, 1_000 + indexOf(event, "content_index"), delta, out);
      case "response.function_call_arguments.delta":
        return this.#items.arguments(key, false, delta, out);
      case "response.custom_tool_call_input.delta":
        return this.#items.arguments(key, true, delta, out);
      case "response.output_item.done":
        if (isJsonObject(event["item"])) this.#items.complete(key, event["item"], out);
        return;
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
      case "response.cancelled":
      case "response.done":
        if (isJsonObject(event["response"])) this.#readEnd(event["response"], out, type.slice(9));
        return;
      default:
        // Events that repeat what others say, of tools that run at the provider, or that the API may add.
        return;
    }
  }

  #keyOf(event: Record<string, unknown>): unknown {
    const index = event["output_index"];
    if (typeof index !== "number") return stringField(event, "item_id") ?? field(event["item"], "id");
    this.#isNumbered = true;
    return index;
  }

  /** A whole response: the body, or in the last event. `told` is the status by the event's name. */
  #readEnd(response: Record<string, unknown>, out: ChatEvent[], told?: string): void {
    const usage = readResponsesUsage(response, this.#context.trustsCost === true);
    if (usage !== undefined) this.#usage = usage;
    const status = stringField(response, "status") ?? told ?? "completed";
    if (isJsonObject(response["error"]) || status === "failed" || status === "cancelled") {
      throw this.#failure(response);
    }
    if (this.#isNumbered || this.#items.isEmpty) {
      arrayField(response, "output").forEach((item, index) => {
        if (isJsonObject(item)) this.#items.complete(index, item, out);
      });
    }
    if (status === "incomplete" || told === "incomplete") {
      const native = stringField(response["incomplete_details"], "reason") ?? "incomplete";
      // Whatever the reason, the answer is not whole.
      this.#finish = { reason: INCOMPLETE.get(native) ?? "length", native };
    } else if (status === "completed") this.#finish = { reason: undefined, native: "completed" };
  }

  #failure(message: Record<string, unknown>): EngineFailure {
    const error = isJsonObject(message["error"]) ? message["error"] : message;
    const code = stringField(error, "code");
    const type = stringField(error, "type");
    const isTyped = type !== undefined && type !== "error";
    const text = stringField(error, "message") ?? "The provider reported that the response failed.";
    const isRequests = !isTyped && code !== undefined && BLAMES_REQUEST.test(code);
    return new EngineFailure(
      classifyErrorObject(
        {
          ...message,
          error: {
            ...error,
            message: text,
            ...(isTyped ? {} : { type: isRequests ? "invalid_request_error" : undefined }),
          },
        },
        this.#context,
      ),
    );
  }
}

function indexOf(event: Record<string, unknown>, name: string): number {
  const index = event[name];
  return typeof index === "number" ? index : 0;
}
