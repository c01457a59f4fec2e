import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import type { TurnOutcome } from "#lib/services/ledger/turn-store.ts";

/** A turn of the OpenAI-shaped routes about to be asked of a provider. */
export type LedgerStart = {
  /** Identity of the turn (UUID); what makes writing it twice harmless. */
  requestId: string;
  caller: ProxyCaller;
  /** The mode, or `named` where the client named engines. */
  tier: string;
  /** Wall clock, epoch milliseconds. */
  startedAt: number;
};

/** The same turn at its end. */
export type LedgerEntry = LedgerStart & TurnOutcome;

/**
 * Where turns without a session are written down: they ask nothing of the database before the answer, and
 * their rows go there in batches.
 */
export type UsageLedger = {
  /** Notes the turn before a provider is asked, so that it is known even if the process dies. Never throws. */
  begin(start: LedgerStart): void;
  /**
   * Takes the finished turn; resolves when its row is stored. Never rejects: what fails is tried again. It
   * also resolves when nothing more can be done here: the ledger was closed, or too many turns wait.
   */
  end(entry: LedgerEntry): Promise<void>;
  /** Writes what is waiting, for as long as the database lets it, and stops. */
  close(): Promise<void>;
};
