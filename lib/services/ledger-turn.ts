import type { RunRecord } from "#lib/providers/chat-run.ts";
import { isPaid, NO_PRICES, type PriceBook } from "#lib/providers/cost.ts";
import type { ProxyCaller } from "#lib/services/caller.ts";
import type { Logger } from "#lib/services/ports.ts";
import { runOutcome } from "#lib/services/run-outcome.ts";
import { summarizeUsage } from "#lib/services/turn-usage.ts";
import type { LedgerStart, UsageLedger } from "#lib/services/usage-ledger.ts";
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

  /** Hands the turn to the ledger; resolves when its row is stored. Never rejects. */
  async settle(record: TurnRecord): Promise<void> {
    const usage = summarizeUsage(record.usages, await this.#prices(record));
    await this.#dependencies.ledger.end({ ...this.#start, ...runOutcome(record, usage) });
  }

  /** The price library is large, and what bills nothing needs none. */
  async #prices({ usages }: TurnRecord): Promise<PriceBook> {
    if (!usages.some(({ engine }) => isPaid(engine))) return NO_PRICES;
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
