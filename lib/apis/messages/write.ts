import { anthropicErrorBody } from "#lib/apis/anthropic-error.ts";
import type { AnswerMeta, AnswerWriter } from "#lib/apis/completion-api.ts";
import { citation, ownCitations } from "#lib/apis/messages/citations.ts";
import { ContentBlocks } from "#lib/apis/messages/content-blocks.ts";
import { frame } from "#lib/apis/messages/event-frames.ts";
import { thinkingBlocks } from "#lib/apis/messages/thinking.ts";
import { toolUseBlock } from "#lib/apis/messages/tool-use.ts";
import { UNKNOWN_USAGE, usageObject } from "#lib/apis/messages/usage.ts";
import { type Answer, type AnswerChoice, type AnswerToolCall, callsOf } from "#lib/chat/answer.ts";
import type { AnswerEvent, FinishReason, Source } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { GatewayError } from "#lib/shared/errors.ts";
import type { JsonObject } from "#lib/shared/json.ts";
import { parseJsonObject } from "#lib/shared/json-depth.ts";

/**
 * Writes messages: one JSON body, or events. Reports only the client's own stop sequences.
 * @param promptTokens an estimate of the prompt, for the beginning of a stream.
 */
export function createMessagesWriter(
  meta: AnswerMeta,
  stopSequences: readonly string[],
  promptTokens: () => number = () => 0,
): AnswerWriter {
  return new MessagesWriter(meta, stopSequences, promptTokens);
}

type Finish = NonNullable<AnswerChoice["finish"]>;

/**
 * The usage at the beginning of a stream, for clients that show how full the context is. Token counts are not
 * known before the end; clients use the later numbers.
 */
function usageAtStart(promptTokens: number): JsonObject {
  return {
    ...UNKNOWN_USAGE,
    input_tokens: promptTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: 0,
  };
}

class MessagesWriter implements AnswerWriter {
  readonly #meta: AnswerMeta;
  readonly #stopSequences: readonly string[];
  readonly #promptTokens: () => number;
  readonly #blocks = new ContentBlocks();
  #started = false;
  #finish: Finish | undefined;

  constructor(meta: AnswerMeta, stopSequences: readonly string[], promptTokens: () => number) {
    this.#meta = meta;
    this.#stopSequences = stopSequences;
    this.#promptTokens = promptTokens;
  }

  whole(answer: Answer, usage: TokenUsage): JsonObject {
    // This API has only one choice.
    const [choice] = answer.choices;
    const content = choice === undefined ? [] : wholeContent(choice, answer.sources);
    return {
      ...this.#envelope(content, usageObject(usage)),
      ...this.#stopFields(choice?.finish, choice !== undefined && callsOf(choice).length > 0),
    };
  }

  batch(events: readonly AnswerEvent[]): string {
    let frames = this.#start();
    for (const event of events) frames += this.#frames(event);
    return frames;
  }

  end(usage: TokenUsage): string {
    const delta = this.#stopFields(this.#finish, this.#blocks.hasCalls);
    return (
      this.#start() +
      this.#blocks.finish() +
      frame({ type: "message_delta", delta, context_management: null, usage: usageObject(usage) }) +
      frame({ type: "message_stop" })
    );
  }

  fail(error: GatewayError): string {
    const { type, error: body } = anthropicErrorBody(error, null);
    return frame({ type, error: body });
  }

  #start(): string {
    if (this.#started) return "";
    this.#started = true;
    const usage = usageAtStart(this.#promptTokens());
    const message = { ...this.#envelope([], usage), ...NOT_STOPPED };
    return frame({ type: "message_start", message });
  }

  /** Some engines report other values as the stop sequence, which are ignored. */
  #stopFields(finish: Finish | undefined, hasCalls: boolean): JsonObject {
    const said = finish?.stopSequence;
    const stopSequence = said !== undefined && this.#stopSequences.includes(said) ? said : null;
    return {
      ...NOT_STOPPED,
      stop_reason: ownReason(finish) ?? stopReason(finish?.reason, hasCalls, stopSequence !== null),
      stop_sequence: stopSequence,
      ...(finish?.nativeFields?.dialect === "anthropic" ? finish.nativeFields.fields : {}),
    };
  }

  #envelope(content: JsonObject[], usage: JsonObject): JsonObject {
    return {
      id: `msg_${this.#meta.id}`,
      type: "message",
      role: "assistant",
      model: this.#meta.model,
      content,
      // Required by the current types, beta or not; null where nothing is known.
      context_management: null,
      diagnostics: null,
      usage,
    };
  }

  #frames(event: AnswerEvent): string {
    switch (event.type) {
      case "text":
      case "refusal":
      case "reasoning":
      case "tool_call":
        return (event.choice ?? 0) === 0 ? this.#blocks.write(event) : "";
      case "sources":
        return this.#blocks.write(event);
      case "block":
        return (event.choice ?? 0) === 0 ? this.#blocks.write(event) : "";
      case "finish":
        if ((event.choice ?? 0) === 0) this.#finish = event;
        return "";
      // This API has no place for images in answers.
      case "image":
      // Requests of this API name no MCP servers that the gateway calls.
      case "tool_run":
      case "tool_list":
        return "";
    }
  }
}

/**
 * Reasons that only this API has, and on which its clients act: two send the turn back to go on, one says that
 * the context is full.
 */
const OWN_REASONS: ReadonlySet<string> = new Set([
  "pause_turn",
  "compaction",
  "model_context_window_exceeded",
]);
const NOT_STOPPED = { container: null, stop_reason: null, stop_sequence: null, stop_details: null };

function ownReason(finish: Finish | undefined): string | undefined {
  return finish !== undefined && OWN_REASONS.has(finish.native) ? finish.native : undefined;
}

function stopReason(reason: FinishReason | undefined, hasCalls: boolean, isSequence: boolean): string {
  switch (reason) {
    case "length":
      return "max_tokens";
    case "content_filter":
      return "refusal";
    case undefined:
    case "stop":
    case "tool_calls":
    case "other":
      // Clients run tools only for this reason, and not every provider sends it with its calls.
      if (hasCalls) return "tool_use";
      return isSequence ? "stop_sequence" : "end_turn";
  }
}

function wholeContent({ parts }: AnswerChoice, sources: readonly Source[]): JsonObject[] {
  const content: JsonObject[] = [];
  const cited = new Set<JsonObject>();
  // Citations of the engine's own say more than its sources.
  let uncited = parts.some((part) => part.type === "text" && part.citations !== undefined) ? [] : sources;
  for (const part of parts) {
    switch (part.type) {
      case "reasoning":
        content.push(...thinkingBlocks(part.text, part.token));
        break;
      case "tool_call":
        content.push(toolUse(part.call));
        break;
      case "opaque":
        if (part.dialect === "anthropic") content.push(part.value);
        break;
      case "text":
      case "refusal": {
        const last = content.at(-1);
        // A refusal is text in this API and continues the previous text.
        if (last?.["type"] === "text" && !cited.has(last)) {
          last["text"] = `${String(last["text"])}${part.text}`;
          break;
        }
        const own = part.type === "text" ? ownCitations(part.citations ?? []) : [];
        const citations = own.length > 0 ? own : uncited.map(citation);
        uncited = [];
        const block = { type: "text", text: part.text, citations };
        if (own.length > 0) cited.add(block);
        content.push(block);
      }
    }
  }
  return content;
}

function toolUse(call: AnswerToolCall): JsonObject {
  return toolUseBlock(call, parseJsonObject(call.arguments) ?? {});
}
