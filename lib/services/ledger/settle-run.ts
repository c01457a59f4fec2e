import { isPaid, NO_PRICES, type PriceBook } from "#lib/providers/cost.ts";
import type { LedgerTurn, TurnEnd } from "#lib/services/ledger/ledger.ts";
import { runOutcome, type TurnRecord } from "#lib/services/ledger/run-outcome.ts";
import type { Logger } from "#lib/services/ports.ts";

export type SettleRunDependencies = { prices(): Promise<PriceBook>; logger: Logger };

/** Ends the turn of a run with the run's outcome; resolves when its row is stored. Never rejects. */
export function settleRun(
  turn: LedgerTurn,
  record: TurnRecord,
  dependencies: SettleRunDependencies,
  more: Pick<TurnEnd, "tier" | "conversation"> = {},
): Promise<void> {
  const end = (prices: PriceBook): Promise<void> =>
    turn.end({ ...runOutcome(record, prices, turn.startedAt), ...more });
  // A free run does not load the price library, which is large.
  const bills = record.usages.some(({ engine }) => isPaid(engine));
  return bills ? pricesOrNone(dependencies, turn.requestId).then(end) : end(NO_PRICES);
}

/** The price book, or one that knows no price if the library cannot be loaded. */
export async function pricesOrNone(
  { prices, logger }: SettleRunDependencies,
  requestId: string,
): Promise<PriceBook> {
  try {
    return await prices();
  } catch (error) {
    logger.error("The price library could not be loaded; costs are unknown.", error, { requestId });
    return NO_PRICES;
  }
}
