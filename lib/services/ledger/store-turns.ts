import type { LedgerStore, RefusedTurn } from "#lib/services/ledger/ledger-ports.ts";
import { isEmptyRow, type LedgerRow, rowWithoutContent } from "#lib/services/ledger/ledger-row.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Why the database will not have a turn. */
export type Refusal = { code: RefusedTurn["code"]; reason: unknown };

/** What has become of rows; those that are in neither are stored. */
export type StoredTurns = {
  /** The database does not know these turns, and nothing is lost with them: their begin may still be under way. */
  unknown: Set<LedgerRow>;
  /** The database refuses these, also without what may be wrong with them. */
  refused: Map<LedgerRow, Refusal>;
};

export type StoreDependencies = { store: LedgerStore; logger: Logger };

/**
 * Stores rows. A row that the database refuses is saved without its messages and attempts, whose size and
 * form are not bounded, because its cost must be in the ledger.
 *
 * Throws if the database is unavailable or not set up; then all of the rows may be stored again.
 */
export async function storeTurns(
  rows: readonly LedgerRow[],
  dependencies: StoreDependencies,
): Promise<StoredTurns> {
  const unknown = new Set<LedgerRow>();
  const refused = new Map<LedgerRow, Refusal>();
  for (const { row, ...refusal } of await recordAll(rows, dependencies.store)) {
    if (refusal.code === "not_found" && isEmptyRow(row)) unknown.add(row);
    else refused.set(row, refusal);
  }
  for (const [row, refusal] of refused) {
    if (refusal.code !== "rejected") continue;
    const again = await storeReduced(row, refusal, dependencies);
    if (again === undefined) refused.delete(row);
    else refused.set(row, again);
  }
  return { unknown, refused };
}

/** Stores a row that was refused without its messages and attempts; returns the refusal if that is of no use. */
export async function storeReduced(
  row: LedgerRow,
  refusal: Refusal,
  { store, logger }: StoreDependencies,
): Promise<Refusal | undefined> {
  const reduced = rowWithoutContent(row);
  if (reduced === undefined) return refusal;
  const [again] = await recordAll([reduced], store);
  if (again !== undefined) return { code: again.code, reason: again.reason };
  const message = "The database refused a turn; it was saved without its messages and attempts.";
  logger.error(message, refusal.reason, { requestId: row.requestId });
  return undefined;
}

/** The rows that are not stored, and why. */
async function recordAll(
  rows: readonly LedgerRow[],
  store: LedgerStore,
): Promise<({ row: LedgerRow } & Refusal)[]> {
  let reason: unknown = "The database refused a turn without naming it.";
  try {
    const refused = (await store.record(rows)).map(({ requestId, ...refusal }) => ({
      row: rows.find((row) => row.requestId === requestId),
      ...refusal,
    }));
    const named = refused.flatMap(({ row, ...refusal }) => (row === undefined ? [] : { row, ...refusal }));
    if (named.length === refused.length) return named;
  } catch (error) {
    if (!isRejection(error)) throw error;
    reason = error;
  }
  const [only] = rows;
  if (rows.length === 1 && only !== undefined) return [{ row: only, code: "rejected", reason }];
  // One of the rows is at fault: the halves are tried separately, down to that row.
  const middle = Math.ceil(rows.length / 2);
  const first = await recordAll(rows.slice(0, middle), store);
  return [...first, ...(await recordAll(rows.slice(middle), store))];
}

/** Whether the database refused the rows, as opposed to being unavailable or not set up. */
function isRejection(error: unknown): boolean {
  return !(error instanceof GatewayError) || error.code === "internal_error";
}

/** Logs a row that is not stored with all its numbers, so that an operator can still count them. */
export function logLost(logger: Logger, row: LedgerRow, reason: unknown): void {
  logger.error("A turn could not be saved.", reason, numbersOf(row));
}

/** What an operator needs to count a turn by hand. */
export function numbersOf(row: LedgerRow): LogFields {
  const { requestId, userId, keyId, tier, startedAt, status, model, backend } = row;
  const { promptTokens, completionTokens, cachedTokens, costUsd } = row;
  return {
    ...{ requestId, userId, keyId, tier, startedAt, status, model, backend },
    ...{ promptTokens, completionTokens, cachedTokens, costUsd },
  };
}
