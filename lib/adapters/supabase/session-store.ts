import { z } from "zod";
import { type Acting, accountGone, actingFor, lacksOwner } from "#lib/adapters/supabase/acting-for.ts";
import type { DatabaseClient, SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import type { DatabaseAnswer } from "#lib/adapters/supabase/database-error.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { StoredMessage } from "#lib/services/ledger/turn-store.ts";
import type { Session, SessionStore, SessionSummary } from "#lib/services/sessions/session-store.ts";

export type SupabaseSessionStoreOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 5000 by default. A long conversation is megabytes. */
  timeoutMs?: number | undefined;
};

const TABLE = "ai_chat_sessions";
/** The same rows, each with all of its messages: the table keeps the newest. */
const WHOLE = "ai_complete_sessions";
const SUMMARY = "id,title,created_at,updated_at";
/** What `branch_session` raises. */
const NO_SUCH_SESSION = "PT404";
/** PostgREST's own limit. The database keeps 50. */
const MAX_LISTED = 1_000;

const summarySchema = z.object({
  id: z.string(),
  title: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
});
const messagesSchema = z.object({ messages: z.array(z.unknown()) });
const messageSchema = z.object({ role: z.enum(["user", "assistant"]), content: z.string() });

/** A call of a table that has not been sent yet. */
type Query = { abortSignal(signal: AbortSignal): PromiseLike<DatabaseAnswer & { data: unknown }> };

/**
 * Saved conversations on Supabase. Users act as themselves, under row level security; a gateway key acts by the
 * service role. Every call names the owner as well.
 */
export function createSupabaseSessionStore(options: SupabaseSessionStoreOptions): SessionStore {
  const { clients, timeoutMs = 5_000 } = options;
  const rows = async (caller: Caller, query: (client: DatabaseClient) => Query): Promise<unknown[]> => {
    const { client, failure } = actingFor(clients, caller);
    const answer = await query(client).abortSignal(AbortSignal.timeout(timeoutMs));
    if (lacksOwner(answer)) throw accountGone(answer.error);
    if (answer.error) throw failure(answer);
    return z.array(z.unknown()).parse(answer.data);
  };
  return {
    async list(caller) {
      const found = await rows(caller, (client) =>
        client
          .from(TABLE)
          .select(SUMMARY)
          .eq("user_id", caller.userId)
          .order("updated_at", { ascending: false })
          .order("id", { ascending: false })
          .limit(MAX_LISTED),
      );
      return found.map(summaryOf);
    },
    async create(caller, title) {
      const row = { user_id: caller.userId, ...(title === undefined ? {} : { title }) };
      const [made] = await rows(caller, (client) => client.from(TABLE).insert(row).select(SUMMARY));
      return summaryOf(made);
    },
    branch: (caller, from, title) => {
      const branch = { user_id: caller.userId, session_id: from.id, messages: from.messages, title };
      return branchSession(actingFor(clients, caller), branch, AbortSignal.timeout(timeoutMs));
    },
    async find(caller, id) {
      const found = await rows(caller, (client) =>
        client.from(WHOLE).select(`${SUMMARY},messages`).eq("id", id).eq("user_id", caller.userId),
      );
      return found.map(sessionOf)[0];
    },
    async rename(caller, id, title) {
      const renamed = await rows(caller, (client) =>
        client.from(TABLE).update({ title }).eq("id", id).eq("user_id", caller.userId).select(SUMMARY),
      );
      return renamed.map(summaryOf)[0];
    },
    async remove(caller, id) {
      const removed = await rows(caller, (client) =>
        client.from(TABLE).delete().eq("id", id).eq("user_id", caller.userId).select("id"),
      );
      return removed.length > 0;
    },
  };
}

async function branchSession(
  { client, failure }: Acting,
  branch: object,
  signal: AbortSignal,
): Promise<SessionSummary | undefined> {
  const answer = await client.rpc("branch_session", { p_branch: branch }).abortSignal(signal);
  if (answer.error?.code === NO_SUCH_SESSION) return undefined;
  if (answer.error) throw failure(answer);
  return summaryOf(answer.data);
}

function summaryOf(data: unknown): SessionSummary {
  const row = summarySchema.parse(data);
  return {
    id: row.id,
    title: row.title,
    createdAt: preciseTime(row.created_at),
    updatedAt: preciseTime(row.updated_at),
  };
}

function sessionOf(data: unknown): Session {
  const { messages } = messagesSchema.parse(data);
  return { ...summaryOf(data), messages: messages.flatMap(storedMessage) };
}

/** A message that cannot be read is left out. */
function storedMessage(value: unknown): StoredMessage[] {
  const parsed = messageSchema.safeParse(value);
  return parsed.success ? [parsed.data] : [];
}

/**
 * A time of the database in UTC with all six digits of its seconds, so that texts compare as times do. Hosted
 * PostgREST and the embedded one write times differently, and both leave out zeros at the end.
 */
function preciseTime(text: string): string {
  const fraction = /\.(\d{1,6})/.exec(text)?.[1] ?? "";
  return `${new Date(text).toISOString().slice(0, 19)}.${fraction.padEnd(6, "0")}Z`;
}
