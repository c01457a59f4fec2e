import { TurnNotBegun } from "#lib/services/ledger/turn-store.ts";
import type { Clock, Timer } from "#lib/shared/clock.ts";
import { FairQueue } from "#lib/shared/fair-queue.ts";

export type BeginQueueOptions = {
  clock: Clock;
  /** Begins that the database gets at once. More of them take longer each, and not less in all. */
  maxRunning: number;
  /** Begins that wait for their turn; all users together. */
  maxWaiting: number;
  /** How long one waits at most, milliseconds. */
  maxWaitMs: number;
  /** How long waiting and beginning may take together, milliseconds. */
  maxTotalMs: number;
};

type Waiter = {
  /** The id of the user. */
  owner: string;
  /** Hands over the place of a begin that is done. */
  start(): void;
  refuse(error: TurnNotBegun): void;
};

/** Seconds after which a refused client may try again. */
const RETRY_AFTER_SECONDS = 2;

/**
 * Lets so many begins run at once, and the others wait: one of each user in turn, so that somebody who sends
 * hundreds delays nobody else. Without a crowd a begin runs at once.
 */
export class BeginQueue {
  readonly #options: BeginQueueOptions;
  #running = 0;
  readonly #waiting = new FairQueue<string, Waiter>();

  constructor(options: BeginQueueOptions) {
    this.#options = options;
  }

  /**
   * Runs `work` when it is its turn, and tells it how many milliseconds it has. Throws `TurnNotBegun` if it was not
   * run: `database_unavailable` if too many wait or it has waited too long, `client_closed_request` if the signal
   * aborts meanwhile.
   */
  async run<Result>(
    userId: string,
    work: (timeoutMs: number) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const { clock, maxRunning, maxTotalMs } = this.#options;
    const since = clock.now();
    if (this.#running < maxRunning) this.#running++;
    else await this.#wait(userId, signal);
    try {
      return await work(maxTotalMs - (clock.now() - since));
    } finally {
      this.#release();
    }
  }

  #wait(userId: string, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(clientLeft());
    if (this.#waiting.size >= this.#options.maxWaiting) {
      const victim = this.#waiting.victimOf(userId);
      if (victim === undefined) return Promise.reject(tooMany());
      victim.refuse(tooMany());
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => waiter.refuse(clientLeft());
      const leave = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", onAbort);
        this.#waiting.remove(waiter);
      };
      const waiter: Waiter = {
        owner: userId,
        start: () => {
          leave();
          resolve();
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      const timer: Timer = this.#options.clock.after(this.#options.maxWaitMs, () => waiter.refuse(tooMany()));
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiter);
    });
  }

  /** The place goes to the next one that waits, or becomes free. */
  #release(): void {
    const next = this.#waiting.take();
    if (next === undefined) this.#running--;
    else next.start();
  }
}

function tooMany(): TurnNotBegun {
  return new TurnNotBegun(
    "database_unavailable",
    "The database has more turns to begin than it manages. Try again shortly.",
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}

function clientLeft(): TurnNotBegun {
  return new TurnNotBegun("client_closed_request", "The client closed the request.");
}
