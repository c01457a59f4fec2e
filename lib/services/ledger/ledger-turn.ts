import type { RunRecord } from "#lib/providers/chat/run.ts";
import { isPaid, NO_PRICES, type PriceBook } from "#lib/providers/cost.ts";
import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import { runOutcome } from "#lib/services/ledger/run-outcome.ts";
import { summarizeUsage } from "#lib/services/ledger/turn-usage.ts";
import type { LedgerStart, UsageLedger } from "#lib/services/ledger/usage-ledger.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

export type LedgerTurnDependencies = {
  ledger: UsageLedger;
  prices(): Promise<PriceBook>;
  logger: Logger;
  clock: Clock;
};

/** What the ledger wants to know of a turn that has ended. */
export type TurnRecord = Pick<RunRecord, "state" | "attempts" | "usages" | "engine" | "committed">;

/** A turn of the OpenAI-shaped routes in the ledger: noted before a provider is asked, settled once. */
export class LedgerTurn {
  readonly #start: LedgerStart;
  readonly #dependencies: LedgerTurnDependencies;

  constructor(
    turn: { requestId: string; caller: ProxyCaller; tier: string },
    dependencies: LedgerTurnDependencies,
  ) {
    this.#dependencies = dependencies;
    this.#start = { ...turn, startedAt: dependencies.clock.wallNow() };
    dependencies.ledger.begin(this.#start);
  }

  /**
   * Hands the turn to the ledger; resolves when its row is stored. Never rejects.
   * @param tier by which the answer came about, where that was open at the start.
   */
  settle(record: TurnRecord, tier: string = this.#start.tier): Promise<void> {
    // What bills nothing needs no price library, which is large.
    const bills = record.usages.some(({ engine }) => isPaid(engine));
    return bills
      ? this.#prices().then((prices) => this.#end(record, tier, prices))
      : this.#end(record, tier, NO_PRICES);
  }

  #end(record: TurnRecord, tier: string, prices: PriceBook): Promise<void> {
    const usage = summarizeUsage(record.usages, prices);
    return this.#dependencies.ledger.end({ ...this.#start, tier, ...runOutcome(record, usage) });
  }

  async #prices(): Promise<PriceBook> {
    const { prices, logger } = this.#dependencies;
    try {
      return await prices();
    } catch (error) {
      const { requestId } = this.#start;
      logger.error("The price library could not be loaded; costs are unknown.", error, { requestId });
      return NO_PRICES;
    }
  }
}
