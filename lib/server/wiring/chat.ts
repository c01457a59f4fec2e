import type { Registry } from "#lib/providers/registry.ts";
import type { Identity } from "#lib/server/wiring/identity.ts";
import type { LedgerPart } from "#lib/server/wiring/ledger.ts";
import { randomHex } from "#lib/server/wiring/random.ts";
import { engineAnswerer } from "#lib/services/chat/engine-answerer.ts";
import { imageAnswerer } from "#lib/services/chat/image-answerer.ts";
import { imageFinder } from "#lib/services/chat/image-finder.ts";
import { promptContributor } from "#lib/services/chat/prompt-contributor.ts";
import type { ChatDependencies } from "#lib/services/chat/start-turn.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";

export type ChatParts = {
  engines: EngineDependencies;
  registry: Registry;
  identity: Pick<Identity, "admission">;
  ledger: LedgerPart;
};

/** Native chat. */
export function createChat({ engines, registry, identity, ledger }: ChatParts): ChatDependencies {
  const { clock } = engines.effects;
  return {
    ...engines,
    registry,
    clock,
    turns: ledger.turns,
    ledger: ledger.ledger,
    admission: identity.admission,
    randomHex,
    routeFinders: [imageFinder],
    contributors: [promptContributor({ clock, randomHex })],
    answerers: [imageAnswerer, engineAnswerer(engines)],
  };
}
