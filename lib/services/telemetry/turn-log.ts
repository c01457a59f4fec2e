import type { LogFields, Logger } from "#lib/services/ports.ts";
import type { EndedTurn, TurnObserver } from "#lib/services/telemetry/ended-turn.ts";

/** The message of a turn's line. */
const MESSAGE = "turn";

/** One line a turn at its end: what became of a request, and what it has cost. */
export function turnLog(logger: Pick<Logger, "info">): TurnObserver {
  return (turn) => logger.info(MESSAGE, turnFields(turn));
}

function turnFields(turn: EndedTurn): LogFields {
  const { requestId, route, mode, status, backend, model, startedAt, endedAt } = turn;
  const { promptTokens, completionTokens, cachedTokens, costUsd } = turn;
  return {
    requestId,
    route,
    mode,
    status,
    caller: turn.callerKind,
    engine: backend === null || model === null ? undefined : `${backend}/${model}`,
    attempts: turn.attempts.length,
    outcomes: outcomesOf(turn),
    durationMs: Math.round(endedAt - startedAt),
    firstTokenMs: firstTokenMs(turn),
    ...{ promptTokens, completionTokens, cachedTokens, costUsd },
    usageSource: turn.usageSource,
  };
}

/** How each attempt went, in order; undefined if the first one answered. */
function outcomesOf({ attempts }: EndedTurn): string | undefined {
  if (attempts.every(({ status }) => status === "ok")) return undefined;
  return attempts.map(({ backend, modelId, status }) => `${backend}/${modelId} ${status}`).join("; ");
}

/** From the beginning of the turn to its first content. */
function firstTokenMs({ attempts }: EndedTurn): number | undefined {
  for (const { startedMs, firstTokenMs } of attempts) {
    if (startedMs !== undefined && firstTokenMs !== undefined) return Math.round(startedMs + firstTokenMs);
  }
  return undefined;
}
