import { z } from "zod";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { anonymousError, serviceError } from "#lib/adapters/supabase/database-error.ts";
import { settleRow } from "#lib/adapters/supabase/settle-row.ts";
import type { LedgerStore, RefusedTurn } from "#lib/services/ledger/ledger-ports.ts";
import type { LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type LedgerStoreOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 5000 by default. */
  timeoutMs?: number | undefined;
};

/** Parallel calls without a service role, when each turn is a call of its own. */
const MAX_CALLS = 8;

const answerSchema = z.object({
  refused: z.array(z.object({ id: z.string().nullable(), code: z.string(), reason: z.string() })),
});

/**
 * The ledger on Supabase. With a service role a batch is one call. Without one there are turns of native chat
 * only, and each is settled anonymously, with its secret as the credential, because the user's access token may
 * have expired during the answer.
 */
export function createSupabaseLedgerStore({ clients, timeoutMs = 5_000 }: LedgerStoreOptions): LedgerStore {
  return {
    record: (rows) =>
      clients.hasServiceRole ? recordBatch(rows, clients, timeoutMs) : recordEach(rows, clients, timeoutMs),
  };
}

async function recordBatch(
  rows: readonly LedgerRow[],
  clients: SupabaseClients,
  timeoutMs: number,
): Promise<RefusedTurn[]> {
  const answer = await clients
    .asService()
    .rpc("settle_turns", { p_turns: rows.map(settleRow) })
    .abortSignal(AbortSignal.timeout(timeoutMs));
  if (answer.error) throw serviceError(answer);
  const parsed = answerSchema.safeParse(answer.data);
  if (!parsed.success) {
    // Not the answer of our function, so it is not known whether the turns are stored.
    throw new GatewayError("database_unavailable", "The database answered in an unknown form.", {
      cause: parsed.error,
    });
  }
  return parsed.data.refused.map(({ id, code, reason }) => ({
    requestId: id,
    code: refusalCode(code),
    reason,
  }));
}

async function recordEach(
  rows: readonly LedgerRow[],
  clients: SupabaseClients,
  timeoutMs: number,
): Promise<RefusedTurn[]> {
  const refused: RefusedTurn[] = [];
  for (let from = 0; from < rows.length; from += MAX_CALLS) {
    const calls = rows.slice(from, from + MAX_CALLS).map((row) => recordOne(row, clients, timeoutMs));
    for (const refusal of await Promise.all(calls)) if (refusal !== undefined) refused.push(refusal);
  }
  return refused;
}

async function recordOne(
  row: LedgerRow,
  clients: SupabaseClients,
  timeoutMs: number,
): Promise<RefusedTurn | undefined> {
  if (row.settleSecret === undefined) {
    const reason = "SUPABASE_SERVICE_ROLE_KEY is not set: only turns of native chat can be stored.";
    return { requestId: row.requestId, code: "rejected", reason };
  }
  const answer = await clients
    .asAnonymous()
    .rpc("settle_turn", { p_turn: settleRow(row) })
    .abortSignal(AbortSignal.timeout(timeoutMs));
  if (!answer.error) return undefined;
  const error = anonymousError(answer);
  switch (error.code) {
    case "not_found":
    case "forbidden":
    case "internal_error":
      return { requestId: row.requestId, code: refusalCode(answer.error.code), reason: answer.error.message };
    default:
      throw error;
  }
}

/** `PTxyz` are the SQLSTATEs of our functions, see the migrations. */
function refusalCode(sqlState: string | undefined): RefusedTurn["code"] {
  if (sqlState === "PT404") return "not_found";
  return sqlState === "PT403" ? "forbidden" : "rejected";
}
