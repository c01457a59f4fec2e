import { BoundedMap } from "#lib/shared/bounded-map.ts";

/** The span of a client that a turn belongs to. */
export type TraceParent = { traceId: string; spanId: string; isSampled: boolean };

/** Requests whose turn has not ended. */
const MAX_REQUESTS = 10_000;
const MAX_LENGTH = 256;
const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const FIRST_VERSION_LENGTH = 55;
const ZEROS = /^0+$/;

/**
 * Reads a `traceparent` header (W3C Trace Context); undefined for one that is not valid, which counts as none. Later
 * versions may be longer; what is known of them is read.
 */
function readTraceParent(header: string): TraceParent | undefined {
  if (header.length > MAX_LENGTH) return undefined;
  const [, version = "", traceId = "", spanId = "", flags = ""] = FORM.exec(header) ?? [];
  if (version === "" || version === "ff") return undefined;
  if (version === "00" && header.length !== FIRST_VERSION_LENGTH) return undefined;
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The parents of turns, from the request until the turn has ended. */
export class TraceParents {
  readonly #parents = new BoundedMap<string, TraceParent>(MAX_REQUESTS);

  note(requestId: string, headers: Headers): void {
    const header = headers.get("traceparent");
    const parent = header === null ? undefined : readTraceParent(header.trim());
    if (parent !== undefined) this.#parents.set(requestId, parent);
  }

  /** The parent of the turn of this request, once. */
  take(requestId: string): TraceParent | undefined {
    const parent = this.#parents.get(requestId);
    if (parent !== undefined) this.#parents.delete(requestId);
    return parent;
  }
}
