import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Agent, type Dispatcher } from "undici";

/** A call of a function of the database, as HTTP. */
export type RpcRequest = {
  /** Scheme, host and port. */
  origin: string;
  path: string;
  headers: Record<string, string>;
  body: string;
};

export type RpcResponse = { status: number; text: string };

/** Sends one call. Rejects with the signal's reason, a `TimeoutError`, or why there is no answer. */
export type RpcTransport = (
  request: RpcRequest,
  limits: { signal: AbortSignal | undefined; timeoutMs: number },
) => Promise<RpcResponse>;

/**
 * Idle connections are kept this long, milliseconds, so that the messages of a conversation share them. Well under
 * the 60 s of common load balancers, which close without notice; a server may ask for less.
 */
const KEEP_ALIVE_MS = 30_000;
/** Undici's limit of a connection attempt; that of a call is its own. */
const MAX_CONNECT_MS = 30_000;

const decompress = promisify(gunzip);

/**
 * Calls over pooled connections, without `fetch`, which costs more than the rest of such a call. Aborting one closes
 * its connection, so that the database can give it up as well.
 *
 * Plain path: `fetchTransport`. Both agree: `__tests__/adapters/supabase/rpc.test.ts`. Why: `npm run bench:native`
 * (docs/BENCHMARKS.md).
 */
export function undiciTransport(): RpcTransport {
  let agent: Agent | undefined;
  return (request, { signal, timeoutMs }) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      agent ??= new Agent({
        allowH2: false,
        keepAliveTimeout: KEEP_ALIVE_MS,
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: MAX_CONNECT_MS },
      });
      const { origin, path, body } = request;
      const headers = { ...request.headers, "accept-encoding": "gzip" };
      const exchange = new Exchange(signal, resolve, reject);
      agent.dispatch({ origin, path, method: "POST", headers, body }, exchange);
      exchange.limit(timeoutMs);
    });
}

/** The plain path: the same by `fetch`, the global one or a test's. */
export function fetchTransport(fetchImplementation: typeof fetch): RpcTransport {
  return async ({ origin, path, headers, body }, { signal, timeoutMs }) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const response = await fetchImplementation(`${origin}${path}`, {
      method: "POST",
      headers,
      body,
      // A redirect could lead the key to another host.
      redirect: "manual",
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    return { status: response.status, text: await response.text() };
  };
}

/** One call and its answer, which is collected as a whole. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (response: RpcResponse | Promise<RpcResponse>) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #onAbort = (): void => this.#fail(this.#signal?.reason);
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #status = 0;
  #isCompressed = false;
  #ended = false;

  constructor(
    signal: AbortSignal | undefined,
    resolve: (response: RpcResponse | Promise<RpcResponse>) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  limit(timeoutMs: number): void {
    if (this.#ended) return;
    this.#timer = setTimeout(() => {
      // What `AbortSignal.timeout` aborts with.
      this.#fail(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
    }, timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Given up while the connection was being made: the request is never written.
    if (this.#ended) controller.abort(new Error("The call was given up."));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    this.#isCompressed = headers["content-encoding"] === "gzip";
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#settle();
    const [first, ...more] = this.#chunks;
    const bytes = first !== undefined && more.length === 0 ? first : Buffer.concat(this.#chunks);
    const status = this.#status;
    if (this.#isCompressed) this.#resolve(decompress(bytes).then((text) => ({ status, text: String(text) })));
    else this.#resolve({ status, text: bytes.toString("utf8") });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#fail(error);
  }

  #fail(reason: unknown): void {
    if (this.#ended) return;
    this.#settle();
    this.#reject(reason);
    if (this.#controller?.aborted === false) this.#controller.abort(new Error("The call was given up."));
  }

  #settle(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}
