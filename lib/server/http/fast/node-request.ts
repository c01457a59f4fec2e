/**
 * A request of node:http as a web-standard Request, and its URL, from what node:http has parsed already.
 *
 * Plain path: the platform's `Request` (`#toRequest`) and its URL parser (`parseRequestUrl`).
 * Both agree: `__tests__/server/http/fast/node-request.test.ts`.
 * Why: the platform's Request costs as much as the rest of the host; `npm run bench`, the row "our host
 * alone" beside "leanest handler" (docs/BENCHMARKS.md).
 */

import type { IncomingMessage } from "node:http";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { CollectingRequest } from "#lib/server/http/body-reader.ts";
import { bodyStream } from "#lib/server/http/fast/body-stream.ts";
import { collectBody } from "#lib/server/http/fast/collect-body.ts";
import { NodeHeaders } from "#lib/server/http/fast/node-headers.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { memoized } from "#lib/shared/memo.ts";

const HOST = /^[^\s/\\?#@]+$/;
/** Characters that a URL parser does not change, in a path and in a query. */
const PLAIN_PATH = /^\/(?!\/)[\w\-~!$&()*+,;=:@/?%.]*$/;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i;
const MAX_HOSTS = 1_000;

/** A Host header as in a URL: checked by a parser, without the default port. "" if it is not valid. */
const canonicalHost = memoized(
  (host) => (HOST.test(host) ? (URL.parse(`http://${host}`)?.host ?? "") : ""),
  MAX_HOSTS,
);

/**
 * The canonical URL of a request. Throws `invalid_request` for a target or a Host that is not valid.
 */
export function requestUrl(incoming: IncomingMessage): string {
  const target = incoming.url ?? "/";
  const host = incoming.headers.host ?? "localhost";
  if (PLAIN_PATH.test(target) && !DOT_SEGMENT.test(target)) {
    const canonical = canonicalHost(host);
    if (canonical !== "") return `http://${canonical}${target}`;
  }
  return parseRequestUrl(target, host);
}

/** The plain path behind `requestUrl`. */
export function parseRequestUrl(target: string, host: string): string {
  // In the absolute form, which proxies send, the host of the target counts, not the header.
  const text = /^https?:\/\//i.test(target) ? target : `http://${host}${target}`;
  const isTarget = target.startsWith("/") || text === target;
  const url = isTarget && HOST.test(host) ? URL.parse(text) : null;
  if (url === null) throw new GatewayError("invalid_request", "The request's target or Host is not valid.");
  return url.href;
}

/** A request of node:http as a web-standard Request, whose parts are made when they are first used. */
export class NodeRequest implements CollectingRequest {
  readonly method: string;
  readonly url: string;
  readonly #incoming: IncomingMessage;
  readonly #client = new AbortController();
  #headers: NodeHeaders | undefined;
  #body: ReadableStream<Uint8Array<ArrayBuffer>> | null | undefined;
  #whole: Request | undefined;

  constructor(incoming: IncomingMessage, url: string) {
    this.method = incoming.method ?? "GET";
    this.url = url;
    this.#incoming = incoming;
  }

  get signal(): AbortSignal {
    return this.#client.signal;
  }

  /** Aborts the route's signal. */
  abort(reason: unknown): void {
    this.#client.abort(reason);
  }

  get headers(): NodeHeaders {
    this.#headers ??= new NodeHeaders(this.#incoming.rawHeaders);
    return this.#headers;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    if (this.#whole !== undefined) return this.#whole.body;
    this.#body ??= hasBody(this.#incoming) ? bodyStream(this.#incoming) : null;
    return this.#body;
  }

  collectBody(take: (chunk: Uint8Array) => void): Promise<void> {
    if (this.#body !== undefined || this.#whole !== undefined)
      return Promise.reject(new TypeError("The body is being read as a stream."));
    this.#body = null;
    return hasBody(this.#incoming) ? collectBody(this.#incoming, take) : Promise.resolve();
  }

  /** The platform's own Request, for rarely used members. */
  #toRequest(): Request {
    if (this.#whole !== undefined) return this.#whole;
    const { body } = this;
    this.#whole = new Request(this.url, {
      method: this.method,
      headers: this.headers.toHeaders(),
      signal: this.signal,
      ...(body === null ? {} : { body: body as NodeReadableStream & BodyInit, duplex: "half" }),
    });
    return this.#whole;
  }

  get bodyUsed(): boolean {
    return this.#whole?.bodyUsed ?? false;
  }
  get cache(): RequestCache {
    return this.#toRequest().cache;
  }
  get credentials(): RequestCredentials {
    return this.#toRequest().credentials;
  }
  get destination(): RequestDestination {
    return this.#toRequest().destination;
  }
  get integrity(): string {
    return this.#toRequest().integrity;
  }
  get keepalive(): boolean {
    return this.#toRequest().keepalive;
  }
  get mode(): RequestMode {
    return this.#toRequest().mode;
  }
  get redirect(): RequestRedirect {
    return this.#toRequest().redirect;
  }
  get referrer(): string {
    return this.#toRequest().referrer;
  }
  get referrerPolicy(): ReferrerPolicy {
    return this.#toRequest().referrerPolicy;
  }
  clone(): Request {
    return this.#toRequest().clone();
  }
  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#toRequest().arrayBuffer();
  }
  blob(): Promise<Blob> {
    return this.#toRequest().blob();
  }
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#toRequest().bytes();
  }
  formData(): Promise<FormData> {
    return this.#toRequest().formData();
  }
  json(): Promise<unknown> {
    return this.#toRequest().json();
  }
  text(): Promise<string> {
    return this.#toRequest().text();
  }
}

// So that `request instanceof Request` holds. `new Request(request)` throws: pass on its parts.
Object.setPrototypeOf(NodeRequest.prototype, Request.prototype);

function hasBody({ method, headers }: IncomingMessage): boolean {
  if (method === "GET" || method === "HEAD") return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
