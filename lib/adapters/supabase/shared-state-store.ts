import { z } from "zod";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { serviceError } from "#lib/adapters/supabase/database-error.ts";
import { overrideListSchema, toOverrideList } from "#lib/adapters/supabase/override-rows.ts";
import { sanitizeJsonForPostgres } from "#lib/adapters/supabase/sanitize-for-postgres.ts";
import type { SharedStateStore, SyncAnswer } from "#lib/services/shared-state/shared-state-store.ts";

const answerSchema = z.object({
  cursor: z.number(),
  entries: z.array(z.unknown()),
  overrides: overrideListSchema.optional(),
  keys: z
    .object({ cursor: z.string(), ids: z.array(z.string()), all: z.boolean().default(false) })
    .optional(),
});
const instancesSchema = z.array(
  z.object({
    id: z.string(),
    started_at: z.string(),
    seen_at: z.string(),
    host: z.string().nullable(),
    pid: z.number().nullable(),
    version: z.string().nullable(),
  }),
);
const TIMEOUT_MS = 2_000;

/** What instances tell each other, on Supabase, by the service role. */
export function createSupabaseSharedStateStore({ clients }: { clients: SupabaseClients }): SharedStateStore {
  return {
    async sync({ instance, isLeased, entries, cursor, overrideVersion, keyCursor }, signal) {
      const { id, ...facts } = instance;
      const p = {
        ...facts,
        instance: id,
        leased: isLeased,
        // Clients name models and providers write reasons. What Postgres does not take would end the whole refresh.
        entries: entries.map(sanitizeJsonForPostgres),
        cursor,
        override_version: overrideVersion ?? null,
        key_cursor: keyCursor ?? null,
      };
      const answer = await clients.asService().rpc("sync_instance", { p }).abortSignal(signal);
      if (answer.error) throw serviceError(answer);
      return toSyncAnswer(answerSchema.parse(answer.data));
    },
    async instances() {
      const call = clients.asService().rpc("list_instances");
      const answer = await call.abortSignal(AbortSignal.timeout(TIMEOUT_MS));
      if (answer.error) throw serviceError(answer);
      return instancesSchema.parse(answer.data).map(({ id, started_at, seen_at, host, pid, version }) => ({
        ...{ id, host: host ?? "", pid: pid ?? 0, version: version ?? "" },
        startedAt: new Date(started_at).toISOString(),
        seenAt: new Date(seen_at).toISOString(),
      }));
    },
  };
}

function toSyncAnswer({ cursor, entries, overrides, keys }: z.output<typeof answerSchema>): SyncAnswer {
  return {
    cursor,
    entries,
    overrides: overrides && toOverrideList(overrides),
    keys: keys && { cursor: keys.cursor, changed: keys.all ? "all" : keys.ids },
  };
}
