import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { AccountAlarms } from "#lib/services/admin/account-alarms.ts";
import { benchLogger } from "#lib/services/engines/bench-log.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** The health of engines for all that they are called for; each use has its own scope. */
export function createEngineHealth(
  logger: Logger,
  clock: Clock,
  alarms: Pick<AccountAlarms, "note">,
): EngineHealth {
  const log = benchLogger(logger, clock);
  return new EngineHealth(clock, (bench) => {
    log(bench);
    alarms.note(bench);
  });
}
