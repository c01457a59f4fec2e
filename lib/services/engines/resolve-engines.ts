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
 * Throws `model_not_found`, `no_engine_configured`, `forbidden` (the key may not use a mode) or
 * `engines_refused` (no engine has the capabilities).
 */
export async function resolveEngines(
  { caller, ...input }: EngineQuery,
  dependencies: ChainDependencies,
): Promise<Chain> {
  const chain = await resolveChain(input, dependencies, (mode) => mayUseMode(caller, mode));
  assertModesAllowed(caller, ...chain.modes);
  const { engines, missing } = eligibleEngines(chain.engines, input.chat);
  if (missing !== undefined) throw noneCan(missing, input.models);
  return { ...chain, engines };
}
