import type { BeginQueue } from "#lib/services/ledger/begin-queue.ts";
import type { Ledger, LedgerTurn } from "#lib/services/ledger/ledger.ts";
import {
  type BeginTurn,
  type BegunTurn,
  TurnNotBegun,
  type TurnStore,
} from "#lib/services/ledger/turn-store.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type BeginDependencies = {
  ledger: Ledger;
  turns: TurnStore;
  /** How many turns begin at once. */
  begins: BeginQueue;
};

/**
 * Begins a turn of native chat, when it is its turn: notes it in the ledger, then counts it and loads its session
 * in the database. Throws as `TurnStore.begin` does, and ends the ledger's turn then.
 *
 * @param signal aborts when the client has left; then nothing is begun, or what may have begun is closed.
 */
export function beginTurn(
  turn: BeginTurn,
  signal: AbortSignal,
  { ledger, turns, begins }: BeginDependencies,
): Promise<{ begun: BegunTurn; ledgerTurn: LedgerTurn }> {
  const { requestId, route, caller, tier, settleSecret } = turn;
  const begin = async (timeoutMs: number) => {
    const ledgerTurn = ledger.begin({ requestId, route, caller, tier, settleSecret });
    try {
      return { begun: await turns.begin(turn, { signal, timeoutMs }), ledgerTurn };
    } catch (error) {
      if (mayHaveBegun(error)) ledgerTurn.abandon();
      else ledgerTurn.forget();
      throw error;
    }
  };
  return begins.run(caller.userId, begin, signal);
}

/** If the database did not answer, it may still begin the turn after we gave up. */
function mayHaveBegun(error: unknown): boolean {
  if (error instanceof TurnNotBegun) return false;
  return (
    !(error instanceof GatewayError) ||
    error.code === "database_unavailable" ||
    error.code === "client_closed_request" ||
    error.code === "internal_error"
  );
}
