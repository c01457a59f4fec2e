import { join } from "node:path";
import { ParkedFiles } from "#lib/adapters/journal/parked-files.ts";
import { openTurnJournal } from "#lib/adapters/journal/turn-journal.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseLedgerStore } from "#lib/adapters/supabase/ledger-store.ts";
import { createSupabaseOrphanStore } from "#lib/adapters/supabase/orphan-store.ts";
import { createSupabaseTurnStore } from "#lib/adapters/supabase/turn-store.ts";
import type { Env } from "#lib/server/env/env.ts";
import { BeginQueue } from "#lib/services/ledger/begin-queue.ts";
import type { Ledger } from "#lib/services/ledger/ledger.ts";
import type { ParkedTurns, TurnJournal } from "#lib/services/ledger/ledger-ports.ts";
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

export type LedgerParts = {
  env: Env;
  /** Identifies this process. */
  instanceId: string;
  clients: SupabaseClients;
  clock: Clock;
  logger: Logger;
};

/** What is kept on this machine's disk for turns that are not in the database. */
type LedgerFiles = { journal?: TurnJournal | undefined; parked?: ParkedTurns | undefined };

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
export function createLedger({ env, instanceId, clients, clock, logger }: LedgerParts): LedgerPart {
  // What runs on Vercel has no background work; there pg_cron settles what dead processes leave (docs/DATABASE.md).
  const settlesOrphans = clients.hasServiceRole && !env.VERCEL;
  return {
    turns: createSupabaseTurnStore({ clients, instanceId, now: () => clock.wallNow() }),
    begins: new BeginQueue({ clock, ...BEGINS }),
    ledger: createLedgerWriter({
      store: createSupabaseLedgerStore({ clients }),
      clock,
      logger,
      random: Math.random,
      ...openFiles(env, clock, logger),
      orphans: settlesOrphans ? createSupabaseOrphanStore({ clients }) : undefined,
    }),
  };
}

/** None without a service role, which storing such turns needs, and on Vercel, which keeps no files. */
function openFiles(env: Env, clock: Clock, logger: Logger): LedgerFiles {
  if (env.VERCEL || env.SUPABASE_SERVICE_ROLE_KEY === undefined) return {};
  const folder = join(env.SARMALINK_DATA_DIR, "journal");
  try {
    return { journal: openTurnJournal({ folder, clock }), parked: new ParkedFiles(parkedFolder(env)) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn("Turns in flight will not survive a crash: the journal cannot be written.", { reason });
    return {};
  }
}

/** Where turns are kept that the database refuses. */
export function parkedFolder(env: Pick<Env, "SARMALINK_DATA_DIR">): string {
  return join(env.SARMALINK_DATA_DIR, "parked");
}
