import { factsMeant } from "#lib/memory/matching.ts";
import type { WishOutcome } from "#lib/memory/memory-text.ts";
import { saidIn } from "#lib/memory/prompt.ts";
import { secretIn } from "#lib/memory/secrets.ts";
import type { MemoryWish } from "#lib/memory/wish.ts";
import type { ChangesQuery, FindChanges } from "#lib/services/memory/find-changes.ts";
import type { Memories } from "#lib/services/memory/memories.ts";

export type WishDependencies = { memories: Memories; findChanges: FindChanges };

/** How a wish ended, and the facts that are kept now. */
export type GrantedWish = { outcome: WishOutcome; facts: readonly string[] };

/**
 * Does what a user asks of the memory. Forgetting everything, and facts that the wish names word by word, needs no
 * model. Throws what the store and calling an engine throw; then nothing was changed.
 */
export async function grantWish(
  wish: MemoryWish,
  query: Omit<ChangesQuery, "known" | "wish">,
  { memories, findChanges }: WishDependencies,
): Promise<GrantedWish> {
  const { caller, message } = query;
  if (wish.kind === "forget_all") {
    await memories.removeAll(caller);
    return { outcome: { status: "forgot_all" }, facts: [] };
  }
  const since = memories.deletionsOf(caller);
  const known = await memories.list(caller);
  const facts = known.map(({ fact }) => fact);
  if (wish.kind === "forget") {
    if (known.length === 0) return { outcome: { status: "nothing" }, facts };
    const meant = new Set(wish.isAll ? factsMeant(wish.what, known).map(({ id }) => id) : []);
    if (meant.size > 0) {
      const gone = known.filter(({ id }) => meant.has(id));
      await memories.forget(caller, gone);
      const left = known.filter(({ id }) => !meant.has(id)).map(({ fact }) => fact);
      return {
        outcome: { status: "done", saved: [], forgotten: gone.map(({ fact }) => fact), dropped: [] },
        facts: left,
      };
    }
  } else {
    const secret = secretIn(saidIn(message));
    if (secret !== undefined) {
      return { outcome: { status: "failed", reason: `It contains ${secret}, which is never kept.` }, facts };
    }
  }
  const changes = await findChanges({ ...query, known, wish });
  if (changes === undefined) {
    return {
      outcome: { status: "failed", reason: "The model that looks for facts gave no usable answer." },
      facts,
    };
  }
  const kept = await memories.apply(caller, changes, { known, since, isWish: true });
  const changed = new Set([...changes.forget, ...changes.replace.map(({ id }) => id)]);
  const left = known.filter(({ id }) => !changed.has(id)).map(({ fact }) => fact);
  const isNothing = kept.saved.length + kept.forgotten.length + kept.dropped.length === 0;
  const outcome: WishOutcome = isNothing ? { status: "nothing" } : { status: "done", ...kept };
  return { outcome, facts: isNothing ? facts : [...left, ...kept.saved] };
}
