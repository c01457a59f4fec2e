import type { ParkedTurn, ParkedTurns } from "#lib/services/ledger/ledger-ports.ts";
import { type StoreDependencies, storeTurns } from "#lib/services/ledger/store-turns.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Turns that fail like this one after the other: then it is the database, and not the turns. */
const MAX_FAILURES = 5;

export type RetryParkedDependencies = StoreDependencies & {
  parked: ParkedTurns;
  /** Nothing more is begun once this is true. */
  isStopped?: (() => boolean) | undefined;
};

export type RetriedTurns = {
  stored: number;
  refused: number;
  /** With these the database failed, or did not answer. After some of them in a row nothing more is tried. */
  failed: number;
};

/** Tries all parked turns again; what the database takes now is parked no more. */
export async function retryParked(dependencies: RetryParkedDependencies): Promise<RetriedTurns> {
  const { parked, isStopped = () => false } = dependencies;
  const result: RetriedTurns = { stored: 0, refused: 0, failed: 0 };
  let failures = 0;
  for await (const turns of parked.read()) {
    const whole = await storedOf(turns, dependencies);
    // One of them may be what makes the database fail.
    for (const part of whole === undefined ? turns.map((turn) => [turn]) : [turns]) {
      if (isStopped() || failures >= MAX_FAILURES) return result;
      const stored = whole ?? (await storedOf(part, dependencies));
      failures = stored === undefined ? failures + 1 : 0;
      if (stored === undefined) result.failed += part.length;
      else {
        for (const turn of stored) parked.remove(turn);
        result.stored += stored.length;
        result.refused += part.length - stored.length;
      }
    }
  }
  return result;
}

/** Those that are stored now; undefined if the database failed. */
async function storedOf(
  turns: readonly ParkedTurn[],
  dependencies: StoreDependencies,
): Promise<ParkedTurn[] | undefined> {
  try {
    const rows = turns.map(({ row }) => row);
    const { unknown, refused } = await storeTurns(rows, dependencies);
    return turns.filter(({ row }) => !unknown.has(row) && !refused.has(row));
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}
