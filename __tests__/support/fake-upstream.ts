import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

/** One request as the upstream saw it. */
export type SeenRequest = {
  method: string;
  path: string;
  headers: Record<string, string>;
  text: string;
  /** The body as it came. */
  bytes: Buffer;
  /** The body as JSON; undefined when it is none. */
  json: unknown;
  /** `performance.now()` when its last byte came. */
  at: number;
  /** Number of the connection it came on, from 1. */
  connection: number;
  /** `performance.now()` when the client closed the connection before the answer was complete. */
  closedAt: number | undefined;
};

/** What a scripted upstream can do with one request: write bytes, wait, break. */
export class Exchange {
  readonly request: SeenRequest;
  readonly socket: Socket;
  #done = false;

  constructor(request: SeenRequest, socket: Socket) {
    this.request = request;
    this.socket = socket;
  }

  get done(): boolean {
    return this.#done;
  }

  get gone(): boolean {
    return this.socket.destroyed;
  }

  /** Raw bytes on the socket, exactly as given. */
  raw(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.destroyed) return resolve();
      this.socket.write(bytes, () => resolve());
    });
  }

  head(status: number, headers: Record<string, string> = {}): Promise<void> {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return this.raw(`HTTP/1.1 ${status} Whatever\r\n${lines.join("")}\r\n`);
  }

  /** A whole answer with a known length; the connection stays open. */
  async respond(
    status: number,
    body: string | Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<void> {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    this.#done = true;
    const length = String(bytes.length);
    await this.head(status, { "content-type": "application/json", "content-length": length, ...headers });
    await this.raw(bytes);
  }

  json(status: number, body: unknown, headers: Record<string, string> = {}): Promise<void> {
    return this.respond(status, JSON.stringify(body), headers);
  }

  /** Begins a chunked event stream. */
  startStream(headers: Record<string, string> = {}): Promise<void> {
    return this.head(200, {
      "content-type": "text/event-stream",
      "transfer-encoding": "chunked",
      ...headers,
    });
  }

  /** One HTTP chunk of a stream that was started. */
  chunk(bytes: string | Uint8Array): Promise<void> {
    const data = typeof bytes === "string" ? Buffer.from(bytes) : Buffer.from(bytes);
    return this.raw(
      Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]),
    );
  }

  event(data: unknown): Promise<void> {
    return this.chunk(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
  }

  /** Ends a chunked stream properly: end of file as far as HTTP goes. */
  endStream(): Promise<void> {
    this.#done = true;
    return this.raw("0\r\n\r\n");
  }

  /** Breaks the connection with a TCP reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Resolves when the client closes the connection. */
  closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.destroyed) resolve();
      else this.socket.once("close", () => resolve());
    });
  }
}

export type Script = (exchange: Exchange) => Promise<void> | void;

export type FakeUpstream = {
  /** `http://127.0.0.1:port`. */
  origin: string;
  port: number;
  requests: SeenRequest[];
  /** Connections open now. */
  readonly connections: number;
  /** Requests whose answer is neither complete nor abandoned. */
  readonly inFlight: number;
  connectionsEver: number;
  /** Replaces the script for the requests to come. */
  script: Script;
  stop(): Promise<void>;
};

/**
 * An HTTP/1.1 upstream on a real socket that misbehaves on demand. It parses requests itself, so that
 * it can answer with anything at all, at any moment.
 */
export async function startFakeUpstream(script: Script, tls?: TlsOptions, port = 0): Promise<FakeUpstream> {
  const sockets = new Set<Socket>();
  const active = new Set<Exchange>();
  let upstream: FakeUpstream;
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    upstream.connectionsEver++;
    const connection = upstream.connectionsEver;
    const waiting: Buffer[] = [];
    let bytes = 0;
    /** With fewer bytes the next request cannot be complete: a large body is not joined at every chunk. */
    let wanted = 0;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      for (const exchange of active) {
        if (exchange.socket !== socket) continue;
        active.delete(exchange);
        if (!exchange.done) exchange.request.closedAt = performance.now();
      }
    });
    socket.on("data", (chunk: Buffer) => {
      waiting.push(chunk);
      bytes += chunk.length;
      if (bytes < wanted) return;
      let buffered = Buffer.concat(waiting.splice(0));
      let parsed = parseRequest(buffered);
      for (; parsed.request !== undefined; parsed = parseRequest(buffered)) {
        buffered = parsed.rest;
        const request: SeenRequest = {
          ...parsed.request,
          at: performance.now(),
          connection,
          closedAt: undefined,
        };
        upstream.requests.push(request);
        const exchange = new Exchange(request, socket);
        active.add(exchange);
        void Promise.resolve(upstream.script(exchange)).finally(() => {
          if (exchange.done) active.delete(exchange);
        });
      }
      waiting.push(buffered);
      bytes = buffered.length;
      wanted = parsed.wanted;
    });
  };
  const server: Server =
    tls === undefined
      ? createServer({ noDelay: true }, accept)
      : createTlsServer({ ...tls, noDelay: true }, accept);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The fake upstream has no port.");
  upstream = {
    origin: `${tls === undefined ? "http" : "https"}://127.0.0.1:${address.port}`,
    port: address.port,
    requests: [],
    connectionsEver: 0,
    get connections() {
      return sockets.size;
    },
    get inFlight() {
      return active.size;
    },
    script,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return upstream;
}

type Parsed =
  | { request: Omit<SeenRequest, "at" | "connection" | "closedAt">; rest: Buffer<ArrayBuffer> }
  /** How many bytes the request has at least. */
  | { request: undefined; wanted: number };

function parseRequest(bytes: Buffer): Parsed {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return { request: undefined, wanted: bytes.length + 1 };
  const [requestLine = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const length = Number(headers["content-length"] ?? 0);
  const total = end + 4 + length;
  if (bytes.length < total) return { request: undefined, wanted: total };
  const body = Buffer.from(bytes.subarray(end + 4, total));
  const text = body.toString("utf8");
  const [method = "", path = ""] = requestLine.split(" ");
  return {
    request: { method, path, headers, text, bytes: body, json: text === "" ? undefined : parse(text) },
    rest: Buffer.from(bytes.subarray(total)),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** An OpenAI-compatible chunk with some text, or with a finish reason. */
export function textChunk(content: string, finish: string | null = null): unknown {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta: content === "" ? {} : { content }, finish_reason: finish }],
  };
}

export function usageChunk(prompt: number, completion: number): unknown {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    choices: [],
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  };
}

/** A script that answers with these pieces well, in OpenAI's older API or, if asked there, in Responses. */
export function answers(...pieces: string[]): Script {
  return async (exchange) => {
    if (exchange.request.path.endsWith("/responses")) return answerResponses(exchange, pieces);
    if (isStreaming(exchange.request)) {
      await exchange.startStream();
      for (const piece of pieces) await exchange.event(textChunk(piece));
      await exchange.event(textChunk("", "stop"));
      await exchange.event(usageChunk(10, pieces.length));
      await exchange.event("[DONE]");
      await exchange.endStream();
      return;
    }
    await exchange.json(
      200,
      completion(pieces.join(""), { prompt_tokens: 10, completion_tokens: pieces.length }),
    );
  };
}

async function answerResponses(exchange: Exchange, pieces: readonly string[]): Promise<void> {
  const item = (text: string): unknown => ({
    type: "message",
    id: "msg_1",
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text, annotations: [] }],
  });
  const response = {
    id: "resp_1",
    object: "response",
    status: "completed",
    output: [item(pieces.join(""))],
    usage: { input_tokens: 10, output_tokens: pieces.length, total_tokens: 10 + pieces.length },
  };
  if (!isStreaming(exchange.request)) return exchange.json(200, response);
  await exchange.startStream();
  const at = { output_index: 0, content_index: 0, item_id: "msg_1" };
  for (const delta of pieces) await exchange.event({ type: "response.output_text.delta", ...at, delta });
  await exchange.event({ type: "response.completed", response });
  await exchange.endStream();
}

export function completion(content: string, usage?: unknown): unknown {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage,
  };
}

export function isStreaming(request: SeenRequest): boolean {
  return (
    typeof request.json === "object" && request.json !== null && Reflect.get(request.json, "stream") === true
  );
}
