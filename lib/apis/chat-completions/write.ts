import { extraContent } from "#lib/apis/chat-completions/extra-content.ts";
import { toReasoningDetail } from "#lib/apis/chat-completions/reasoning-details.ts";
import type { AnswerMeta, AnswerWriter } from "#lib/apis/completion-api.ts";
import { openAiErrorBody } from "#lib/apis/openai-error.ts";
import { type Answer, type AnswerChoice, callsOf, textOf } from "#lib/chat/answer.ts";
import type { AnswerEvent, ChatEvent, FinishReason, Source } from "#lib/chat/events.ts";
import type { IssuerToken } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { GatewayError } from "#lib/shared/errors.ts";
import { arrayField, type JsonObject, type JsonValue } from "#lib/shared/json.ts";

export type ChatCompletionsOptions = {
  /** The client requested a last chunk with the usage. */
  includeUsage: boolean;
  /** The client uses the older `functions`, so its answer has a `function_call`. */
  legacyFunctions: boolean;
};

const DONE = "data: [DONE]\n\n";

/** Writes chat completions: one JSON body, or chunks. */
export function createChatCompletionsWriter(meta: AnswerMeta, options: ChatCompletionsOptions): AnswerWriter {
  return new ChatCompletionsWriter(meta, options);
}

class ChatCompletionsWriter implements AnswerWriter {
  readonly #meta: AnswerMeta;
  readonly #options: ChatCompletionsOptions;
  /** The beginning of every chunk, up to its choices; empty until the first chunk. */
  #head = "";
  /** The end of every chunk, after its choices. */
  readonly #tail: string;
  /** The common chunk, before and after the JSON string of its text. */
  #beforeText = "";
  readonly #afterText: string;
  /** Choices whose first chunk, with the role, has been written. */
  readonly #begun = new Set<number>();
  /** Choices that are complete, which an error does not affect. */
  readonly #finished = new Set<number>();

  constructor(meta: AnswerMeta, options: ChatCompletionsOptions) {
    this.#meta = meta;
    this.#options = options;
    // Only the last chunk has usage; OpenAI sends null in the others.
    this.#tail = options.includeUsage ? `],"usage":null}\n\n` : "]}\n\n";
    this.#afterText = `},"logprobs":null,"finish_reason":null}${this.#tail}`;
  }

  /** Prepares the constant parts before the first chunk. */
  #prepare(): void {
    if (this.#head !== "") return;
    const head = JSON.stringify({
      id: `chatcmpl-${this.#meta.id}`,
      object: "chat.completion.chunk",
      created: this.#meta.createdAt,
      model: this.#meta.model,
    });
    this.#head = `data: ${head.slice(0, -1)},"choices":[`;
    this.#beforeText = `${this.#head}{"index":0,"delta":{"content":`;
  }

  whole(answer: Answer, usage: TokenUsage): JsonObject {
    return {
      id: `chatcmpl-${this.#meta.id}`,
      object: "chat.completion",
      created: this.#meta.createdAt,
      model: this.#meta.model,
      choices: answer.choices.map((choice) => this.#wholeChoice(choice, answer.sources)),
      usage: usageObject(usage),
    };
  }

  batch(events: readonly AnswerEvent[]): string {
    this.#prepare();
    let frames = "";
    for (const event of events) frames += this.#frame(event);
    return frames;
  }

  end(usage: TokenUsage): string {
    if (!this.#options.includeUsage) return DONE;
    this.#prepare();
    return `${this.#head}],"usage":${JSON.stringify(usageObject(usage))}}\n\n${DONE}`;
  }

  /** Writes the error in a last chunk, as OpenRouter does, and alone, as OpenAI does: clients know either. */
  fail(error: GatewayError): string {
    this.#prepare();
    const broken = [...this.#begun].filter((index) => !this.#finished.has(index));
    const choices = (broken.length > 0 ? broken : [0]).map((index) =>
      JSON.stringify({ index, delta: {}, logprobs: null, finish_reason: "error" }),
    );
    const body = JSON.stringify(openAiErrorBody(error).error);
    return `${this.#head}${choices.join(",")}],"error":${body}}\n\ndata: {"error":${body}}\n\n`;
  }

  #frame(event: AnswerEvent): string {
    switch (event.type) {
      case "text":
        if (event.choice === undefined && event.logprobs === undefined && this.#begun.has(0)) {
          return `${this.#beforeText}${JSON.stringify(event.text)}${this.#afterText}`;
        }
        return this.#delta(event.choice, { content: event.text }, event.logprobs);
      case "refusal":
        return this.#delta(event.choice, { refusal: event.text });
      case "reasoning":
        return this.#delta(event.choice, reasoningDelta(event.text, event.signature));
      case "tool_call":
        // The older form has room for only one call.
        if (this.#options.legacyFunctions && event.index > 0) return "";
        return this.#delta(event.choice, this.#toolDelta(event));
      case "image":
        return this.#delta(event.choice, { images: [imageOf(event)] });
      case "sources":
        if (event.sources.length === 0) return "";
        return this.#delta(undefined, { annotations: annotations(event.sources) });
      // Only clients of its own API understand it.
      case "block":
      // This API has no tools that run at the server.
      case "tool_run":
      case "tool_list":
        return "";
      case "finish":
        this.#finished.add(event.choice ?? 0);
        return this.#delta(event.choice, {}, undefined, this.#finishReason(event.reason));
    }
  }

  #delta(
    index: number | undefined,
    delta: JsonObject,
    logprobs: JsonValue = null,
    finishReason: string | null = null,
  ): string {
    const choice = index ?? 0;
    let frames = "";
    if (!this.#begun.has(choice)) {
      this.#begun.add(choice);
      frames = this.#delta(choice, { role: "assistant", content: "", refusal: null });
    }
    const body = JSON.stringify({ index: choice, delta, logprobs, finish_reason: finishReason });
    return `${frames}${this.#head}${body}${this.#tail}`;
  }

  #toolDelta(event: ChatEvent & { type: "tool_call" }): JsonObject {
    const { index, id, name, custom } = event;
    const words: JsonObject = custom === true ? { input: event.arguments } : { arguments: event.arguments };
    const body: JsonObject = name === undefined ? words : { name, ...words };
    if (this.#options.legacyFunctions) return { function_call: body };
    const call: JsonObject = { index };
    if (id !== undefined) {
      call["id"] = id;
      call["type"] = custom === true ? "custom" : "function";
    }
    call[custom === true ? "custom" : "function"] = body;
    return { tool_calls: [{ ...call, ...extraContent(event.signature) }] };
  }

  #finishReason(reason: FinishReason): string {
    switch (reason) {
      case "tool_calls":
        return this.#options.legacyFunctions ? "function_call" : reason;
      // Clients expect a closed list of values, which excludes the provider's own.
      case "other":
        return "stop";
      case "stop":
      case "length":
      case "content_filter":
        return reason;
    }
  }

  #wholeChoice(choice: AnswerChoice, sources: readonly Source[]): JsonObject {
    const calls = callsOf(choice);
    const text = textOf(choice, "text");
    const refusal = textOf(choice, "refusal");
    const reasoning = textOf(choice, "reasoning");
    const details = choice.parts.flatMap((part) =>
      part.type === "reasoning" && part.token !== undefined ? [toReasoningDetail(part.token)] : [],
    );
    const hasNoText = text === "" && (calls.length > 0 || refusal !== "");
    const message: JsonObject = {
      role: "assistant",
      content: hasNoText ? null : text,
      refusal: refusal === "" ? null : refusal,
      annotations: annotations(sources),
    };
    if (reasoning !== "") message["reasoning_content"] = reasoning;
    if (details.length > 0) message["reasoning_details"] = details;
    const images = choice.parts.filter((part) => part.type === "image");
    if (images.length > 0) message["images"] = images.map(imageOf);
    const [first] = calls;
    if (first !== undefined && this.#options.legacyFunctions) {
      message["function_call"] = { name: first.name, arguments: first.arguments };
    } else if (calls.length > 0) {
      message["tool_calls"] = calls.map(({ id, name, arguments: text, custom, signature }) => ({
        id,
        ...(custom
          ? { type: "custom", custom: { name, input: text } }
          : { type: "function", function: { name, arguments: text } }),
        ...extraContent(signature),
      }));
    }
    return {
      index: choice.index,
      message,
      logprobs: joinLogprobs(choice.logprobs),
      finish_reason: this.#finishReason(choice.finish?.reason ?? "stop"),
    };
  }
}

function reasoningDelta(text: string, token: IssuerToken | undefined): JsonObject {
  const delta: JsonObject = {};
  if (text !== "") delta["reasoning_content"] = text;
  if (token !== undefined) delta["reasoning_details"] = [toReasoningDetail(token)];
  return delta;
}

/** OpenAI's API has no place for images in answers; this is OpenRouter's. */
function imageOf({ url }: { url: string }): JsonObject {
  return { type: "image_url", image_url: { url } };
}

function annotations(sources: readonly Source[]): JsonObject[] {
  return sources.map(({ uri, title = "" }) => ({
    type: "url_citation",
    url_citation: { url: uri, title, start_index: 0, end_index: 0 },
  }));
}

/** Merges the logprobs of all pieces of a text. */
function joinLogprobs(parts: readonly JsonValue[]): JsonValue {
  if (parts.length === 0) return null;
  const content = parts.flatMap((part) => arrayField(part, "content") as JsonValue[]);
  return { content, refusal: null };
}

function usageObject(usage: TokenUsage): JsonObject {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens, cache_write_tokens: usage.cacheWriteTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  };
}
