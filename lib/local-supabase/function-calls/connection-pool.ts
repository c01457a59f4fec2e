import type { Sql } from "postgres";

/** More calls wait for a connection than may. */
export class TooManyCalls extends Error {
  constructor() {
    super("Too many calls are waiting for a connection.");
    this.name = "TooManyCalls";
  }
}

export type ConnectionPoolOptions = {
  /** A client of one connection, which opens when it is first used and again after it was lost. */
  connect(): Sql;
  maxConnections: number;
  maxWaiting: number;
};

/** A few connections, for one call at a time each; further calls wait in the order in which they came. */
export class ConnectionPool {
  readonly #options: ConnectionPoolOptions;
  /** The last one used is the next, so that few calls keep few connections busy. */
  readonly #idle: Sql[] = [];
  readonly #waiting = new Set<(connection: Sql) => void>();
  #count = 0;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
  }

  /** Rejects with the signal's reason if that aborts first, or with `TooManyCalls`. */
  acquire(signal: AbortSignal): Promise<Sql> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return Promise.resolve(idle);
    if (this.#count < this.#options.maxConnections) {
      this.#count++;
      return Promise.resolve(this.#options.connect());
    }
    if (this.#waiting.size >= this.#options.maxWaiting) return Promise.reject(new TooManyCalls());
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        if (this.#waiting.delete(take)) reject(signal.reason);
      };
      const take = (connection: Sql): void => {
        signal.removeEventListener("abort", leave);
        resolve(connection);
      };
      this.#waiting.add(take);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  release(connection: Sql): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#idle.push(connection);
      return;
    }
    this.#waiting.delete(next);
    next(connection);
  }
}
