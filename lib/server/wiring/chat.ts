import type { Identity } from "#lib/server/wiring/identity.ts";
import type { LedgerPart } from "#lib/server/wiring/ledger.ts";
import { randomHex } from "#lib/server/wiring/random.ts";
import type { ChatDependencies } from "#lib/services/chat/chat.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";

export type ChatParts = {
  engines: EngineDependencies;
  identity: Pick<Identity, "admission">;
  ledger: Pick<LedgerPart, "turns">;
};

/** Native chat. */
export function createChat({ engines, identity, ledger }: ChatParts): ChatDependencies {
  return { ...engines, turns: ledger.turns, keyAdmission: identity.admission, randomHex };
}
