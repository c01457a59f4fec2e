import type { HeaderLookup } from "#lib/providers/failures/retry-hint.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type UpstreamRequest = {
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  /** Several pieces are sent one after another, as one body of their summed length. */
  body: string | Uint8Array | readonly Uint8Array[] | undefined;
};

/**
 * The body of an answer, read by pulling: nothing more is taken from the socket than a small window
 * ahead of the reader, so back-pressure reaches the provider.
 */
export type UpstreamBody = {
  /** The next bytes, decompressed; null at the end. Throws `UpstreamError`. */
  read(): Promise<Uint8Array | null>;
  /** Bytes that are here already, without waiting; undefined when there are none. */
  poll(): Uint8Array | undefined;
  /**
   * Nothing more is needed: what little may still come is read away, so that the connection can serve
   * the next request. Never waits, never throws.
   */
  release(): void;
  /**
   * Closes the connection unless the body is already at its end; harmless when repeated. A read that is
   * waiting rejects with `UpstreamError` of kind `reset`.
   */
  cancel(): void;
};

export type UpstreamResponse = { status: number; header: HeaderLookup; body: UpstreamBody };

export type UpstreamErrorKind = "connect" | "reset" | "too_large" | "protocol";

/** What can go wrong below HTTP; the message holds no key and no URL. */
export class UpstreamError extends GatewayError {
  override readonly name = "UpstreamError";
  readonly kind: UpstreamErrorKind;
  /** What the system calls it (`ECONNREFUSED`, `CERT_HAS_EXPIRED`), where it has a word. */
  readonly systemCode: string | undefined;

  constructor(kind: UpstreamErrorKind, message: string, cause?: unknown, systemCode?: string) {
    super("stream_interrupted", message, cause === undefined ? {} : { cause });
    this.kind = kind;
    this.systemCode = systemCode;
  }
}

/**
 * The one way out to providers. Never follows a redirect. Rejects with `UpstreamError`; an abort of the
 * signal closes the connection at once and rejects with the signal's reason.
 */
export type Upstream = {
  send(
    request: UpstreamRequest,
    options: { signal: AbortSignal; connectTimeoutMs: number },
  ): Promise<UpstreamResponse>;
};
