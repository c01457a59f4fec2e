import type { AttemptUsage } from "#lib/services/ledger/turn-store.ts";
import type { EndedAttempt, EndedTurn } from "#lib/services/telemetry/ended-turn.ts";
import { GEN_AI, operationName, providerName } from "#lib/services/telemetry/gen-ai.ts";
import type { Labels, Measurement, MetricName } from "#lib/services/telemetry/metrics.ts";
import type { ModelLabels } from "#lib/services/telemetry/model-labels.ts";

/** The `route` of turns that no route asked for, such as the search of a message for facts. */
const OWN_ROUTE = "internal";

/** What an ended turn adds to the metrics. */
export function turnMeasurements(turn: EndedTurn, models: ModelLabels): Measurement[] {
  const { route = OWN_ROUTE, mode, status } = turn;
  const labels = { route, mode, status };
  const all: Measurement[] = [{ metric: "sarmalink.turns", value: 1, labels }];
  for (const attempt of turn.attempts) {
    const model = models.of(attempt.backend, attempt.modelId, attempt.status === "ok");
    all.push(...ownMeasurements(attempt, model), ...genAiMeasurements(attempt, model, turn.route));
  }
  return all;
}

function ownMeasurements({ backend, status, usage }: EndedAttempt, model: string): Measurement[] {
  const labels = { provider: backend, model };
  const all: Measurement[] = [
    { metric: "sarmalink.attempts", value: 1, labels: { ...labels, outcome: status } },
  ];
  if (usage === undefined) return all;
  for (const [kind, value] of Object.entries(tokenKinds(usage))) {
    if (value > 0) all.push({ metric: "sarmalink.tokens", value, labels: { ...labels, kind } });
  }
  if (usage.costUsd === null) all.push({ metric: "sarmalink.cost.unknown", value: 1, labels });
  // A counter of zero says that the engine is free, and not that nothing is known.
  else all.push({ metric: "sarmalink.cost.usd", value: usage.costUsd, labels });
  if (!usage.isBilled && usage.listUsd !== null) {
    all.push({ metric: "sarmalink.free.value.usd", value: usage.listUsd, labels });
  }
  return all;
}

function tokenKinds(usage: AttemptUsage): Record<string, number> {
  return {
    prompt: usage.promptTokens,
    cached: usage.cachedTokens,
    cache_write: usage.cacheWriteTokens,
    completion: usage.completionTokens,
    reasoning: usage.reasoningTokens,
  };
}

function genAiMeasurements(attempt: EndedAttempt, model: string, route: string | undefined): Measurement[] {
  const { backend, status, latencyMs, firstTokenMs, usage } = attempt;
  const labels: Labels = {
    [GEN_AI.operation]: operationName(route),
    [GEN_AI.provider]: providerName(backend),
    [GEN_AI.requestModel]: model,
  };
  const measured = (metric: MetricName, value: number, more: Labels = {}): Measurement => ({
    metric,
    value,
    labels: { ...labels, ...more },
  });
  const error = status === "ok" ? {} : { [GEN_AI.errorType]: status };
  const all = [measured("gen_ai.client.operation.duration", latencyMs / 1_000, error)];
  if (firstTokenMs !== undefined) {
    all.push(measured("gen_ai.client.operation.time_to_first_chunk", firstTokenMs / 1_000));
  }
  // The conventions want counted tokens here, not estimated ones.
  if (usage?.source === "exact") {
    const tokens = (type: string, value: number): Measurement =>
      measured("gen_ai.client.token.usage", value, { [GEN_AI.tokenType]: type });
    all.push(tokens("input", usage.promptTokens), tokens("output", usage.completionTokens));
  }
  return all;
}
