import type { PriceBook } from "#lib/providers/cost.ts";
import type { LedgerTurn, TurnEnd } from "#lib/services/ledger/ledger.ts";
import type { Prices } from "#lib/services/ledger/prices.ts";
import { runOutcome, type TurnRecord } from "#lib/services/ledger/run-outcome.ts";

/**
 * Ends the turn of a run with the run's outcome; resolves when its row is stored. Never rejects. The first run of a
 * process may have to wait for the price library: a free one too, since its row says what the free tier saved.
 */
export function settleRun(
  turn: LedgerTurn,
  record: TurnRecord,
  { prices }: { prices: Prices },
  more: Pick<TurnEnd, "tier" | "conversation"> = {},
): Promise<void> {
  const end = (book: PriceBook): Promise<void> =>
    turn.end({ ...runOutcome(record, book, turn.startedAt), ...more });
  // At once if possible, so that the end is in the journal when the answer is.
  const { current } = prices;
  return current.facts.library.isLoaded ? end(current) : prices.whole().then(end);
}
