import { z } from "zod";
import { accountGone, actingFor, lacksOwner } from "#lib/adapters/supabase/acting-for.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { serviceError } from "#lib/adapters/supabase/database-error.ts";
import type { RpcAnswer } from "#lib/adapters/supabase/rpc.ts";
import { sanitizeTextForPostgres } from "#lib/adapters/supabase/sanitize-for-postgres.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { DeletionQueue, ObjectRegister, ObjectRow } from "#lib/services/storage/object-register.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type SupabaseObjectRegisterOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 5,000 by default. */
  timeoutMs?: number | undefined;
};

const TABLE = "ai_objects";
const COLUMNS = "id,key,name,media_type,bytes";
const TOO_MANY_UPLOADS = "PT429";
/** When one of the uploads under way may have ended, seconds. */
const UPLOAD_RETRY_SECONDS = 60;

const rowSchema = z
  .object({
    id: z.string(),
    key: z.string(),
    name: z.string(),
    media_type: z.string(),
    bytes: z.coerce.number(),
  })
  .transform(({ media_type, ...row }): ObjectRow => ({ ...row, mediaType: media_type }));
const keysSchema = z.array(z.string());

/**
 * Objects on Supabase. Users read theirs under row level security; the gateway alone writes them, by the service role.
 * Every call names the owner as well.
 */
export function createSupabaseObjectRegister(
  options: SupabaseObjectRegisterOptions,
): ObjectRegister & DeletionQueue {
  const { clients, timeoutMs = 5_000 } = options;
  const timeout = (): AbortSignal => AbortSignal.timeout(timeoutMs);
  const call = async (name: string, parameters: Record<string, unknown>): Promise<unknown> => {
    const answer: RpcAnswer = await clients.asService().rpc(name, parameters).abortSignal(timeout());
    if (answer.error) throw failureOf(answer);
    return answer.data;
  };
  const find = async (caller: Caller, column: string, id: string): Promise<ObjectRow[]> => {
    const { client, failure } = actingFor(clients, caller);
    const answer = await client
      .from(TABLE)
      .select(COLUMNS)
      .eq("user_id", caller.userId)
      .eq(column, id)
      .abortSignal(timeout());
    if (answer.error) throw failure(answer);
    return z.array(rowSchema).parse(answer.data);
  };
  return {
    add: async ({ userId, mediaType, name, ...row }) => {
      const object = { ...row, user_id: userId, media_type: mediaType, name: sanitizeTextForPostgres(name) };
      await call("ai_object_add", { p_object: object });
    },
    keep: async (id, { userId, sessionId = null, attachmentId = null }) => {
      const owner = { user_id: userId, session_id: sessionId, attachment_id: attachmentId };
      return (await call("ai_object_keep", { p_object: { id, ...owner } })) === true;
    },
    findUpload: async (caller, id) =>
      (await find(caller, "id", id)).find(({ key }) => key.startsWith("uploads/")),
    findOriginal: async (caller, attachmentId) => (await find(caller, "attachment_id", attachmentId))[0],
    remove: async (userId, id) => {
      const answer = await clients
        .asService()
        .from(TABLE)
        .delete()
        .eq("user_id", userId)
        .eq("id", id)
        .abortSignal(timeout());
      if (answer.error) throw failureOf(answer);
    },
    due: async (limit) => keysSchema.parse(await call("ai_objects_due", { p_limit: limit })),
    deleted: async (keys) => void (await call("ai_objects_deleted", { p_keys: keys })),
  };
}

function failureOf(answer: Parameters<typeof serviceError>[0]): GatewayError {
  if (lacksOwner(answer)) return accountGone(answer.error);
  if (answer.error?.code !== TOO_MANY_UPLOADS) return serviceError(answer);
  return new GatewayError(
    "rate_limited",
    "You have 20 uploads that have not ended. End some of them first.",
    {
      retryAfterSeconds: UPLOAD_RETRY_SECONDS,
    },
  );
}
