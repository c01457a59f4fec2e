import { z } from "zod";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { serviceError } from "#lib/adapters/supabase/database-error.ts";
import { overrideListSchema, toOverrideList } from "#lib/adapters/supabase/override-rows.ts";
import type { RpcAnswer } from "#lib/adapters/supabase/rpc.ts";
import type { OverrideRule } from "#lib/services/overrides/override.ts";
import type { OverrideStore } from "#lib/services/overrides/override-store.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type OverrideStoreOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 3000 by default. */
  timeoutMs?: number | undefined;
};

const putSchema = overrideListSchema.extend({ id: z.string(), created: z.boolean() });
const removedSchema = overrideListSchema.extend({ deleted: z.boolean() });

/** Overrides on Supabase, by the service role. */
export function createSupabaseOverrideStore(options: OverrideStoreOptions): OverrideStore {
  const { clients, timeoutMs = 3_000 } = options;
  const call = async (name: string, parameters: Record<string, unknown> = {}): Promise<unknown> => {
    const sent = clients.asService().rpc(name, parameters);
    const answer = await sent.abortSignal(AbortSignal.timeout(timeoutMs));
    if (answer.error) throw failure(answer);
    return answer.data;
  };
  return {
    list: async () => toOverrideList(overrideListSchema.parse(await call("list_overrides"))),
    async put({ id, rule, note, expiresAt, userId }) {
      const p = { ...columnsOf(rule), note, expires_at: expiresAt, user_id: userId };
      const answer = putSchema.parse(await call("put_override", { p: id === undefined ? p : { ...p, id } }));
      return { ...toOverrideList(answer), id: answer.id, created: answer.created };
    },
    async remove(id) {
      const answer = removedSchema.parse(await call("delete_override", { p_id: id }));
      return { ...toOverrideList(answer), deleted: answer.deleted };
    },
  };
}

function columnsOf(rule: OverrideRule) {
  const { kind, mode } = rule;
  return kind === "off" ? { kind, mode, ...rule.target } : { kind, mode, engines: rule.engines };
}

function failure(answer: RpcAnswer): GatewayError {
  const cause = answer.error ?? undefined;
  switch (answer.error?.code) {
    case "PT404":
      return new GatewayError("not_found", "There is no such override.", { cause });
    case "PT409":
      return new GatewayError(
        "conflict",
        "Another override has this target, or there are 500, which is the most that are kept.",
        { cause },
      );
    default:
      return serviceError(answer);
  }
}
