import { z } from "zod";
import { actingFor } from "#lib/adapters/supabase/acting-for.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { serviceError } from "#lib/adapters/supabase/database-error.ts";
import { sanitizeJsonForPostgres } from "#lib/adapters/supabase/sanitize-for-postgres.ts";
import { TASK_STATUSES } from "#lib/manus/task.ts";
import type { Task, TaskStore, TaskSummary } from "#lib/services/manus/task-store.ts";

export type ManusTaskStoreOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 3000 by default: a webhook is to be answered within ten seconds. */
  timeoutMs?: number | undefined;
};

const TABLE = "manus_tasks";
const SUMMARY = "id,title,url,status,error,session_id,created_at,updated_at";
const WHOLE = `${SUMMARY},manus_id,prompt,output,artifacts,checked_at`;
/** More than the database keeps of a user. */
const MAX_LISTED = 1_000;

const text = z
  .string()
  .nullable()
  .transform((value) => value ?? undefined);
const time = z.string().transform((value) => new Date(value).toISOString());
const summarySchema = z
  .object({
    id: z.string(),
    title: z.string(),
    url: text,
    status: z.enum(TASK_STATUSES),
    error: text,
    session_id: text,
    created_at: time,
    updated_at: time,
  })
  .transform(({ session_id, created_at, updated_at, ...row }): TaskSummary => {
    return { ...row, sessionId: session_id, createdAt: created_at, updatedAt: updated_at };
  });
const artifactSchema = z.object({
  name: z.string(),
  url: z.string(),
  type: z.string().optional(),
  bytes: z.number().optional(),
});
const taskSchema = z
  .object({
    manus_id: z.string(),
    prompt: z.string(),
    output: text,
    artifacts: z.array(artifactSchema),
    checked_at: time,
  })
  .transform(({ manus_id, checked_at, ...row }) => ({ ...row, manusId: manus_id, checkedAt: checked_at }));

function taskOf(data: unknown): Task {
  return { ...summarySchema.parse(data), ...taskSchema.parse(data) };
}

/** Tasks on Supabase: users read theirs under row level security; everything is written by the service role. */
export function createManusTaskStore({ clients, timeoutMs = 3_000 }: ManusTaskStoreOptions): TaskStore {
  return { ...reader(clients, timeoutMs), ...writer(clients, timeoutMs) };
}

function reader(clients: SupabaseClients, timeoutMs: number): Pick<TaskStore, "list" | "find"> {
  const signal = (): AbortSignal => AbortSignal.timeout(timeoutMs);
  return {
    async list(owner) {
      const { client, failure } = actingFor(clients, owner);
      const answer = await client
        .from(TABLE)
        .select(SUMMARY)
        .eq("user_id", owner.userId)
        .order("created_at", { ascending: false })
        .order("id", { ascending: false })
        .limit(MAX_LISTED)
        .abortSignal(signal());
      if (answer.error) throw failure(answer);
      return z.array(summarySchema).parse(answer.data);
    },
    async find(owner, id) {
      const { client, failure } = actingFor(clients, owner);
      const rows = client.from(TABLE).select(WHOLE).eq("id", id).eq("user_id", owner.userId);
      const answer = await rows.abortSignal(signal());
      if (answer.error) throw failure(answer);
      return z.array(z.unknown()).parse(answer.data).map(taskOf)[0];
    },
  };
}

function writer(clients: SupabaseClients, timeoutMs: number): Omit<TaskStore, "list" | "find"> {
  const call = async (name: string, parameters: Record<string, unknown>): Promise<unknown> => {
    const sent = clients.asService().rpc(name, parameters);
    const answer = await sent.abortSignal(AbortSignal.timeout(timeoutMs));
    if (answer.error) throw serviceError(answer);
    return answer.data;
  };
  const found = (data: unknown): Task | undefined => (data === null ? undefined : taskOf(data));
  return {
    assertWritable: () => void clients.asService(),
    async add({ userId, manusId, sessionId, ...task }) {
      const row = { ...task, user_id: userId, manus_id: manusId, session_id: sessionId ?? null };
      return taskOf(await call("manus_add_task", { p_task: sanitizeJsonForPostgres(row) }));
    },
    async apply({ manusId, at, bodyHash, ...news }) {
      const dated = {
        ...news,
        manus_id: manusId,
        ...(at === undefined ? {} : { at: new Date(at).toISOString() }),
        ...(bodyHash === undefined ? {} : { body_hash: bodyHash }),
      };
      return found(await call("manus_apply_news", { p_news: sanitizeJsonForPostgres(dated) }));
    },
    async continue(userId, id, from) {
      const parameters = { p_user_id: userId, p_id: id, p_from: new Date(from).toISOString() };
      return found(await call("manus_continue_task", parameters));
    },
    async remove(userId, id) {
      return (await call("manus_delete_task", { p_user_id: userId, p_id: id })) === true;
    },
  };
}
