import type { Registry } from "#lib/providers/registry.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { Identity } from "#lib/server/wiring/identity.ts";
import type { LedgerPart } from "#lib/server/wiring/ledger.ts";
import { randomHex } from "#lib/server/wiring/random.ts";
import { modeAsker } from "#lib/services/ask-mode.ts";
import { engineAnswerer } from "#lib/services/chat/engine-answerer.ts";
import { promptContributor } from "#lib/services/chat/prompt-contributor.ts";
import type { ChatDependencies } from "#lib/services/chat/start-turn.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";

export type ChatParts = {
  engines: EngineDependencies;
  registry: Registry;
  identity: Pick<Identity, "admission">;
  ledger: LedgerPart;
  env: Pick<Env, "ENABLE_AUTO_ROUTE">;
};

/** Native chat. */
export function createChat({ engines, registry, identity, ledger, env }: ChatParts): ChatDependencies {
  const { clock } = engines.effects;
  const { turns } = ledger;
  return {
    ...engines,
    registry,
    clock,
    turns,
    ledger: ledger.ledger,
    admission: identity.admission,
    randomHex,
    routeFinders: [],
    modeAsker: env.ENABLE_AUTO_ROUTE ? modeAsker({ ...engines, registry, turns, randomHex }) : undefined,
    contributors: [promptContributor({ clock, randomHex })],
    answerers: [engineAnswerer(engines)],
  };
}
