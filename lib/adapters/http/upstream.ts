import type { Agent, Dispatcher } from "undici";
import { decompressed } from "#lib/adapters/http/decompression.ts";
import { dispatchOptions } from "#lib/adapters/http/dispatch-options.ts";
import { OriginAgents } from "#lib/adapters/http/origin-agents.ts";
import { upstreamError } from "#lib/adapters/http/upstream-error.ts";
import {
  type Upstream,
  type UpstreamBody,
  UpstreamError,
  type UpstreamResponse,
} from "#lib/providers/call/upstream.ts";

/** Bytes held ahead of the reader before the socket is paused. */
const WINDOW = 64 * 1024;
/**
 * Bytes that come so soon after those that were handed out last, milliseconds, wait for more: each batch costs
 * the reader a decoding, and its client a write. Models write at most some hundred tokens a second, so most
 * bytes never wait.
 */
const SOON_MS = 2;
/** How long they wait, milliseconds. A timer may be late by as much again. */
const GATHER_MS = 1;
/** More bytes than this do not wait. */
const MAX_GATHERED = 16 * 1024;
/** How many bytes are still read after the last needed one, and for how long, milliseconds. */
const MAX_REST = 64 * 1024;
const REST_MS = 1_000;
/**
 * Idle connections are kept this long, milliseconds: undici's own 4 s would close them between two
 * messages of one conversation. Just under the 60 s of common load balancers, which close without notice.
 */
const KEEP_ALIVE_MS = 55_000;
const MAX_KEEP_ALIVE_MS = 600_000;
/** Undici's limit of a connection attempt; that of a request is shorter. */
const MAX_CONNECT_MS = 30_000;
const UNREACHABLE_IN_TIME = "The provider could not be reached in time.";
/** Informational answers (1xx) before the final one: providers send one at most, so more are a flood. */
const MAX_INFORMATIONAL = 20;

export type HttpUpstream = Upstream & {
  /**
   * Closes the connections to this origin: idle ones now, those in use once their answers have ended. A later request
   * opens new ones.
   */
  disconnect(origin: string): void;
  /** Closes idle connections and waits for those in use. */
  close(): Promise<void>;
};

/** Sends requests to providers over pooled, kept-alive HTTP/1.1 connections. */
export function createHttpUpstream(options: Agent.Options = {}): HttpUpstream {
  const agents = new OriginAgents({
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: MAX_KEEP_ALIVE_MS,
    // The caller has its own timeouts.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: MAX_CONNECT_MS },
    ...options,
  });
  return {
    send: (request, { signal, connectTimeoutMs }) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const options = dispatchOptions(request);
        const exchange = new Exchange(signal, resolve, reject);
        agents.of(options.origin).dispatch(options, exchange);
        exchange.waitForConnection(connectTimeoutMs);
      }),
    disconnect: (origin) => agents.disconnect(origin),
    close: () => agents.close(),
  };
}

/** One request and its answer: undici's handler and the body that is read. */
class Exchange implements Dispatcher.DispatchHandler, UpstreamBody {
  readonly #signal: AbortSignal;
  readonly #onAbort: () => void;
  #connectTimer: NodeJS.Timeout | undefined;
  readonly #resolve: (response: UpstreamResponse) => void;
  readonly #reject: (reason: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #queue: Buffer[] = [];
  #queued = 0;
  #reader: { resolve(bytes: Uint8Array | null): void; reject(reason: unknown): void } | undefined;
  /** Monotonic milliseconds. */
  #handedOutAt = Number.NEGATIVE_INFINITY;
  #gathering: NodeJS.Timeout | undefined;
  #ended = false;
  #error: unknown;
  #rest: { bytes: number; timer: NodeJS.Timeout } | undefined;
  #informational = 0;

  constructor(
    signal: AbortSignal,
    resolve: (response: UpstreamResponse) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onAbort = () => this.#abandon(signal.reason);
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Starts the connect timeout, unless an open connection has already been used. */
  waitForConnection(timeoutMs: number): void {
    if (this.#controller !== undefined || this.#ended) return;
    this.#connectTimer = setTimeout(
      () => this.#fail(new UpstreamError("connect", UNREACHABLE_IN_TIME, undefined, "CONNECT_TIMEOUT")),
      timeoutMs,
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.#connectTimer);
    this.#controller = controller;
    // Aborted while the connection was being made: the request is never written.
    if (this.#ended) controller.abort(new Error("The request was aborted."));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) {
      this.#informational++;
      if (this.#informational > MAX_INFORMATIONAL)
        this.#fail(new UpstreamError("protocol", "The provider's answer did not begin."));
      return;
    }
    const header = (name: string): string | undefined => {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    this.#resolve({ status, header, body: decompressed(this, header("content-encoding")) });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#rest !== undefined) {
      this.#rest.bytes += chunk.length;
      if (this.#rest.bytes > MAX_REST) this.cancel();
      return;
    }
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    if (this.#reader !== undefined) this.#wakeSoon();
    else if (this.#queued >= WINDOW) controller.pause();
  }

  onResponseEnd(): void {
    this.#settle();
    this.#wake();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#fail(upstreamError(error, this.#controller !== undefined));
  }

  /** All that has come: it is decoded in one piece. */
  poll(): Uint8Array | undefined {
    const [first] = this.#queue;
    if (first === undefined) return undefined;
    const bytes = this.#queue.length === 1 ? first : Buffer.concat(this.#queue, this.#queued);
    this.#queue = [];
    this.#queued = 0;
    this.#handedOutAt = performance.now();
    if (this.#controller?.paused === true && !this.#ended) this.#controller.resume();
    return bytes;
  }

  #wakeSoon(): void {
    const isSoon = performance.now() - this.#handedOutAt < SOON_MS;
    if (!isSoon || this.#queued >= MAX_GATHERED) this.#wake();
    else this.#gathering ??= setTimeout(() => this.#wake(), GATHER_MS);
  }

  /** Hands what has come to whoever waits for it; if nothing has, the end. */
  #wake(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(this.poll() ?? null);
  }

  read(): Promise<Uint8Array | null> {
    const chunk = this.poll();
    if (chunk !== undefined) return Promise.resolve(chunk);
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  release(): void {
    if (this.#ended || this.#rest !== undefined) return;
    this.#queue = [];
    const timer = setTimeout(() => this.cancel(), REST_MS);
    timer.unref();
    this.#rest = { bytes: 0, timer };
    if (this.#controller?.paused === true) this.#controller.resume();
  }

  cancel(): void {
    if (!this.#ended) this.#abandon(new UpstreamError("reset", "The connection was closed."));
  }

  /** Aborted on our side: nothing more is read. */
  #abandon(reason: unknown): void {
    this.#queue = [];
    this.#fail(reason);
  }

  /** Ends the exchange with an error, which follows the bytes that have arrived, and closes the connection. */
  #fail(reason: unknown): void {
    if (this.#ended) return;
    this.#error = reason;
    this.#settle();
    this.#reject(reason);
    if (this.#queue.length > 0) this.#wake();
    this.#reader?.reject(reason);
    this.#reader = undefined;
    if (this.#controller?.aborted === false) {
      this.#controller.abort(reason instanceof Error ? reason : new Error("The request was aborted."));
    }
  }

  #settle(): void {
    this.#ended = true;
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#gathering);
    if (this.#rest !== undefined) clearTimeout(this.#rest.timer);
    this.#signal.removeEventListener("abort", this.#onAbort);
  }
}
