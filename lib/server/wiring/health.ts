import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import { benchLogger } from "#lib/services/engines/bench-log.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** What is known of the engines' health, for all that they are asked for; each use has a scope of its own. */
export function createEngineHealth(logger: Logger, clock: Clock): EngineHealth {
  return new EngineHealth(clock, benchLogger(logger, clock));
}
