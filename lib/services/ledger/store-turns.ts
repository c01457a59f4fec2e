import type { LedgerStore, RefusedTurn } from "#lib/services/ledger/ledger-ports.ts";
import { isEmptyRow, type LedgerRow, rowWithoutContent } from "#lib/services/ledger/ledger-row.ts";
import type { Logger } from "#lib/services/ports.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/**
 * Stores rows. A row that the database refuses is saved without its messages and attempts, whose size and
 * form are not bounded, because its cost must be in the ledger. If it is refused again, it is logged with its
 * costs and given up.
 *
 * Returns the rows of turns that the database does not know, if nothing is lost with them: their `begin_turn`
 * may not have arrived, or not yet. Throws if the database is unavailable or not set up; then all of the rows
 * may be stored again.
 */
export async function storeTurns(
  rows: readonly LedgerRow[],
  dependencies: { store: LedgerStore; logger: Logger },
): Promise<LedgerRow[]> {
  const unknown: LedgerRow[] = [];
  const again: { row: LedgerRow; reduced: LedgerRow; reason: unknown }[] = [];
  for (const { row, code, reason } of await recordAll(rows, dependencies.store)) {
    const reduced = code === "rejected" && row !== undefined ? rowWithoutContent(row) : undefined;
    if (row !== undefined && reduced !== undefined) again.push({ row, reduced, reason });
    else if (row !== undefined && code === "not_found" && isEmptyRow(row)) unknown.push(row);
    else logLost(dependencies.logger, row, reason);
  }
  for (const { row, reduced, reason } of again) {
    const [refused] = await recordAll([reduced], dependencies.store);
    if (refused !== undefined) logLost(dependencies.logger, row, refused.reason);
    else {
      const fields = { requestId: row.requestId };
      const message = "The database refused a turn; it was saved without its messages and attempts.";
      dependencies.logger.error(message, reason, fields);
    }
  }
  return unknown;
}

type RefusedRow = { row: LedgerRow | undefined; code: RefusedTurn["code"]; reason: unknown };

async function recordAll(rows: readonly LedgerRow[], store: LedgerStore): Promise<RefusedRow[]> {
  try {
    const refused = await store.record(rows);
    return refused.map(({ requestId, code, reason }) => ({
      row: rows.find((row) => row.requestId === requestId),
      code,
      reason,
    }));
  } catch (error) {
    if (!isRejection(error)) throw error;
    const [only] = rows;
    if (rows.length === 1 && only !== undefined) return [{ row: only, code: "rejected", reason: error }];
    // One of the rows is at fault: the halves are tried separately, down to that row.
    const middle = Math.ceil(rows.length / 2);
    const first = await recordAll(rows.slice(0, middle), store);
    return [...first, ...(await recordAll(rows.slice(middle), store))];
  }
}

/** Whether the database refused the rows, as opposed to being unavailable or not set up. */
function isRejection(error: unknown): boolean {
  return !(error instanceof GatewayError) || error.code === "internal_error";
}

/** Logs a row that is not stored with all its numbers, so that an operator can still count them. */
export function logLost(logger: Logger, row: LedgerRow | undefined, reason: unknown): void {
  if (row === undefined) return logger.error("The database refused a turn without naming it.", reason);
  const { requestId, userId, keyId, tier, status, model, backend } = row;
  const { promptTokens, completionTokens, cachedTokens, costUsd } = row;
  logger.error("A turn could not be saved.", reason, {
    ...{ requestId, userId, keyId, tier, status, model, backend },
    ...{ promptTokens, completionTokens, cachedTokens, costUsd },
  });
}
