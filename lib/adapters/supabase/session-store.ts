import { z } from "zod";
import type { DatabaseClient, SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { type DatabaseAnswer, databaseError, serviceError } from "#lib/adapters/supabase/database-error.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { StoredMessage } from "#lib/services/ledger/turn-store.ts";
import type { Session, SessionStore, SessionSummary } from "#lib/services/sessions/session-store.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type SupabaseSessionStoreOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 5000 by default. A long conversation is megabytes. */
  timeoutMs?: number | undefined;
};

const TABLE = "ai_chat_sessions";
const SUMMARY = "id,title,created_at,updated_at";
/** PostgREST's own limit. The database keeps 50. */
const MAX_LISTED = 1_000;
const FOREIGN_KEY_VIOLATION = "23503";

const summarySchema = z.object({
  id: z.string(),
  title: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
});
const sessionSchema = summarySchema.extend({ messages: z.array(z.unknown()) });
const messageSchema = z.object({ role: z.enum(["user", "assistant"]), content: z.string() });

/**
 * Saved conversations on Supabase. Users act as themselves, under row level security; a gateway key acts by the
 * service role. Every call names the owner as well.
 */
export function createSupabaseSessionStore(options: SupabaseSessionStoreOptions): SessionStore {
  const { clients, timeoutMs = 5_000 } = options;
  const signal = () => AbortSignal.timeout(timeoutMs);
  return {
    async list(caller) {
      const { client, failure } = actingFor(clients, caller);
      const answer = await client
        .from(TABLE)
        .select(SUMMARY)
        .eq("user_id", caller.userId)
        .order("updated_at", { ascending: false })
        .order("id", { ascending: false })
        .limit(MAX_LISTED)
        .abortSignal(signal());
      if (answer.error) throw failure(answer);
      return summaries(answer.data);
    },
    async create(caller, title) {
      const { client, failure } = actingFor(clients, caller);
      const answer = await client
        .from(TABLE)
        .insert({ user_id: caller.userId, ...(title === undefined ? {} : { title }) })
        .select(SUMMARY)
        .abortSignal(signal());
      // An access token outlives its user for up to an hour.
      if (answer.error?.code === FOREIGN_KEY_VIOLATION) throw accountGone(answer.error);
      if (answer.error) throw failure(answer);
      const [made] = summaries(answer.data);
      if (made === undefined) throw new Error("The database made a session and did not return it.");
      return made;
    },
    async find(caller, id) {
      const { client, failure } = actingFor(clients, caller);
      const answer = await client
        .from(TABLE)
        .select(`${SUMMARY},messages`)
        .eq("id", id)
        .eq("user_id", caller.userId)
        .abortSignal(signal());
      if (answer.error) throw failure(answer);
      return z.array(z.unknown()).parse(answer.data).map(sessionOf)[0];
    },
    async rename(caller, id, title) {
      const { client, failure } = actingFor(clients, caller);
      const answer = await client
        .from(TABLE)
        .update({ title })
        .eq("id", id)
        .eq("user_id", caller.userId)
        .select(SUMMARY)
        .abortSignal(signal());
      if (answer.error) throw failure(answer);
      return summaries(answer.data)[0];
    },
    async remove(caller, id) {
      const { client, failure } = actingFor(clients, caller);
      const answer = await client
        .from(TABLE)
        .delete()
        .eq("id", id)
        .eq("user_id", caller.userId)
        .select("id")
        .abortSignal(signal());
      if (answer.error) throw failure(answer);
      return answer.data.length > 0;
    },
  };
}

/** A client, and how its failures are translated. */
type Acting = { client: DatabaseClient; failure: (answer: DatabaseAnswer) => GatewayError };

function actingFor(clients: SupabaseClients, caller: Caller): Acting {
  return caller.kind === "key"
    ? { client: clients.asService(), failure: serviceError }
    : { client: clients.asUser(caller.accessToken), failure: databaseError };
}

function summaries(data: unknown): SessionSummary[] {
  return z.array(summarySchema).parse(data).map(summaryOf);
}

function summaryOf(row: z.infer<typeof summarySchema>): SessionSummary {
  return {
    id: row.id,
    title: row.title,
    createdAt: preciseTime(row.created_at),
    updatedAt: preciseTime(row.updated_at),
  };
}

function sessionOf(data: unknown): Session {
  const row = sessionSchema.parse(data);
  return { ...summaryOf(row), messages: row.messages.flatMap(storedMessage) };
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

function accountGone(cause: unknown): GatewayError {
  return new GatewayError("unauthorized", "This account does not exist any more.", { cause });
}
