import { readChanges } from "#lib/memory/changes.ts";
import { changesQuestion, saidIn } from "#lib/memory/prompt.ts";
import { withoutConsequences } from "#lib/providers/health/without-consequences.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { requestCost } from "#lib/services/admission/cost-estimate.ts";
import { assertModesAllowed, type KeyAdmission } from "#lib/services/admission/key-admission.ts";
import { type AskDependencies, type AskRecord, ask, type Question, requestOf } from "#lib/services/ask.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { enginesFor } from "#lib/services/engines/mode-engines.ts";
import type { TurnLedger } from "#lib/services/ledger/releasing-ledger.ts";
import { settleRun } from "#lib/services/ledger/settle-run.ts";
import type { ChangesQuery, FindChanges } from "#lib/services/memory/find-changes.ts";

export type MemoryFinderDependencies = AskDependencies &
  Pick<EngineDependencies, "prices"> & {
    ledger: TurnLedger;
    admission: Pick<KeyAdmission, "admit">;
    /** A random hexadecimal string of this many bytes. */
    randomHex(bytes: number): string;
    /** A new UUID. */
    newId(): string;
  };

/** An answer waits for what its user asks for; nobody waits behind an answer. Milliseconds. */
const WISH_TIMEOUT_MS = 6_000;
const TIMEOUT_MS = 20_000;
/** Some models think first. */
const MAX_OUTPUT_TOKENS = 1_000;
const NONCE_BYTES = 8;

/** Asks the fast chain, by `ask`. Its failures say nothing against the engines. */
export function memoryFinder(dependencies: MemoryFinderDependencies): FindChanges {
  return async (query) => {
    const { requestId, caller, message, known, wish, signal } = query;
    const { mode, engines } = await enginesFor({ wanted: "fast", hasImage: false }, dependencies);
    assertModesAllowed(caller, mode);
    const nonce = dependencies.randomHex(NONCE_BYTES);
    const isWish = wish !== undefined;
    const question: Question = {
      ...changesQuestion({ message, known, isWish, nonce }),
      maxOutputTokens: MAX_OUTPUT_TOKENS,
      timeoutMs: isWish ? WISH_TIMEOUT_MS : TIMEOUT_MS,
    };
    const bill = await billing(query, { mode, engines, question }, dependencies);
    try {
      const answer = await ask(
        question,
        { requestId, signal, onEnd: bill.onEnd },
        {
          ...dependencies,
          effects: { ...dependencies.effects, health: withoutConsequences(dependencies.effects.health) },
        },
      );
      return readChanges(answer, {
        known,
        message: saidIn(message),
        mayBeSensitive: wish?.kind === "remember",
        mayForgetAll: wish?.kind === "forget",
      });
    } finally {
      await bill.settled();
    }
  };
}

type Billing = {
  onEnd(record: AskRecord): void;
  /** Resolves when the row is stored, if the question has one of its own. */
  settled(): Promise<void>;
};

/**
 * Bills to the turn that waits for it; else to a row of its own, which costs no turn of the quota, and which the
 * budget of a gateway key must have room for. Throws `budget_exceeded`.
 */
async function billing(
  { caller, onAsked }: ChangesQuery,
  { mode, engines, question }: { mode: string; engines: readonly Engine[]; question: Question },
  dependencies: MemoryFinderDependencies,
): Promise<Billing> {
  if (onAsked !== undefined) return { onEnd: onAsked, settled: () => Promise.resolve() };
  const requestId = dependencies.newId();
  const maxCostUsd = requestCost(engines, requestOf(question), dependencies);
  await dependencies.admission.admit(caller, { requestId, inBackground: true, maxCostUsd });
  const turn = dependencies.ledger.begin({ requestId, caller, tier: mode });
  let stored: Promise<void> | undefined;
  return {
    onEnd(record) {
      stored = settleRun(turn, { ...record, committed: record.state === "completed" }, dependencies);
    },
    async settled() {
      if (stored === undefined) turn.forget();
      await stored;
    },
  };
}
