import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { databaseError } from "#lib/adapters/supabase/database-error.ts";

const PAGE_SIZE = 1_000;

/**
 * The id of the user with this e-mail address; undefined if there is none. Reads all users page by page,
 * because hosted Supabase has no look-up. Throws `not_configured` without a service role, `database_unavailable`.
 */
export async function findUserByEmail(clients: SupabaseClients, email: string): Promise<string | undefined> {
  const admin = clients.asUserAdmin();
  for (let page = 1; ; page++) {
    const { data, error } = await admin.listUsers({ page, perPage: PAGE_SIZE });
    if (error !== null) {
      throw databaseError({ error: { message: error.message, code: error.code }, status: error.status ?? 0 });
    }
    const found = data.users.find((user) => user.email?.toLowerCase() === email.toLowerCase());
    if (found !== undefined) return found.id;
    if (data.users.length < PAGE_SIZE) return undefined;
  }
}
