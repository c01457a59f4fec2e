import type { EndedAttempt, EndedTurn } from "#lib/services/telemetry/ended-turn.ts";
import { GEN_AI, operationName, providerName } from "#lib/services/telemetry/gen-ai.ts";

export type SpanAttributes = Record<string, string | number | boolean>;

/** A span with its real times, wall clock, epoch milliseconds. */
export type FinishedSpan = {
  name: string;
  kind: "server" | "client" | "internal";
  startedAt: number;
  endedAt: number;
  hasFailed: boolean;
  attributes: SpanAttributes;
};

export type TurnSpans = { turn: FinishedSpan; attempts: FinishedSpan[] };

/**
 * One span for the turn, which a client asked for, and below it one for each call of an engine. Only those have
 * `gen_ai.usage.*`: tools that add up tokens would count them twice.
 */
export function turnSpans(turn: EndedTurn): TurnSpans {
  return { turn: spanOfTurn(turn), attempts: spansOfAttempts(turn) };
}

function spanOfTurn(turn: EndedTurn): FinishedSpan {
  const { route, mode, status, model, backend, startedAt, endedAt, costUsd } = turn;
  const operation = operationName(route);
  const attributes: SpanAttributes = {
    [GEN_AI.operation]: operation,
    [GEN_AI.requestModel]: mode,
    "sarmalink.request_id": turn.requestId,
    "sarmalink.mode": mode,
    "sarmalink.status": status,
    "sarmalink.caller": turn.callerKind,
    "sarmalink.attempts": turn.attempts.length,
    "sarmalink.turn.prompt_tokens": turn.promptTokens,
    "sarmalink.turn.completion_tokens": turn.completionTokens,
    "sarmalink.turn.cached_tokens": turn.cachedTokens,
  };
  if (route !== undefined) attributes["http.route"] = route;
  if (model !== null) attributes[GEN_AI.responseModel] = model;
  if (backend !== null) attributes[GEN_AI.provider] = providerName(backend);
  if (costUsd !== null) attributes["sarmalink.turn.cost_usd"] = costUsd;
  if (status !== "completed") attributes[GEN_AI.errorType] = status;
  return {
    name: `${operation} ${mode}`,
    kind: route === undefined ? "internal" : "server",
    startedAt,
    endedAt,
    // A client that leaves is no error, and neither is a quota.
    hasFailed: status === "failed" || status === "interrupted",
    attributes,
  };
}

function spansOfAttempts({ attempts, route, startedAt }: EndedTurn): FinishedSpan[] {
  const operation = operationName(route);
  // Where a call has no time of its own, it began when the one before it ended.
  let previousEnd = startedAt;
  return attempts.map((attempt, index) => {
    const began = attempt.startedMs === undefined ? previousEnd : startedAt + attempt.startedMs;
    previousEnd = began + attempt.latencyMs;
    return {
      name: `${operation} ${attempt.modelId}`,
      kind: "client",
      startedAt: began,
      endedAt: previousEnd,
      hasFailed: attempt.status !== "ok" && attempt.status !== "cancelled",
      attributes: {
        [GEN_AI.operation]: operation,
        [GEN_AI.provider]: providerName(attempt.backend),
        [GEN_AI.requestModel]: attempt.modelId,
        "sarmalink.provider": attempt.backend,
        "sarmalink.attempt": index + 1,
        "sarmalink.outcome": attempt.status,
        ...measuredOf(attempt),
      },
    };
  });
}

function measuredOf({ status, keyIndex, firstTokenMs, usage }: EndedAttempt): SpanAttributes {
  const measured: SpanAttributes = {};
  if (status !== "ok") measured[GEN_AI.errorType] = status;
  if (keyIndex !== null) measured["sarmalink.key_index"] = keyIndex;
  if (firstTokenMs !== undefined) measured[GEN_AI.timeToFirstChunk] = firstTokenMs / 1_000;
  if (usage === undefined) return measured;
  measured[GEN_AI.inputTokens] = usage.promptTokens;
  measured[GEN_AI.outputTokens] = usage.completionTokens;
  measured[GEN_AI.cacheReadTokens] = usage.cachedTokens;
  measured[GEN_AI.cacheWriteTokens] = usage.cacheWriteTokens;
  measured[GEN_AI.reasoningTokens] = usage.reasoningTokens;
  measured["sarmalink.usage_source"] = usage.source;
  measured["sarmalink.billed"] = usage.isBilled;
  if (usage.costUsd !== null) measured["sarmalink.cost_usd"] = usage.costUsd;
  return measured;
}
