import type { InstalledList } from "#lib/providers/catalogue/installed-models.ts";
import type { Installation } from "#lib/providers/registry.ts";
import { createListReader, type ListReader } from "#lib/server/wiring/installed-list.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";

/** Lists that are older, milliseconds, are read again when they are needed: new models are usable within it. */
export const FRESH_MS = 5_000;

export type ReadOptions = {
  /** Lists that are older, milliseconds, are read again. */
  maxAgeMs: number;
  /** How long to wait for that, milliseconds; then older lists must do, or none. */
  waitMs: number;
};

/**
 * The models that are installed at providers such as Ollama. Their lists are read in the background, when they
 * are needed and no longer fresh. A host that does not answer delays nobody for long; its last list is kept.
 */
export class InstalledModels {
  /** The providers that list their models. */
  readonly providers: readonly string[];
  readonly #readers: readonly ListReader[];
  readonly #clock: Clock;
  #lists: readonly InstalledList[] = [];
  #reading: Promise<void> | undefined;
  /** When the last read ended, monotonic milliseconds. */
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(installations: readonly Installation[], clock: Clock) {
    this.providers = installations.map(({ provider }) => provider);
    this.#readers = installations.map(createListReader);
    this.#clock = clock;
  }

  /**
   * The lists of those providers that have answered so far; the array stays the same until a list changes.
   * Begins to read them again if they are no longer fresh.
   */
  lists(): readonly InstalledList[] {
    void this.#refresh(FRESH_MS);
    return this.#lists;
  }

  /** The same, read before if they are too old. */
  async read({ maxAgeMs, waitMs }: ReadOptions): Promise<readonly InstalledList[]> {
    const reading = this.#refresh(maxAgeMs);
    if (reading === undefined) return this.#lists;
    const done = new AbortController();
    await Promise.race([reading, sleep(this.#clock, waitMs, done.signal)]);
    done.abort();
    return this.#lists;
  }

  /** The read that is under way or begins now; undefined if the lists are not that old. */
  #refresh(maxAgeMs: number): Promise<void> | undefined {
    if (this.#readers.length === 0) return undefined;
    if (this.#reading === undefined && this.#clock.now() - this.#readAt > maxAgeMs) {
      this.#reading = this.#readAll().finally(() => {
        this.#reading = undefined;
        this.#readAt = this.#clock.now();
      });
    }
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    const read = await Promise.all(this.#readers.map((reader) => reader()));
    const lists = read.flatMap((list) => list ?? []);
    const isSame = lists.length === this.#lists.length && lists.every((list, at) => list === this.#lists[at]);
    if (!isSame) this.#lists = lists;
  }
}
