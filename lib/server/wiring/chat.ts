import type { Registry } from "#lib/providers/registry.ts";
import type { Identity } from "#lib/server/wiring/identity.ts";
import type { LedgerPart } from "#lib/server/wiring/ledger.ts";
import { randomHex } from "#lib/server/wiring/random.ts";
import { engineAnswerer } from "#lib/services/chat/engine-answerer.ts";
import { promptContributor } from "#lib/services/chat/prompt-contributor.ts";
import type { ChatDependencies } from "#lib/services/chat/start-turn.ts";
import { toolsContributor } from "#lib/services/chat/tools-contributor.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { Tool } from "#lib/tools/tool.ts";

export type ChatParts = {
  engines: EngineDependencies;
  registry: Registry;
  identity: Pick<Identity, "admission">;
  ledger: LedgerPart;
  /** What fetches data for a message before an engine is asked. */
  tools: readonly Tool[];
};

/** Native chat. */
export function createChat({ engines, registry, identity, ledger, tools }: ChatParts): ChatDependencies {
  const { clock } = engines.effects;
  return {
    ...engines,
    registry,
    clock,
    turns: ledger.turns,
    ledger: ledger.ledger,
    admission: identity.admission,
    randomHex,
    contributors: [
      promptContributor({ clock, randomHex }),
      toolsContributor({ tools, clock, randomHex, logger: engines.logger }),
    ],
    answerers: [engineAnswerer(engines)],
  };
}
