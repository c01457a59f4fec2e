import { eligibleEngines } from "#lib/providers/chat/eligibility.ts";
import { assertModesAllowed, mayUseMode } from "#lib/services/admission/key-admission.ts";
import { noneCan } from "#lib/services/engines/no-engine.ts";
import {
  type Chain,
  type ChainDependencies,
  type CompletionInput,
  resolveChain,
} from "#lib/services/engines/resolve-chain.ts";
import type { ProxyCaller } from "#lib/services/identity/caller.ts";

/** A request, its caller, and the models that it names. */
export type EngineQuery = CompletionInput & { caller: ProxyCaller };

/**
 * The engines that may answer a request, in order: those that the client's names lead to, without those that
 * lack a capability that the request needs. Never empty.
 *
 * Throws as `allowedChain` and `eligibleChain` do.
 */
export async function resolveEngines(query: EngineQuery, dependencies: ChainDependencies): Promise<Chain> {
  return eligibleChain(await allowedChain(query, dependencies), query);
}

/**
 * The engines that the client's names lead to. Throws `model_not_found`, `no_engine_configured`, or `forbidden` (the
 * key may not use a mode).
 */
export async function allowedChain(
  { caller, ...input }: EngineQuery,
  dependencies: ChainDependencies,
): Promise<Chain> {
  const chain = await resolveChain(input, dependencies, (mode) => mayUseMode(caller, mode));
  assertModesAllowed(caller, ...chain.modes);
  return chain;
}

/** The chain without engines that cannot take the request. Throws `engines_refused` if none can. */
export function eligibleChain(chain: Chain, { chat, models }: CompletionInput): Chain {
  const { engines, missing } = eligibleEngines(chain.engines, chat);
  if (missing !== undefined) throw noneCan(missing, models);
  return { ...chain, engines };
}
