import type { HealthScope } from "#lib/providers/health/engine-identity.ts";
import type { CompletionParts } from "#lib/server/wiring/completion.ts";
import type { EngineCatalogue } from "#lib/services/engines/offered-engines.ts";
import type { BilledDependencies } from "#lib/services/run/billed-run.ts";

/** What calls of engines are made with that are billed and do something else than chat. */
export type CallParts = Omit<CompletionParts, "documents" | "mcp">;

/**
 * What such calls need. Their failures do not affect the health of the same models and keys for other uses.
 * @param scope what the engines are called for.
 */
export function billedCalls(
  { engines, registry, identity, ledger }: CallParts,
  scope: HealthScope,
): BilledDependencies & EngineCatalogue {
  return {
    ...engines,
    effects: { ...engines.effects, health: engines.effects.health.scope(scope) },
    registry,
    admission: identity.admission,
    ledger: ledger.ledger,
  };
}
