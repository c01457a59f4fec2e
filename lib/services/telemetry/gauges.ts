import type { EngineReport } from "#lib/providers/health/engine-health.ts";
import type { LedgerGauges } from "#lib/services/ledger/ledger.ts";
import type { Labels, Measurement, MetricName } from "#lib/services/telemetry/metrics.ts";
import type { ModelLabels } from "#lib/services/telemetry/model-labels.ts";

/** What is read whenever somebody asks for the metrics. */
export type GaugeSources = {
  /** Undefined while nothing has used the ledger. */
  ledger(): (LedgerGauges & { inFlight: number }) | undefined;
  engines(): readonly EngineReport[];
  /** Engines whose model has no label of its own have no gauges: clients can name any model. */
  models: Pick<ModelLabels, "has">;
  process(): ProcessReading;
};

export type ProcessReading = {
  cpuSeconds: number;
  residentBytes: number;
  heapBytes: number;
  /** Epoch seconds. */
  startedAt: number;
  loopActiveSeconds: number;
};

const BREAKER_STATE: Readonly<Record<EngineReport["breaker"], number>> = { closed: 0, half_open: 1, open: 2 };

/** The present values of all gauges. */
export function readGauges({ ledger, engines, models, process }: GaugeSources): Measurement[] {
  const all: Measurement[] = [];
  const add = (metric: MetricName, value: number, labels: Labels = {}): void => {
    all.push({ metric, value, labels });
  };
  const { waiting, parked, oldestSeconds, inFlight } = ledger() ?? NOTHING;
  add("sarmalink.ledger.waiting", waiting);
  add("sarmalink.ledger.parked", parked);
  add("sarmalink.ledger.oldest", oldestSeconds);
  add("sarmalink.turns.in_flight", inFlight);
  for (const { scope, engine, breaker, benchedForMs, dead } of engines()) {
    const { provider, model } = partsOf(engine);
    if (!models.has(provider, model)) continue;
    const labels = { scope, provider, model };
    add("sarmalink.breaker.state", BREAKER_STATE[breaker], labels);
    add("sarmalink.bench.remaining", benchedForMs / 1_000, labels);
    add("sarmalink.engine.dead", dead ? 1 : 0, labels);
  }
  const { cpuSeconds, residentBytes, heapBytes, startedAt, loopActiveSeconds } = process();
  add("process_cpu", cpuSeconds);
  add("process_resident_memory", residentBytes);
  add("process_start_time", startedAt);
  add("nodejs_heap_size_used", heapBytes);
  add("nodejs_eventloop_active", loopActiveSeconds);
  return all;
}

const NOTHING = { waiting: 0, parked: 0, oldestSeconds: 0, inFlight: 0 };

/** Of `provider/model`; the model may have slashes of its own. */
function partsOf(engine: string): { provider: string; model: string } {
  const slash = engine.indexOf("/");
  return { provider: engine.slice(0, slash), model: engine.slice(slash + 1) };
}
