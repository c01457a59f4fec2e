import { BoundedMap } from "#lib/shared/bounded-map.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** How long a reading is given to others, milliseconds: dashboards ask again and again, and in many windows. */
const FRESH_MS = 1_000;
const MAX_READINGS = 20;
/** How long a reading waits for those before it, milliseconds: less than a silent database takes to give up. */
const MAX_WAIT_MS = 5_000;

type Reading<Value> = { startedAt: number; isDone: boolean; value: Promise<Value> };

/**
 * Readings of something that is expensive to read, by a name such as the size of a window. Never more than one is
 * under way: who asks for the same meanwhile, or within a second, gets the same; others wait their turn, but not for
 * ever: then it throws `database_unavailable`. A failure is not kept.
 */
export class SharedReading<Name, Value> {
  readonly #read: (name: Name) => Promise<Value>;
  readonly #clock: Pick<Clock, "now">;
  readonly #readings = new BoundedMap<Name, Reading<Value>>(MAX_READINGS);
  #last: Promise<unknown> = Promise.resolve();

  constructor(read: (name: Name) => Promise<Value>, clock: Pick<Clock, "now">) {
    this.#read = read;
    this.#clock = clock;
  }

  get(name: Name): Promise<Value> {
    const known = this.#readings.get(name);
    if (known !== undefined && !this.#isStale(known)) return known.value;
    const askedAt = this.#clock.now();
    const reading: Reading<Value> = {
      startedAt: Number.POSITIVE_INFINITY,
      isDone: false,
      value: this.#inTurn(async () => {
        reading.startedAt = this.#clock.now();
        try {
          if (reading.startedAt - askedAt >= MAX_WAIT_MS) throw tooLate();
          return await this.#read(name);
        } catch (error) {
          reading.startedAt = Number.NEGATIVE_INFINITY;
          throw error;
        } finally {
          reading.isDone = true;
        }
      }),
    };
    this.#readings.set(name, reading);
    return reading.value;
  }

  #isStale({ isDone, startedAt }: Reading<Value>): boolean {
    return isDone && this.#clock.now() - startedAt >= FRESH_MS;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = Promise.allSettled([result]);
    return result;
  }
}

function tooLate(): GatewayError {
  return new GatewayError(
    "database_unavailable",
    "The database is slow: earlier readings took all the time.",
  );
}
