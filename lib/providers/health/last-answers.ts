import { BoundedMap } from "#lib/shared/bounded-map.ts";

/** News of other instances are seconds old, so only the latest answers matter. */
const MAX_ENTRIES = 2_000;

/** For each entry, when the latest of its answered calls began: what is newer than another instance's news. */
export class LastAnswers {
  readonly #startedAt = new BoundedMap<string, number>(MAX_ENTRIES);

  /** A call that began at `startedAt`, monotonic milliseconds, was answered by what these ids name. */
  note(startedAt: number, ...ids: readonly string[]): void {
    for (const id of ids) {
      if (startedAt >= (this.#startedAt.get(id) ?? 0)) this.#startedAt.set(id, startedAt);
    }
  }

  /** Whether a call has been answered that began after this moment, monotonic milliseconds. */
  isAfter(id: string, moment: number): boolean {
    return (this.#startedAt.get(id) ?? Number.NEGATIVE_INFINITY) > moment;
  }
}
