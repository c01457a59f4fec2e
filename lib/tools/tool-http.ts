import { GatewayError } from "#lib/shared/errors.ts";

export type ToolHttpOptions = {
  /** Aborts the request at once, whatever has arrived of its answer. */
  signal: AbortSignal;
  headers?: Readonly<Record<string, string>>;
  /** A longer answer is `too_large`, and no more of it is held in memory; 1 MiB if it is missing. */
  maxBytes?: number;
};

/**
 * The HTTP client of tools: one request, one JSON answer with a status from 200 to 299. Follows no redirect.
 * Rejects with `ToolHttpError`, or with the signal's reason if that is no time-out.
 */
export type ToolHttp = {
  getJson(url: URL, options: ToolHttpOptions): Promise<unknown>;
  postJson(url: URL, body: unknown, options: ToolHttpOptions): Promise<unknown>;
};

/** What went wrong between a tool and its source. */
export type ToolHttpFailure =
  /** It answered another status than 2xx; `reason` is what it says about that, redacted and short. */
  | { kind: "status"; status: number; reason?: string; retryAfterSeconds?: number }
  /** No connection, or it broke. */
  | { kind: "unreachable" }
  /** The answer is not JSON. */
  | { kind: "garbage" }
  | { kind: "too_large" }
  | { kind: "timeout" };

/** A source failed. The message is for models, clients and logs: it has no address and no secret in it. */
export class ToolHttpError extends GatewayError {
  override readonly name = "ToolHttpError";
  readonly failure: ToolHttpFailure;

  constructor(failure: ToolHttpFailure, cause?: unknown) {
    super("stream_interrupted", inWords(failure), {
      cause,
      ...(failure.kind === "status" ? { retryAfterSeconds: failure.retryAfterSeconds } : {}),
    });
    this.failure = failure;
  }
}

function inWords(failure: ToolHttpFailure): string {
  switch (failure.kind) {
    case "status":
      return `The source answered with status ${failure.status}${failure.reason === undefined ? "" : `: ${failure.reason}`}`;
    case "unreachable":
      return "The source could not be reached.";
    case "garbage":
      return "The source's answer was not usable.";
    case "too_large":
      return "The source's answer was too long.";
    case "timeout":
      return "The source did not answer in time.";
  }
}
