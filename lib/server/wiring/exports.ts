import { WorkbookPool } from "#lib/adapters/workers/workbook-pool.ts";
import type { WorkbookWriter } from "#lib/services/exports/workbook-writer.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** What writes workbooks. Its thread starts with the first table. */
export function createWorkbookWriter(logger: Logger, clock: Clock): WorkbookWriter {
  return new WorkbookPool(logger, clock);
}
