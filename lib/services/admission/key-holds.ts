import type { Logger } from "#lib/services/ports.ts";
import type { Clock, Timer } from "#lib/shared/clock.ts";

/** What has been stored is asked to be released once more after this long, milliseconds: it may have been refused. */
const SWEEP_MS = 2_000;
/** Releases in one call. */
const MAX_BATCH = 500;
/** Ids that wait to be released while the database is unavailable. Beyond that the leases end what is held. */
const MAX_WAITING = 10_000;

export type HoldStore = {
  /** Ends what these requests hold; harmless if that is nothing. Throws `database_unavailable`. */
  release(requestIds: readonly string[]): Promise<void>;
};

/**
 * `admitted`: nothing has been begun with it. `running`: a turn in the ledger, whose end ends the hold. `ended`: the
 * turn has ended, and the database may not know yet.
 */
export type Held = {
  keyId: string;
  takesSlot: boolean;
  /** Whether the database holds it too; `maybe` if its answer was lost. */
  stored: "yes" | "maybe" | "no";
  state: "admitted" | "running" | "ended";
};

/**
 * What requests of keys hold in this process: one of the key's requests at once, and a part of its budget. In the
 * database the same is ended by the transaction that stores the turn; what never gets a row is released from here.
 */
export class KeyHolds {
  readonly #store: HoldStore;
  readonly #clock: Clock;
  readonly #logger: Pick<Logger, "warn">;
  readonly #held = new Map<string, Held>();
  readonly #slots = new Map<string, number>();
  /** Requests that have ended and may still be held in the database, by key. */
  readonly #ended = new Map<string, Set<string>>();
  readonly #releases = new Set<string>();
  #releasing: Promise<void> | undefined;
  #sweep: Timer | undefined;
  readonly #swept = new Set<string>();

  constructor(store: HoldStore, clock: Clock, logger: Pick<Logger, "warn">) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  hold(requestId: string, keyId: string, { takesSlot, stored }: Pick<Held, "takesSlot" | "stored">): void {
    if (this.#held.has(requestId)) return;
    this.#held.set(requestId, { keyId, takesSlot, stored, state: "admitted" });
    if (takesSlot) this.#slots.set(keyId, this.slotsOf(keyId) + 1);
  }

  /** How many of a key's requests at once are taken in this process. */
  slotsOf(keyId: string): number {
    return this.#slots.get(keyId) ?? 0;
  }

  /** Requests of a key that have ended here, and which the database may still count. */
  endedOf(keyId: string): string[] {
    return [...(this.#ended.get(keyId) ?? [])];
  }

  /** A turn has begun with it, and its end will end the hold. */
  begin(requestId: string): void {
    const held = this.#held.get(requestId);
    if (held?.state === "admitted") held.state = "running";
  }

  /** The turn has ended, and is on its way to the database. */
  end(requestId: string): void {
    const held = this.#held.get(requestId);
    if (held === undefined || held.state === "ended") return;
    this.#freeSlot(held);
    if (held.stored === "no") return void this.#held.delete(requestId);
    held.state = "ended";
    const ended = this.#ended.get(held.keyId) ?? new Set();
    this.#ended.set(held.keyId, ended.add(requestId));
  }

  /** The turn is stored, or given up. If the database has refused it, it is released a little later. */
  stored(requestId: string): void {
    const held = this.#held.get(requestId);
    if (held === undefined) return;
    this.#forget(requestId, held);
    if (held.stored !== "no") this.#sweepLater([requestId]);
  }

  /** Nothing was begun with it after all; harmless for a running turn. Resolves when it is released, never rejects. */
  async release(requestId: string): Promise<void> {
    if (this.#held.get(requestId)?.state === "admitted") await this.drop(requestId);
  }

  /** The turn was not begun, or it is unknown whether it was. Resolves when it is released, never rejects. */
  async drop(requestId: string): Promise<void> {
    const held = this.#held.get(requestId);
    if (held === undefined) return;
    if (held.state !== "ended") this.#freeSlot(held);
    this.#forget(requestId, held);
    if (held.stored === "no") return;
    if (held.stored === "maybe") this.disown(requestId);
    this.#releases.add(requestId);
    // All that end in the same moment go together.
    this.#releasing ??= Promise.resolve().then(() => this.#releaseAll());
    await this.#releasing;
  }

  /** The database may hold it, or come to hold it in a moment, although the request was not admitted. */
  disown(requestId: string): void {
    this.#sweepLater([requestId]);
  }

  #freeSlot({ keyId, takesSlot }: Held): void {
    if (!takesSlot) return;
    const left = this.slotsOf(keyId) - 1;
    if (left > 0) this.#slots.set(keyId, left);
    else this.#slots.delete(keyId);
  }

  #forget(requestId: string, { keyId }: Held): void {
    this.#held.delete(requestId);
    const ended = this.#ended.get(keyId);
    if (ended?.delete(requestId) === true && ended.size === 0) this.#ended.delete(keyId);
  }

  async #releaseAll(): Promise<void> {
    this.#releasing = undefined;
    const all = [...this.#releases];
    this.#releases.clear();
    for (let from = 0; from < all.length; from += MAX_BATCH) {
      const ids = all.slice(from, from + MAX_BATCH);
      try {
        await this.#store.release(ids);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#logger.warn("What requests of keys held could not be released yet.", {
          reason,
          requests: ids.length,
        });
        this.#sweepLater(ids);
      }
    }
  }

  #sweepLater(requestIds: readonly string[]): void {
    for (const id of requestIds) if (this.#swept.size < MAX_WAITING) this.#swept.add(id);
    this.#sweep ??= this.#clock.after(SWEEP_MS, () => {
      this.#sweep = undefined;
      for (const id of this.#swept) this.#releases.add(id);
      this.#swept.clear();
      void this.#releaseAll();
    });
  }
}
