import { type Meter, type Observable, ValueType } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import { type IMetricReader, MeterProvider, type MetricData, MetricReader } from "@opentelemetry/sdk-metrics";
import {
  METRICS,
  type Measurement,
  type MetricDefinition,
  type MetricName,
} from "#lib/services/telemetry/metrics.ts";
import { VERSION } from "#lib/shared/version.ts";

/** Series of one metric; the labels are bounded elsewhere, this is the last resort. */
const MAX_SERIES = 5_000;

export type Registry = {
  record(measurements: readonly Measurement[]): void;
  /** The present state of all metrics. */
  collect(): Promise<MetricData[]>;
  /** Sends what there is to the other readers. */
  flush(timeoutMillis: number): Promise<void>;
  close(timeoutMillis: number): Promise<void>;
};

/** Collects when asked to. */
class PullReader extends MetricReader {
  constructor() {
    super({ cardinalitySelector: () => MAX_SERIES });
  }

  override async onForceFlush(): Promise<void> {
    return undefined;
  }

  override async onShutdown(): Promise<void> {
    return undefined;
  }
}

/**
 * The one registry of the process: Prometheus reads it, and `readers` send it elsewhere.
 * @param observe the values of the metrics that are only read.
 */
export function createRegistry(
  resource: Resource,
  readers: readonly IMetricReader[],
  observe: () => readonly Measurement[],
): Registry {
  const pull = new PullReader();
  const provider = new MeterProvider({ resource, readers: [pull, ...readers] });
  const meter = provider.getMeter("sarmalink-ai", VERSION);
  const record = recorders(meter);
  observeAll(meter, observe);
  return {
    record: (measurements) => {
      for (const measurement of measurements) record.get(measurement.metric)?.(measurement);
    },
    collect: async () => {
      const { resourceMetrics } = await pull.collect();
      return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    },
    flush: (timeoutMillis) => provider.forceFlush({ timeoutMillis }),
    close: (timeoutMillis) => provider.shutdown({ timeoutMillis }),
  };
}

const definitions = Object.entries(METRICS) as [MetricName, MetricDefinition][];

function recorders(meter: Meter): Map<MetricName, (measurement: Measurement) => void> {
  const all = new Map<MetricName, (measurement: Measurement) => void>();
  for (const [name, { kind, unit, help, buckets }] of definitions) {
    const options = { unit, description: help, valueType: ValueType.DOUBLE };
    if (kind === "counter") {
      const counter = meter.createCounter(name, options);
      all.set(name, ({ value, labels }) => counter.add(value, labels));
    } else if (kind === "histogram") {
      const advice = { explicitBucketBoundaries: [...(buckets ?? [])] };
      const histogram = meter.createHistogram(name, { ...options, advice });
      all.set(name, ({ value, labels }) => histogram.record(value, labels));
    }
  }
  return all;
}

function observeAll(meter: Meter, observe: () => readonly Measurement[]): void {
  const observed = new Map<MetricName, Observable>();
  for (const [name, { kind, unit, help }] of definitions) {
    const options = { unit, description: help };
    if (kind === "gauge") observed.set(name, meter.createObservableGauge(name, options));
    else if (kind === "observed_counter") observed.set(name, meter.createObservableCounter(name, options));
  }
  meter.addBatchObservableCallback(
    (result) => {
      for (const { metric, value, labels } of observe()) {
        const instrument = observed.get(metric);
        if (instrument !== undefined) result.observe(instrument, value, labels);
      }
    },
    [...observed.values()],
  );
}
