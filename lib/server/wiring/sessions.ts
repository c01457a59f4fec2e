import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseSessionStore } from "#lib/adapters/supabase/session-store.ts";
import type { SessionDependencies } from "#lib/services/sessions/sessions.ts";

/** Saved conversations. */
export function createSessions({ clients }: { clients: SupabaseClients }): SessionDependencies {
  return { store: createSupabaseSessionStore({ clients }) };
}
