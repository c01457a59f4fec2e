import { TurnNotBegun } from "#lib/services/ledger/turn-store.ts";
import type { Clock, Timer } from "#lib/shared/clock.ts";

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
  userId: string;
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
  #waiting = 0;
  /** Who waits, by user. The first user is the next one, and goes to the end then. */
  readonly #users = new Map<string, Set<Waiter>>();

  constructor(options: BeginQueueOptions) {
    this.#options = options;
  }

  /**
   * Runs `work` when it is its turn, and tells it how many milliseconds it has. Throws `TurnNotBegun` if it was not run: `database_unavailable` if too many
   * wait or it has waited too long, `client_closed_request` if the signal aborts meanwhile.
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
    if (this.#waiting >= this.#options.maxWaiting) {
      const victim = this.#newestOfBusiest(userId);
      if (victim === undefined) return Promise.reject(tooMany());
      victim.refuse(tooMany());
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => waiter.refuse(clientLeft());
      const leave = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", onAbort);
        this.#remove(waiter);
      };
      const waiter: Waiter = {
        userId,
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
      this.#add(waiter);
    });
  }

  /** The place goes to the next one that waits, or becomes free. */
  #release(): void {
    const [user] = this.#users;
    if (user === undefined) {
      this.#running--;
      return;
    }
    const [userId, waiters] = user;
    // To the end; starting the last one removes the user.
    this.#users.delete(userId);
    this.#users.set(userId, waiters);
    const [next] = waiters;
    next?.start();
  }

  #add(waiter: Waiter): void {
    const waiters = this.#users.get(waiter.userId);
    if (waiters === undefined) this.#users.set(waiter.userId, new Set([waiter]));
    else waiters.add(waiter);
    this.#waiting++;
  }

  #remove(waiter: Waiter): void {
    const waiters = this.#users.get(waiter.userId);
    if (!waiters?.delete(waiter)) return;
    this.#waiting--;
    if (waiters.size === 0) this.#users.delete(waiter.userId);
  }

  /** Who gives way to one more begin of this user: of another user, who has more that wait. */
  #newestOfBusiest(userId: string): Waiter | undefined {
    let busiest = this.#users.get(userId) ?? new Set<Waiter>();
    const own = busiest;
    for (const waiters of this.#users.values()) if (waiters.size > busiest.size) busiest = waiters;
    // With one more than this user has, both would have as many as the other one has now.
    return busiest.size > own.size + 1 ? Array.from(busiest).at(-1) : undefined;
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
