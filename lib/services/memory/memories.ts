import type { MemoryChanges } from "#lib/memory/changes.ts";
import { cleanFact, factKey, MAX_FACT } from "#lib/memory/fact.ts";
import { secretIn } from "#lib/memory/secrets.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { Memory, MemoryStore } from "#lib/services/memory/memory-store.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Users whose deletions are known to this process. */
const MAX_USERS = 10_000;

/** What has become of changes. */
export type KeptChanges = {
  saved: string[];
  forgotten: string[];
  /** There was no room for these. */
  dropped: string[];
};

/** The facts of users: the rules that hold for all that is kept, whoever has found it. */
export class Memories {
  readonly #store: MemoryStore;
  /** How often each user has deleted something. */
  readonly #deletions = new BoundedMap<string, number>(MAX_USERS);

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  /** The oldest first. */
  list(caller: Caller): Promise<Memory[]> {
    return this.#store.list(caller);
  }

  /**
   * Adds a fact. If the user has it, that one is returned, and nothing is added.
   * Throws `invalid_request`, `unprocessable` (a secret) and `conflict` (no room).
   */
  async add(caller: Caller, fact: string): Promise<{ memory: Memory; isNew: boolean }> {
    const clean = checkedFact(fact);
    const known = sameFact(clean, await this.#store.list(caller));
    if (known !== undefined) return { memory: known, isNew: false };
    const memory = await this.#store.add(caller, clean);
    if (memory !== undefined) return { memory, isNew: true };
    // Added by somebody else meanwhile.
    const added = sameFact(clean, await this.#store.list(caller));
    if (added === undefined)
      throw new GatewayError("conflict", "This fact was changed at the same time. Try again.");
    return { memory: added, isNew: false };
  }

  /** Throws as `add` does, and `not_found`. */
  async edit(caller: Caller, id: string, fact: string): Promise<Memory> {
    const memory = await this.#store.edit(caller, id, checkedFact(fact));
    if (memory === undefined) throw noSuchMemory();
    return memory;
  }

  /** Throws `not_found`. */
  async remove(caller: Caller, id: string): Promise<void> {
    this.#noteDeletion(caller);
    if ((await this.#store.remove(caller, [id])) === 0) throw noSuchMemory();
  }

  removeAll(caller: Caller): Promise<void> {
    this.#noteDeletion(caller);
    return this.#store.removeAll(caller);
  }

  /** Deletes these; those that are gone already do not matter. */
  async forget(caller: Caller, memories: readonly Memory[]): Promise<void> {
    if (memories.length === 0) return;
    this.#noteDeletion(caller);
    await this.#store.remove(
      caller,
      memories.map(({ id }) => id),
    );
  }

  /** For `apply`: changes when the user deletes something. */
  deletionsOf({ userId }: Caller): number {
    return this.#deletions.get(userId) ?? 0;
  }

  /**
   * Keeps what a model has found. Nothing, if the user has deleted something since the model was asked: it could
   * bring that back.
   * @param since `deletionsOf` at that time.
   * @param isWish the user has asked for the changes, so that what they delete must not come back either.
   */
  async apply(
    caller: Caller,
    changes: MemoryChanges,
    { known, since, isWish }: { known: readonly Memory[]; since: number; isWish: boolean },
  ): Promise<KeptChanges> {
    const kept: KeptChanges = { saved: [], forgotten: [], dropped: [] };
    if (this.deletionsOf(caller) !== since) return kept;
    const forgotten = known.filter(({ id }) => changes.forget.includes(id));
    if (isWish) await this.forget(caller, forgotten);
    else if (changes.forget.length > 0) await this.#store.remove(caller, changes.forget);
    kept.forgotten = forgotten.map(({ fact }) => fact);
    for (const { id, fact } of changes.replace) {
      const isKept = await this.#unlessFull(() => this.#store.edit(caller, id, fact));
      if (isKept) kept.saved.push(fact);
    }
    for (const fact of changes.add) {
      const isKept = await this.#unlessFull(() => this.#store.add(caller, fact));
      (isKept ? kept.saved : kept.dropped).push(fact);
    }
    return kept;
  }

  async #unlessFull(write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      if (error instanceof GatewayError && error.code === "conflict") return false;
      throw error;
    }
  }

  #noteDeletion(caller: Caller): void {
    this.#deletions.set(caller.userId, this.deletionsOf(caller) + 1);
  }
}

function sameFact(fact: string, memories: readonly Memory[]): Memory | undefined {
  const key = factKey(fact);
  return memories.find((memory) => factKey(memory.fact) === key);
}

function noSuchMemory(): GatewayError {
  return new GatewayError("not_found", "You have no such memory.");
}

/** A fact as it is kept. */
function checkedFact(fact: string): string {
  const clean = cleanFact(fact);
  if (clean === "") throw new GatewayError("invalid_request", '"fact": must not be empty.');
  if ([...clean].length > MAX_FACT) {
    throw new GatewayError("invalid_request", `"fact": must have at most ${MAX_FACT} characters.`);
  }
  const secret = secretIn(clean);
  if (secret !== undefined) {
    throw new GatewayError(
      "unprocessable",
      `This looks like ${secret}, which is never kept. Write the fact without it.`,
    );
  }
  return clean;
}
