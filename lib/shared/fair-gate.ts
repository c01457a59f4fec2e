import { GatewayError } from "#lib/shared/errors.ts";
import { FairQueue } from "#lib/shared/fair-queue.ts";

/** Who wants to pass; where that is not known, the signal of its request, which all its work has. */
type Owner = string | AbortSignal;
type Waiting = { owner: Owner; pass(): void; refuse(error: Error): void };

export type FairGateOptions = {
  /** How much work is done at the same time. */
  atOnce: number;
  /** How much waits; more is refused, of whoever has the most. */
  maxWaiting: number;
  /** Why: `Too many images are being scaled at the moment.` */
  busy: string;
};

/** When a refused request may be sent again, seconds. */
const RETRY_AFTER_SECONDS = 5;

/** Lets a bounded number of pieces of heavy work through at a time. Owners take turns. */
export class FairGate {
  readonly #options: FairGateOptions;
  readonly #queue = new FairQueue<Owner, Waiting>();
  #passed = 0;

  constructor(options: FairGateOptions) {
    this.#options = options;
  }

  /** Does the work when it is its turn. Rejects also with `overloaded` if too much waits. */
  async run<Result>(
    owner: string | undefined,
    signal: AbortSignal,
    work: () => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    if (this.#passed >= this.#options.atOnce) await this.#wait(owner ?? signal, signal);
    else this.#passed += 1;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #wait(owner: Owner, signal: AbortSignal): Promise<void> {
    if (this.#queue.size >= this.#options.maxWaiting) this.#makeRoom(owner);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { owner, pass: resolve, refuse: reject };
    const onAbort = (): void => {
      if (this.#queue.remove(waiting)) reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    this.#queue.add(waiting);
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #makeRoom(owner: Owner): void {
    const victim = this.#queue.victimOf(owner);
    const error = new GatewayError("overloaded", `${this.#options.busy} Try again shortly.`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
    if (victim === undefined) throw error;
    this.#queue.remove(victim);
    victim.refuse(error);
  }

  /** The place goes to the next at once, so that nobody who comes now passes before those who wait. */
  #leave(): void {
    const next = this.#queue.take();
    if (next === undefined) this.#passed -= 1;
    else next.pass();
  }
}
