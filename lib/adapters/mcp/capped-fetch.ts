import { GatewayError } from "#lib/shared/errors.ts";

/** The most that one answer of a server may have, bytes; a list of tools and a document among results fit in. */
const MAX_ANSWER = 10 * 1024 * 1024;
/**
 * The most values that one answer may have, counted by the signs before them: a few megabytes of tiny values take
 * seconds and gigabytes to read.
 */
const MAX_VALUES = 300_000;
/** Lines of a stream of events: messages are lines, and a million small ones take long, too. */
const MAX_LINES = 20_000;
/** What a request may take beyond the time-out of its call, for the connection, milliseconds. */
const GRACE_MS = 10_000;
/** The end of a session is said, but not waited for: the gateway may be stopping. */
const FAREWELL_MS = 2_000;

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

/** The server did not keep to what the gateway takes of it. The message is for the client. */
export class McpAnswerError extends GatewayError {
  override readonly name = "McpAnswerError";

  constructor(message: string) {
    super("plugin_failed", message);
  }
}

export type CappedFetchOptions = {
  url: string;
  /** For one call, milliseconds. */
  timeoutMs: number;
  /** Called when an answer is ended for what it exceeds. */
  onExcess(): void;
};

type Fetch = (input: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * `fetch` for one MCP server: to its own address only, without following redirects, with answers of a bounded size
 * that end in a bounded time.
 */
export function cappedFetch({ url, timeoutMs, onExcess }: CappedFetchOptions): Fetch {
  const { origin, pathname } = new URL(url);
  return async (input, init = {}) => {
    const asked = new URL(input);
    // A client of the protocol may be told of other addresses, for authorization: nothing is fetched from there.
    if (asked.origin !== origin || asked.pathname !== pathname) {
      throw new McpAnswerError("The server names another address, which is not called.");
    }
    const limitMs = init.method === "DELETE" ? FAREWELL_MS : timeoutMs + GRACE_MS;
    const signal = isSubscription(init) ? {} : { signal: withTimeout(init.signal, limitMs) };
    const response = await fetch(asked, { ...init, ...signal, redirect: "manual" });
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
      await response.body?.cancel();
      throw new McpAnswerError("The server answered with a redirect, which is not followed.");
    }
    return response.body === null ? response : capped(response, response.body, onExcess);
  };
}

/** Streams of announcements are open for as long as the connection. */
function isSubscription({ method, headers }: RequestInit): boolean {
  return method === "GET" || new Headers(headers).get("mcp-method") === "subscriptions/listen";
}

function withTimeout(signal: RequestInit["signal"], milliseconds: number): AbortSignal {
  const timeout = AbortSignal.timeout(milliseconds);
  return signal == null ? timeout : AbortSignal.any([signal, timeout]);
}

function capped(
  response: Response,
  body: ReadableStream<Uint8Array>,
  onExcess: CappedFetchOptions["onExcess"],
): Response {
  const { status, statusText, headers } = response;
  const count = new Count(headers.get("content-type")?.startsWith("text/event-stream") ?? false);
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const excess = count.push(chunk);
        if (excess === undefined) {
          controller.enqueue(chunk);
          return;
        }
        onExcess();
        controller.error(new McpAnswerError(`The server sent ${excess}.`));
      },
    }),
  );
  return new Response(counted, { status, statusText, headers });
}

/** Counts what has come of an answer. */
class Count {
  readonly #isStream: boolean;
  #bytes = 0;
  #values = 0;
  #lines = 0;
  #hasBegun = false;

  constructor(isStream: boolean) {
    this.#isStream = isStream;
  }

  /** What is too much of it; undefined if nothing is. */
  push(chunk: Uint8Array): string | undefined {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_ANSWER) return "an answer of more than 10 MB";
    if (!this.#hasBegun && !this.#isStream) {
      const first = chunk.find((byte) => byte > SPACE);
      // Every message of a batch would be read at once. No revision that is spoken here has them.
      if (first === OPEN_BRACKET) return "several answers to one request";
      this.#hasBegun = first !== undefined;
    }
    for (const byte of chunk) {
      // In texts, too: a server could mislead whoever tells these apart.
      if (byte === COMMA || byte === OPEN_BRACKET || byte === OPEN_BRACE) this.#values++;
      else if (byte === LINE_FEED) this.#lines++;
    }
    if (this.#values > MAX_VALUES) return "an answer of too many values";
    return this.#isStream && this.#lines > MAX_LINES ? "too many messages" : undefined;
  }
}
