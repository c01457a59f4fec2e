import { getHeapStatistics } from "node:v8";
import { GatewayError } from "#lib/shared/errors.ts";

const MEGABYTE = 1024 * 1024;
/** What a process with memory enough gives to bodies, megabytes; the rest of a gigabyte is for working on them. */
const DEFAULT_MEGABYTES = 192;
const MIN_MEGABYTES = 64;
/** Where memory is scarce: the share of the JavaScript heap. */
const HEAP_SHARE = 1 / 4;

/** What is refused for want of room may be sent again after this, seconds. */
const RETRY_AFTER_SECONDS = 2;

export type BodyBudgetOptions = {
  /** For all requests of this process together, bytes. */
  maxBytes: number;
  /** For the requests of one caller, bytes. */
  maxBytesPerCaller: number;
};

/**
 * The budget of this process: what the operator says, in megabytes, or what fits its heap. One caller gets
 * half of it.
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

/** The room that the body of one request takes, from its first byte to the end of its answer. */
export type BodyRoom = {
  /**
   * Takes this many bytes more. Throws `rate_limited` when the caller has too much under way, `overloaded`
   * when the process has.
   */
  take(bytes: number): void;
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
      take: (bytes) => {
        if (isReleased) return;
        this.#assertRoom(caller, bytes);
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

  #assertRoom(caller: string, bytes: number): void {
    const { maxBytes, maxBytesPerCaller } = this.#options;
    const retryAfterSeconds = RETRY_AFTER_SECONDS;
    if ((this.#takenByCaller.get(caller) ?? 0) + bytes > maxBytesPerCaller) {
      throw new GatewayError(
        "rate_limited",
        "Your requests under way are too large together. Wait until some of them have been answered.",
        { retryAfterSeconds },
      );
    }
    if (this.#taken + bytes > maxBytes) {
      throw new GatewayError(
        "overloaded",
        "The gateway has as many large requests under way as its memory allows. Try again shortly.",
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
