import type { InstalledModels } from "#lib/server/wiring/installed-models.ts";
import type { Parts } from "#lib/server/wiring/parts.ts";
import type { Logger } from "#lib/services/ports.ts";

/**
 * Begins the work of a start that no request waits for. A failure is logged; the part is tried again at its
 * first use.
 */
export function beginInBackground(
  {
    ledger,
    database,
    shared,
    installed,
  }: Pick<Parts, "ledger" | "database" | "shared"> & {
    installed: InstalledModels;
  },
  logger: Logger,
  signal: AbortSignal,
): void {
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
}
