import type { Ledger, LedgerTurn } from "#lib/services/ledger/ledger.ts";
import type { BeginTurn, BegunTurn, TurnStore } from "#lib/services/ledger/turn-store.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/**
 * Begins a turn of native chat: notes it in the ledger, then counts it and loads its session in the database.
 * Throws as `TurnStore.begin` does, and ends the ledger's turn then.
 */
export async function beginTurn(
  turn: BeginTurn,
  { ledger, turns }: { ledger: Ledger; turns: TurnStore },
): Promise<{ begun: BegunTurn; ledgerTurn: LedgerTurn }> {
  const { requestId, caller, tier, settleSecret } = turn;
  const ledgerTurn = ledger.begin({ requestId, caller, tier, settleSecret });
  try {
    return { begun: await turns.begin(turn), ledgerTurn };
  } catch (error) {
    if (mayHaveBegun(error)) ledgerTurn.abandon();
    else ledgerTurn.forget();
    throw error;
  }
}

/** If the database did not answer, it may still begin the turn after we gave up. */
function mayHaveBegun(error: unknown): boolean {
  return (
    !(error instanceof GatewayError) ||
    error.code === "database_unavailable" ||
    error.code === "internal_error"
  );
}
