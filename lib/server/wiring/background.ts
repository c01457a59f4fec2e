import type { Basis, Parts } from "#lib/server/wiring/parts.ts";

/** The price library takes some 30 ms of the processor, which the first requests should not wait for; milliseconds. */
const PRICES_DELAY_MS = 1_000;

type BackgroundParts = Pick<Parts, "ledger" | "database" | "shared" | "ledgerMaintenance" | "storage"> &
  Pick<Basis, "env" | "installed" | "clock" | "logger"> & {
    /** Undefined where nothing may be done before a request needs it. */
    prices: Basis["prices"] | undefined;
  };

/**
 * Begins the work of a start that no request waits for. A failure is logged; the part is tried again at its
 * first use.
 */
export function beginInBackground(
  {
    ledger,
    database,
    shared,
    ledgerMaintenance,
    storage,
    env,
    installed,
    prices,
    clock,
    logger,
  }: BackgroundParts,
  signal: AbortSignal,
): void {
  // Self-hosted, so that it delays no answer; a serverless function loads it when its first answer is under way.
  if (prices !== undefined) clock.after(PRICES_DELAY_MS, () => void prices.whole());
  // So that the first request need not wait for the lists. It never rejects.
  installed.lists();
  const begin = (failure: string, work: () => Promise<void>): void => {
    work().catch((error: unknown) => logger.error(failure, error));
  };
  // Opening the ledger stores the turns that an earlier process left in the journal.
  begin("The ledger could not be opened.", async () => void ledger.value);
  begin("Instances do not share their state.", async () => shared.value.state?.start());
  begin("Users can still write turns without a gateway.", async () => {
    const error = await database.value.closeTurns(signal);
    if (error !== undefined) throw error;
  });
  begin("The ledger's figures and its old rows are not maintained.", async () => {
    await ledgerMaintenance.value?.run(signal);
  });
  // A serverless function has no background: it sweeps beside its requests.
  if (env.VERCEL) return;
  begin("Deleted files are not taken from the storage.", async () => {
    await storage.value?.sweeper.run(signal);
  });
}
