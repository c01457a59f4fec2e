import {
  type Upstream,
  type UpstreamBody,
  UpstreamError,
  type UpstreamRequest,
  type UpstreamResponse,
} from "#lib/providers/call/upstream.ts";
import { CONTINUATION_OPENING } from "#lib/providers/chat/repeated-tail.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";
import { arrayField, field, isJsonObject, parseJson, stringField } from "#lib/shared/json.ts";
import { truncate } from "#lib/shared/text.ts";

/** Served in this process: the name never resolves. */
export const SANDBOX_ORIGIN = "http://sandbox.invalid";
/** The sandbox engines, in chain order. `/fail` makes the first one fail, with `all` both. */
export const SANDBOX_MODELS = ["first", "second"] as const;

const WORD_PAUSE_MS = 12;

type Fault = "429" | "500" | "silence" | "cut";
type FaultCommand = { fault: Fault; everywhere: boolean } | undefined;

/** `/fail 429`, `/fail 500`, `/fail silence`, `/fail cut`; with `all`, every sandbox engine fails. */
function readFaultCommand(message: string): FaultCommand {
  const match = /\/fail\s+(429|500|silence|cut)\b(\s+all\b)?/.exec(message);
  if (match === null) return undefined;
  return { fault: match[1] as Fault, everywhere: match[2] !== undefined };
}

function answerTo(message: string): string {
  const said = truncate(message, 200);
  return (
    "This is SarmaLink-AI's built-in sandbox engine, not a language model: no provider key is configured yet. " +
    `You said: "${said}". ` +
    "Set a key such as GROQ_API_KEY in .env.local and restart to talk to a real model. " +
    "Meanwhile, send a message with /fail 429, /fail 500, /fail silence or /fail cut to watch failover at work."
  );
}

/**
 * A local OpenAI-compatible engine behind the same port as real providers, so that a newcomer sees
 * streaming, usage and failover without any key. Requests to other origins go to `next`.
 */
export function withSandbox(next: Upstream, clock: Clock): Upstream {
  return {
    send: (request, options) =>
      request.url.startsWith(`${SANDBOX_ORIGIN}/`)
        ? answer(request, options.signal, clock)
        : next.send(request, options),
  };
}

async function answer(
  request: UpstreamRequest,
  signal: AbortSignal,
  clock: Clock,
): Promise<UpstreamResponse> {
  const body = parseJson(String(request.body ?? ""));
  const message = firstUserMessageOfTurn(body);
  const command = readFaultCommand(message);
  const isFirst = stringField(body, "model") === SANDBOX_MODELS[0];
  const fault = command !== undefined && (isFirst || command.everywhere) ? command.fault : undefined;
  switch (fault) {
    case "429":
      return refusal(429, "The sandbox was told to be rate limited.", { "retry-after": "5" });
    case "500":
      return refusal(500, "The sandbox was told to fail.");
    case "silence":
      await untilAborted(signal);
      throw signal.reason;
    case "cut":
    case undefined:
      break;
  }
  const text = answerTo(message);
  const prompt = Math.ceil(String(request.body ?? "").length / 4);
  if (field(body, "stream") !== true) return whole(200, JSON.stringify(completion(text, prompt)));
  return {
    status: 200,
    header: (name) => (name === "content-type" ? "text/event-stream" : undefined),
    body: new WordStream(text.match(/\S+\s*/g) ?? [], prompt, fault === "cut", signal, clock),
  };
}

/** The user's message, not the gateway's request to continue after it. */
function firstUserMessageOfTurn(body: unknown): string {
  const messages = arrayField(body, "messages");
  const users = messages.filter((message) => field(message, "role") === "user");
  const asksToContinue = users.length > 1 && (contentOf(users.at(-1)) ?? "").startsWith(CONTINUATION_OPENING);
  return contentOf(asksToContinue ? users.at(-2) : users.at(-1)) ?? "";
}

function contentOf(message: unknown): string | undefined {
  const content = field(message, "content");
  if (typeof content === "string") return content;
  const part = Array.isArray(content)
    ? content.findLast((item) => isJsonObject(item) && item["type"] === "text")
    : undefined;
  return stringField(part, "text");
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function usage(prompt: number, words: number): Record<string, number> {
  const completionTokens = Math.ceil(words * 1.3);
  return {
    prompt_tokens: prompt,
    completion_tokens: completionTokens,
    total_tokens: prompt + completionTokens,
  };
}

function completion(text: string, prompt: number): unknown {
  return {
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
    usage: usage(prompt, text.split(" ").length),
  };
}

function refusal(status: number, message: string, headers: Record<string, string> = {}): UpstreamResponse {
  return whole(status, JSON.stringify({ error: { message, type: "sandbox" } }), headers);
}

function whole(status: number, text: string, headers: Record<string, string> = {}): UpstreamResponse {
  let rest: Uint8Array | null = new TextEncoder().encode(text);
  const take = (): Uint8Array | null => {
    const bytes = rest;
    rest = null;
    return bytes;
  };
  return {
    status,
    header: (name) => headers[name],
    body: {
      read: () => Promise.resolve(take()),
      poll: () => take() ?? undefined,
      release: () => undefined,
      cancel: () => undefined,
    },
  };
}

/** The answer word by word, as a model would write it; cut off in the middle if `cut`. */
class WordStream implements UpstreamBody {
  readonly #words: readonly string[];
  readonly #prompt: number;
  readonly #cut: boolean;
  readonly #signal: AbortSignal;
  readonly #clock: Clock;
  readonly #encoder = new TextEncoder();
  #position = 0;
  #ended = false;
  #cancelled = false;

  constructor(words: readonly string[], prompt: number, cut: boolean, signal: AbortSignal, clock: Clock) {
    this.#words = words;
    this.#prompt = prompt;
    this.#cut = cut;
    this.#signal = signal;
    this.#clock = clock;
  }

  async read(): Promise<Uint8Array | null> {
    await sleep(this.#clock, WORD_PAUSE_MS, this.#signal);
    if (this.#signal.aborted) throw this.#signal.reason;
    if (this.#cancelled) throw new UpstreamError("reset", "The sandbox's stream was closed.");
    if (this.#ended) return null;
    if (this.#cut && this.#position >= this.#words.length / 2) {
      throw new UpstreamError("reset", "The sandbox was told to break off in the middle of its answer.");
    }
    const word = this.#words[this.#position++];
    if (word !== undefined)
      return this.#frame({ choices: [{ index: 0, delta: { content: word }, finish_reason: null }] });
    this.#ended = true;
    const finish = {
      choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
      usage: usage(this.#prompt, this.#words.length),
    };
    return this.#encoder.encode(`data: ${JSON.stringify(finish)}\n\ndata: [DONE]\n\n`);
  }

  poll(): undefined {
    return undefined;
  }

  release(): void {
    this.#ended = true;
  }

  cancel(): void {
    this.#cancelled = true;
  }

  #frame(chunk: unknown): Uint8Array {
    return this.#encoder.encode(`data: ${JSON.stringify(chunk)}\n\n`);
  }
}
