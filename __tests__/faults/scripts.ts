import { setTimeout as pause } from "node:timers/promises";
import {
  completion,
  type Exchange,
  isStreaming,
  type Script,
  textChunk,
  usageChunk,
} from "../support/fake-upstream.ts";

/** The answer of the rows in which an answer breaks off, as the tokens that engines send. */
export const TOKENS: readonly string[] =
  "The lighthouse keeper counted eleven ships before midnight, wrote each name into the long ledger,\n\nand went to sleep only when the last lantern had passed the northern rocks without a sound.".split(
    /(?<=\s)(?=\S)/,
  );
export const ANSWER: string = TOKENS.join("");

/** How an answer breaks off. */
export type Break = (exchange: Exchange) => Promise<void> | void;

/** Long enough for the bytes before it to be read: a reset may throw away what is still on its way. */
const SETTLE_MS = 25;

export const BREAKS = {
  reset: async (exchange: Exchange) => {
    await pause(SETTLE_MS);
    exchange.reset();
  },
  /** FIN without HTTP's own end. */
  close: async (exchange: Exchange) => {
    await pause(SETTLE_MS);
    exchange.socket.end();
  },
  /** HTTP ends properly, the answer does not. */
  end: (exchange: Exchange) => exchange.endStream(),
  silence: () => undefined,
  openRouterError: async (exchange: Exchange) => {
    await exchange.event({
      id: "gen-1",
      object: "chat.completion.chunk",
      error: { code: 502, message: "Provider disconnected" },
      choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }],
    });
    await exchange.event("[DONE]");
    await exchange.endStream();
  },
  groqError: async (exchange: Exchange) => {
    await exchange.chunk(
      `event: error\ndata: ${JSON.stringify({ error: { message: "Service unavailable", type: "internal_server_error", status_code: 503 } })}\n\n`,
    );
    await exchange.endStream();
  },
  rateLimitError: async (exchange: Exchange) => {
    await exchange.event({
      error: { message: "Rate limit reached", code: "rate_limit_exceeded" },
    });
    await exchange.endStream();
  },
} satisfies Record<string, Break>;

/** Streams these tokens, then breaks; asked for a whole answer, breaks in the middle of its body. */
export function cut(tokens: readonly string[], how: Break): Script {
  return async (exchange) => {
    if (!isStreaming(exchange.request)) return cutWhole(exchange, how);
    await exchange.startStream();
    for (const token of tokens) await exchange.event(textChunk(token));
    await how(exchange);
  };
}

async function cutWhole(exchange: Exchange, how: Break): Promise<void> {
  const body = JSON.stringify(completion(ANSWER));
  await exchange.head(200, {
    "content-type": "application/json",
    "transfer-encoding": "chunked",
  });
  await exchange.chunk(body.slice(0, body.length / 2));
  await how(exchange);
}

/** An HTTP error with this body. */
export function fails(
  status: number,
  body: unknown = { error: { message: `Status ${status}.` } },
  headers: Record<string, string> = {},
): Script {
  return (exchange) =>
    typeof body === "string"
      ? exchange.respond(status, body, {
          "content-type": "text/html",
          ...headers,
        })
      : exchange.json(status, body, headers);
}

/** A body with known length and this content type, whatever was asked. */
export function says(
  body: string | Uint8Array,
  contentType: string,
  headers: Record<string, string> = {},
): Script {
  return (exchange) => exchange.respond(200, body, { "content-type": contentType, ...headers });
}

/** Takes the request and never answers. */
export const hangs: Script = () => undefined;

/** Runs one script after another, the last one for every further request. */
export function inTurn(...scripts: readonly Script[]): Script {
  let next = 0;
  return (exchange) => scripts[Math.min(next++, scripts.length - 1)]?.(exchange);
}

/** Chooses by the key that the request carries. */
export function byKey(scripts: Readonly<Record<string, Script>>, otherwise: Script): Script {
  return (exchange) => (scripts[keyOf(exchange)] ?? otherwise)(exchange);
}

export function keyOf({ request }: Pick<Exchange, "request">): string {
  return (request.headers["authorization"] ?? "").replace("Bearer ", "");
}

/** A whole stream as bytes: these data payloads, `[DONE]` after them. */
export function sse(...payloads: unknown[]): string {
  const data = payloads.map((payload) => (typeof payload === "string" ? payload : JSON.stringify(payload)));
  return [...data, "[DONE]"].map((line) => `data: ${line}\n\n`).join("");
}

/** A good stream of one text, as bytes. */
export function goodStream(text: string): string {
  return sse(textChunk(text), textChunk("", "stop"), usageChunk(10, 3));
}

/** Streams these frames as they are, in one chunk each, and ends properly. */
export function frames(...chunks: readonly (string | Uint8Array)[]): Script {
  return async (exchange) => {
    await exchange.startStream();
    for (const chunk of chunks) await exchange.chunk(chunk);
    await exchange.endStream();
  };
}

/** The same piece over and over, every `everyMs`, for as long as the client listens. */
export function forever(piece: string, everyMs = 40, headers: Record<string, string> = {}): Script {
  return async (exchange) => {
    await exchange.startStream(headers);
    await repeatForever(exchange, piece, everyMs);
  };
}

export async function repeatForever(exchange: Exchange, piece: string, everyMs = 40): Promise<void> {
  while (!exchange.gone) {
    await exchange.chunk(piece);
    await pause(everyMs);
  }
}

/** A delta with these fields, without a finish reason. */
export function deltaChunk(delta: unknown, finish: string | null = null): unknown {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason: finish }],
  };
}

/** Anthropic's stream of these texts, up to where `after` takes over. */
export function anthropicStream(tokens: readonly string[], after?: Break): Script {
  return async (exchange) => {
    const event = (name: string, data: Record<string, unknown>): Promise<void> =>
      exchange.chunk(`event: ${name}\ndata: ${JSON.stringify({ type: name, ...data })}\n\n`);
    await exchange.startStream();
    await event("message_start", {
      message: {
        id: "msg_1",
        role: "assistant",
        usage: { input_tokens: 12, output_tokens: 1 },
      },
    });
    await event("content_block_start", {
      index: 0,
      content_block: { type: "text", text: "" },
    });
    await event("ping", {});
    for (const text of tokens)
      await event("content_block_delta", {
        index: 0,
        delta: { type: "text_delta", text },
      });
    if (after !== undefined) return after(exchange);
    await event("content_block_stop", { index: 0 });
    await event("message_delta", {
      delta: { stop_reason: "end_turn" },
      usage: { output_tokens: 40 },
    });
    await event("message_stop", {});
    await exchange.endStream();
  };
}

export async function anthropicOverloaded(exchange: Exchange): Promise<void> {
  const error = {
    type: "error",
    error: { type: "overloaded_error", message: "Overloaded" },
  };
  await exchange.chunk(`event: error\ndata: ${JSON.stringify(error)}\n\n`);
  await exchange.endStream();
}
