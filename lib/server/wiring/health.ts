import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import { benchLogger } from "#lib/services/engines/bench-log.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/**
 * What is known of the engines' health.
 *
 * @param scope what they are asked for, if not chats: a model that has no embeddings, or a key that may not
 *   make them, is none the worse for chat.
 */
export function createEngineHealth(logger: Logger, clock: Clock, scope?: "embeddings"): EngineHealth {
  return new EngineHealth(() => clock.now(), benchLogger(logger, clock, scope));
}
