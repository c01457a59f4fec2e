import type { HeaderLookup } from "#lib/providers/failures/retry-hint.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type UpstreamRequest = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: string;
  headers: Record<string, string>;
  /** Several pieces are sent one after another, as one body of their summed length. */
  body: string | Uint8Array | readonly Uint8Array[] | undefined;
};

/**
 * The body of an answer. The reader pulls: only a small window is read ahead from the socket, so
 * back-pressure reaches the provider.
 */
export type UpstreamBody = {
  /** The next bytes, decompressed; null at the end. Throws `UpstreamError`. */
  read(): Promise<Uint8Array | null>;
  /** Bytes that have already arrived, without waiting; undefined when there are none. */
  poll(): Uint8Array | undefined;
  /**
   * The rest is not needed: it is drained, so that the connection can serve the next request. Never
   * waits, never throws.
   */
  release(): void;
  /**
   * Closes the connection unless the body has ended; may be called more than once. A pending read
   * rejects with `UpstreamError` of kind `reset`.
   */
  cancel(): void;
};

export type UpstreamResponse = { status: number; header: HeaderLookup; body: UpstreamBody };

export type UpstreamErrorKind = "connect" | "reset" | "too_large" | "protocol";

/** A failure below HTTP. The message contains no key and no URL. */
export class UpstreamError extends GatewayError {
  override readonly name = "UpstreamError";
  readonly kind: UpstreamErrorKind;
  /** The system's error code (`ECONNREFUSED`, `CERT_HAS_EXPIRED`), if it has one. */
  readonly systemCode: string | undefined;

  constructor(kind: UpstreamErrorKind, message: string, cause?: unknown, systemCode?: string) {
    super("stream_interrupted", message, cause === undefined ? {} : { cause });
    this.kind = kind;
    this.systemCode = systemCode;
  }
}

/**
 * The HTTP client for all provider calls. Never follows a redirect. Rejects with `UpstreamError`; when the
 * signal aborts, it closes the connection at once and rejects with the signal's reason.
 */
export type Upstream = {
  send(
    request: UpstreamRequest,
    options: { signal: AbortSignal; connectTimeoutMs: number },
  ): Promise<UpstreamResponse>;
};
