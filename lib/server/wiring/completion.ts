import type { Registry } from "#lib/providers/registry.ts";
import type { Identity } from "#lib/server/wiring/identity.ts";
import type { LedgerPart } from "#lib/server/wiring/ledger.ts";
import type { CompletionDependencies } from "#lib/services/completion.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";

export type CompletionParts = {
  engines: EngineDependencies;
  registry: Registry;
  identity: Pick<Identity, "admission">;
  ledger: Pick<LedgerPart, "ledger">;
};

/** Chats through the public APIs of OpenAI and Anthropic. */
export function createCompletion({
  engines,
  registry,
  identity,
  ledger,
}: CompletionParts): CompletionDependencies {
  return { ...engines, registry, admission: identity.admission, ledger: ledger.ledger };
}
