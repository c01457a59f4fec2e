import { randomUUID } from "node:crypto";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseMemoryStore } from "#lib/adapters/supabase/memory-store.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { TurnLedgerPart } from "#lib/server/wiring/ledger.ts";
import { SANDBOX_PROVIDER } from "#lib/server/wiring/providers.ts";
import { randomHex } from "#lib/server/wiring/random.ts";
import type { KeyAdmission } from "#lib/services/admission/key-admission.ts";
import { memoryFinder } from "#lib/services/ask-memories.ts";
import type { Contributor } from "#lib/services/chat/contributor.ts";
import type { FollowUp } from "#lib/services/chat/follow-up.ts";
import { memoryContributor } from "#lib/services/chat/memory-contributor.ts";
import { memoryFollowUp } from "#lib/services/chat/memory-follow-up.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { Memories } from "#lib/services/memory/memories.ts";

/** The memories of users, for routes and for native chat. */
export function createMemories({ clients }: { clients: SupabaseClients }): Memories {
  return new Memories(createSupabaseMemoryStore({ clients }));
}

export type ChatMemoryParts = {
  env: Pick<Env, "ENABLE_MEMORY">;
  engines: EngineDependencies;
  ledger: TurnLedgerPart;
  admission: Pick<KeyAdmission, "admit">;
  memories: Memories;
};

/** What native chat does with memories: nothing if they are switched off. */
export function chatMemory({ env, engines, ledger, admission, memories }: ChatMemoryParts): {
  contributors: readonly Contributor[];
  followUps: readonly FollowUp[];
} {
  if (!env.ENABLE_MEMORY) return { contributors: [], followUps: [] };
  const { logger } = engines;
  const findChanges = memoryFinder({
    ...engines,
    // The sandbox repeats what it is asked.
    enginesOf: async (mode) =>
      (await engines.enginesOf(mode)).filter(({ provider }) => provider.id !== SANDBOX_PROVIDER.id),
    ledger: ledger.ledger,
    admission,
    randomHex,
    newId: randomUUID,
  });
  return {
    contributors: [memoryContributor({ memories, findChanges, randomHex, logger })],
    followUps: [memoryFollowUp({ memories, findChanges, logger })],
  };
}
