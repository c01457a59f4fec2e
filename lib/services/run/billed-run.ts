import type { TokenUsage } from "#lib/chat/usage.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { Attempt, EngineCall } from "#lib/providers/walk/walk-types.ts";
import type { MaxCost } from "#lib/services/admission/cost-estimate.ts";
import { type KeyAdmission, whileAdmitted } from "#lib/services/admission/key-admission.ts";
import type { RateLimit } from "#lib/services/admission/rate-limit.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import type { TurnLedger } from "#lib/services/ledger/releasing-ledger.ts";
import { settleRun } from "#lib/services/ledger/settle-run.ts";
import type { WaitUntil } from "#lib/services/ports.ts";
import { runWhole, type Whole } from "#lib/services/run/run-whole.ts";
import { hash32 } from "#lib/shared/text.ts";

/** A request of a client that one whole value answers. */
export type BilledContext = {
  requestId: string;
  /** The path of the route that was called, for the ledger. */
  route?: string | undefined;
  caller: ProxyCaller;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
  waitUntil: WaitUntil;
  /** Takes what is left of the caller's requests. */
  onRateLimit?: ((limit: RateLimit) => void) | undefined;
};

export type BilledDependencies = Pick<EngineDependencies, "run" | "effects" | "logger" | "prices"> & {
  admission: KeyAdmission;
  ledger: TurnLedger;
};

export type BilledRun<Value> = {
  engines: readonly Engine[];
  /** The client named these engines. */
  named: boolean;
  /** What the turn is for, as the ledger has it. */
  tier: string;
  maxCostUsd: MaxCost;
  /** Work before the first call that only admitted requests may cause. */
  prepare?: (() => Promise<void>) | undefined;
  /** Calls one engine. `onUsed`: what the call used although it came to nothing. */
  attempt(target: EngineCall, onUsed: (usage: TokenUsage) => void): ReturnType<Attempt<Value>>;
  usageOf(value: Value): TokenUsage;
};

/**
 * Answers a request with one value, as a turn of the ledger: counts it against the limits of the caller's key, walks
 * the engines, and writes down what was used however it ends.
 *
 * Throws `rate_limited`, `budget_exceeded`, and the errors of `walk`.
 */
export async function runBilled<Value>(
  { engines, named, tier, maxCostUsd, prepare, attempt, usageOf }: BilledRun<Value>,
  { requestId, route, caller, signal, waitUntil, onRateLimit }: BilledContext,
  dependencies: BilledDependencies,
): Promise<Whole<Value>> {
  const { admission, ledger, effects, run, logger } = dependencies;
  await admission.admit(caller, { requestId, maxCostUsd, onRateLimit });
  if (prepare !== undefined) await whileAdmitted({ admission, requestId, waitUntil }, prepare);
  const turn = ledger.begin({ requestId, route, caller, tier });
  return runWhole<Value>(
    {
      engines,
      attempt,
      usageOf,
      signal,
      deadlineMs: run.timeouts.deadlineMs,
      keySeed: hash32(requestId),
      named,
      onSettled: (settled) => waitUntil(settleRun(turn, settled, dependencies)),
      failureLog: { logger, fields: { requestId } },
    },
    effects,
  );
}
