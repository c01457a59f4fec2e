import type { IncomingMessage, ServerResponse } from "node:http";
import { GatheredLines } from "#lib/adapters/gathered-lines.ts";
import { redact } from "#lib/shared/redact.ts";

const MAX_PATH = 200;
/** Paths whose redacted form is cached. There are few, except in a scan. */
const MAX_CACHED = 100;
const PROBE = "/api/health";
/** The status for a client that disconnected before its answer began. */
const CLIENT_CLOSED = 499;

/** Details of a request that only the route knows. */
export type AccessDetails = {
  requestId: string | undefined;
  /** `user`, `key` or `open`; undefined if the caller was not authenticated. */
  caller: string | undefined;
  /** `provider/model` that answered, on the OpenAI-compatible routes. */
  engine: string | undefined;
};

/** Writes one JSON line a request, when its answer has ended: no query, no header, no body, no address. */
export class AccessLog {
  readonly #lines: GatheredLines;
  readonly #details = new WeakMap<ServerResponse, AccessDetails>();
  readonly #paths = new Map<string, string>();

  constructor(write: (text: string) => void) {
    this.#lines = new GatheredLines(write);
  }

  begin(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const startedAt = performance.now();
    outgoing.once("close", () => this.#end(incoming, outgoing, performance.now() - startedAt));
  }

  detail(outgoing: ServerResponse, details: AccessDetails): void {
    this.#details.set(outgoing, details);
  }

  /** Writes what waits. */
  flush(): void {
    this.#lines.flush();
  }

  #end(incoming: IncomingMessage, outgoing: ServerResponse, milliseconds: number): void {
    // Successful probes are left out: load balancers send one every few seconds.
    if (incoming.url === PROBE && outgoing.statusCode === 200) return;
    const entry = {
      time: new Date().toISOString(),
      level: "info",
      message: "request",
      method: incoming.method,
      path: this.#pathOf(incoming.url ?? "/"),
      status: outgoing.headersSent ? outgoing.statusCode : CLIENT_CLOSED,
      durationMs: Math.round(milliseconds),
      ...this.#details.get(outgoing),
      // The client disconnected, or the answer broke off.
      ...(outgoing.writableFinished ? {} : { aborted: true }),
    };
    this.#lines.add(JSON.stringify(entry));
  }

  /** The path without its query, which may hold a secret; a mistyped path may, too, so it is redacted. */
  #pathOf(target: string): string {
    const end = target.indexOf("?");
    const path = (end === -1 ? target : target.slice(0, end)).slice(0, MAX_PATH);
    const known = this.#paths.get(path);
    if (known !== undefined) return known;
    const clean = redact(path);
    if (this.#paths.size < MAX_CACHED) this.#paths.set(path, clean);
    return clean;
  }
}
