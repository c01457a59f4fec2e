import { join } from "node:path";
import { openTurnJournal } from "#lib/adapters/journal/turn-journal.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseLedgerStore } from "#lib/adapters/supabase/ledger-store.ts";
import { createSupabaseTurnStore } from "#lib/adapters/supabase/turn-store.ts";
import type { Env } from "#lib/server/env/env.ts";
import { BeginQueue } from "#lib/services/ledger/begin-queue.ts";
import type { Ledger } from "#lib/services/ledger/ledger.ts";
import type { TurnJournal } from "#lib/services/ledger/ledger-ports.ts";
import { createLedgerWriter } from "#lib/services/ledger/ledger-writer.ts";
import type { TurnLedger } from "#lib/services/ledger/releasing-ledger.ts";
import type { TurnStore } from "#lib/services/ledger/turn-store.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/**
 * More than these at once make a database of a few cores no faster. Nobody waits longer than 5 s to be told that the
 * database does not manage, and who has waited 4 s still has one to begin.
 */
const BEGINS = { maxRunning: 16, maxWaiting: 1_000, maxWaitMs: 4_000, maxTotalMs: 5_000 };

export type LedgerParts = { env: Env; clients: SupabaseClients; clock: Clock; logger: Logger };

export type LedgerPart = {
  /** Begins turns of native chat. */
  turns: TurnStore;
  /** How many of them begin at once. */
  begins: BeginQueue;
  /** Stores all turns. */
  ledger: Ledger;
};

/** What begins turns: those of gateway keys end what their requests hold. */
export type TurnLedgerPart = Omit<LedgerPart, "ledger"> & { ledger: TurnLedger };

/** The ledger. Creating it stores the turns that an earlier process left in the journal. */
export function createLedger({ env, clients, clock, logger }: LedgerParts): LedgerPart {
  return {
    turns: createSupabaseTurnStore({ clients, now: () => clock.wallNow() }),
    begins: new BeginQueue({ clock, ...BEGINS }),
    ledger: createLedgerWriter({
      store: createSupabaseLedgerStore({ clients }),
      clock,
      logger,
      random: Math.random,
      journal: openJournal(env, clock, logger),
    }),
  };
}

/** None without a service role, which storing its turns needs, and on Vercel, which keeps no files. */
function openJournal(env: Env, clock: Clock, logger: Logger): TurnJournal | undefined {
  if (env.VERCEL || env.SUPABASE_SERVICE_ROLE_KEY === undefined) return undefined;
  const folder = join(env.SARMALINK_DATA_DIR, "journal");
  try {
    return openTurnJournal({ folder, clock });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn("Turns in flight will not survive a crash: the journal cannot be written.", { reason });
    return undefined;
  }
}
