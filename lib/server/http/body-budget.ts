import { getHeapStatistics } from "node:v8";
import { GatewayError } from "#lib/shared/errors.ts";

const MEGABYTE = 1024 * 1024;
/** The default for a process with enough memory, megabytes; the rest of a gigabyte is for working on bodies. */
const DEFAULT_MEGABYTES = 192;
const MIN_MEGABYTES = 64;
/** If memory is scarce: the share of the JavaScript heap. */
const HEAP_SHARE = 1 / 4;

/** When a request that was refused for lack of memory may be sent again, seconds. */
const RETRY_AFTER_SECONDS = 2;

/** A request up to this size is small, bytes; most are. */
const SMALL_BYTES = 64 * 1024;
/** The share of the memory that is reserved for small requests, so that large ones cannot block them. */
const SMALL_SHARE = 1 / 4;
/** The slowest pace of a body, so that stalled uploads do not hold memory: bytes in so many milliseconds. */
const MIN_BYTES_A_SPAN = 32 * 1024;
const SPAN_MS = 15_000;

export type BodyBudgetOptions = {
  /** For all requests of this process together, bytes. */
  maxBytes: number;
  /** For the requests of one caller, bytes. */
  maxBytesPerCaller: number;
  /** The time in which at least 32 KB of a body must arrive, milliseconds; 15 s by default. */
  spanMs?: number | undefined;
};

/**
 * The budget of this process: as configured, in megabytes, or what fits its heap. One caller gets half of it.
 */
export function bodyBudgetOptions(configured: number | undefined): BodyBudgetOptions {
  const heapMegabytes = getHeapStatistics().heap_size_limit / MEGABYTE;
  const fitting = Math.min(
    DEFAULT_MEGABYTES,
    Math.max(MIN_MEGABYTES, Math.floor(heapMegabytes * HEAP_SHARE)),
  );
  const maxBytes = (configured ?? fitting) * MEGABYTE;
  return { maxBytes, maxBytesPerCaller: maxBytes / 2 };
}

/** The memory that the body of one request holds, from its first byte to the end of its answer. */
export type BodyRoom = {
  /**
   * Takes this many more bytes. Throws `rate_limited` if the requests of the caller hold too much,
   * `overloaded` if those of the process do, `payload_too_large` if this request alone exceeds a caller's part.
   */
  take(bytes: number): void;
  /** The pace at which the body has to come. */
  readonly pace: { minBytes: number; spanMs: number };
  /** Gives everything back. Harmless when repeated. */
  release(): void;
  /** Bytes that it has taken so far, given back or not. */
  readonly taken: number;
};

/**
 * The memory that request bodies may take. A body is held until its request has been answered, since the
 * next engine may need it: without a bound, one caller's uploads would end the process for everybody.
 */
export class BodyBudget {
  readonly #options: BodyBudgetOptions;
  readonly #takenByCaller = new Map<string, number>();
  #taken = 0;

  constructor(options: BodyBudgetOptions) {
    this.#options = options;
  }

  /** Bytes that are taken now. */
  get taken(): number {
    return this.#taken;
  }

  /** @param caller whose requests share one part of the budget. */
  open(caller: string): BodyRoom {
    let held = 0;
    let isReleased = false;
    return {
      pace: { minBytes: MIN_BYTES_A_SPAN, spanMs: this.#options.spanMs ?? SPAN_MS },
      take: (bytes) => {
        if (isReleased) return;
        this.#assertRoom(caller, held, bytes);
        this.#add(caller, bytes);
        held += bytes;
      },
      get taken() {
        return held;
      },
      release: () => {
        if (isReleased) return;
        isReleased = true;
        if (held > 0) this.#add(caller, -held);
      },
    };
  }

  #assertRoom(caller: string, held: number, bytes: number): void {
    const { maxBytes, maxBytesPerCaller } = this.#options;
    const retryAfterSeconds = RETRY_AFTER_SECONDS;
    const isSmall = held + bytes <= SMALL_BYTES;
    if (held + bytes > maxBytesPerCaller) {
      throw new GatewayError(
        "payload_too_large",
        "The body needs more memory than the gateway gives one caller. Send less, or raise BODY_MEMORY_MB.",
      );
    }
    if ((this.#takenByCaller.get(caller) ?? 0) + bytes > maxBytesPerCaller) {
      throw new GatewayError(
        "rate_limited",
        "Your requests in progress are too large in total. Wait until some of them have been answered.",
        { retryAfterSeconds },
      );
    }
    if (this.#taken + bytes > (isSmall ? maxBytes : maxBytes * (1 - SMALL_SHARE))) {
      throw new GatewayError(
        "overloaded",
        "The gateway has as many large requests in progress as its memory allows. Try again shortly.",
        { retryAfterSeconds },
      );
    }
  }

  #add(caller: string, bytes: number): void {
    this.#taken += bytes;
    const taken = (this.#takenByCaller.get(caller) ?? 0) + bytes;
    if (taken > 0) this.#takenByCaller.set(caller, taken);
    else this.#takenByCaller.delete(caller);
  }
}
