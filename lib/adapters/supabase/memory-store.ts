import { z } from "zod";
import { accountGone, actingFor, lacksOwner } from "#lib/adapters/supabase/acting-for.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import type { DatabaseAnswer } from "#lib/adapters/supabase/database-error.ts";
import { sanitizeTextForPostgres } from "#lib/adapters/supabase/sanitize-for-postgres.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { Memory, MemoryStore } from "#lib/services/memory/memory-store.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type MemoryStoreOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 2000 by default. */
  timeoutMs?: number | undefined;
};

const TABLE = "ai_user_memories";
const COLUMNS = "id,fact,created_at,updated_at";
/** Users from before the bound may have more than are kept today. */
const MAX_LISTED = 1_000;
const UNIQUE_VIOLATION = "23505";

const rowSchema = z.object({
  id: z.string(),
  fact: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
});
const rowsSchema = z.array(rowSchema);

/** Memories on Supabase: users act as themselves, under row level security; the service role acts for gateway keys. */
export function createSupabaseMemoryStore({ clients, timeoutMs = 2_000 }: MemoryStoreOptions): MemoryStore {
  const table = (caller: Caller) => actingFor(clients, caller).client.from(TABLE);
  const signal = (): AbortSignal => AbortSignal.timeout(timeoutMs);
  return {
    async list(caller) {
      const answer = await table(caller)
        .select(COLUMNS)
        .eq("user_id", caller.userId)
        .order("created_at")
        .order("id")
        .limit(MAX_LISTED)
        .abortSignal(signal());
      return memories(answer, caller, clients);
    },
    async add(caller, fact) {
      const answer = await table(caller)
        .insert({ user_id: caller.userId, fact: sanitizeTextForPostgres(fact) })
        .select(COLUMNS)
        .abortSignal(signal());
      if (answer.error?.code === UNIQUE_VIOLATION) return undefined;
      return memories(answer, caller, clients)[0];
    },
    async edit(caller, id, fact) {
      const answer = await table(caller)
        .update({ fact: sanitizeTextForPostgres(fact) })
        .eq("user_id", caller.userId)
        .eq("id", id)
        .select(COLUMNS)
        .abortSignal(signal());
      if (answer.error?.code === UNIQUE_VIOLATION) {
        throw new GatewayError("conflict", "You have this fact already.", { cause: answer.error });
      }
      return memories(answer, caller, clients)[0];
    },
    async remove(caller, ids) {
      const answer = await table(caller)
        .delete()
        .eq("user_id", caller.userId)
        .in("id", [...ids])
        .select("id")
        .abortSignal(signal());
      if (answer.error) throw failure(answer, caller, clients);
      return z.array(z.unknown()).parse(answer.data).length;
    },
    async removeAll(caller) {
      const answer = await table(caller).delete().eq("user_id", caller.userId).abortSignal(signal());
      if (answer.error) throw failure(answer, caller, clients);
    },
  };
}

function memories(
  answer: DatabaseAnswer & { data: unknown },
  caller: Caller,
  clients: SupabaseClients,
): Memory[] {
  if (answer.error) throw failure(answer, caller, clients);
  const rows = rowsSchema.safeParse(answer.data);
  if (!rows.success) {
    throw new GatewayError("internal_error", "The database answered in an unknown form.", {
      cause: rows.error,
    });
  }
  return rows.data.map(({ id, fact, created_at, updated_at }) => ({
    id,
    fact,
    createdAt: new Date(created_at).toISOString(),
    updatedAt: new Date(updated_at).toISOString(),
  }));
}

function failure(answer: DatabaseAnswer, caller: Caller, clients: SupabaseClients): GatewayError {
  const cause = answer.error ?? undefined;
  if (answer.error?.code === "PT409") {
    const message = "30 facts are kept, and you have that many. Delete one that you no longer need.";
    return new GatewayError("conflict", message, { cause });
  }
  return lacksOwner(answer) ? accountGone(cause) : actingFor(clients, caller).failure(answer);
}
