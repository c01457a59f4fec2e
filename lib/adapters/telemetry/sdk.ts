import { resourceFromAttributes } from "@opentelemetry/resources";
import type { IMetricReader, MetricData } from "@opentelemetry/sdk-metrics";
import type { OnFailure } from "#lib/adapters/telemetry/otlp-exporters.ts";
import type { OtlpTarget } from "#lib/adapters/telemetry/otlp-sender.ts";
import type { ProcessMetrics } from "#lib/adapters/telemetry/prometheus-text.ts";
import type { Registry } from "#lib/adapters/telemetry/registry.ts";
import type { Sampling, TurnTracer } from "#lib/adapters/telemetry/tracer.ts";
import type { Measurement } from "#lib/services/telemetry/metrics.ts";
import type { TelemetrySink } from "#lib/services/telemetry/turn-telemetry.ts";
import { VERSION } from "#lib/shared/version.ts";

export type SdkSettings = {
  serviceName: string;
  /** Attributes of whatever is sent, beside name and version. */
  attributes: Readonly<Record<string, string>>;
  /** Somebody can read the metrics, here or at a collector. */
  keepsMetrics: boolean;
  /** Undefined if the metrics are only read here. */
  metrics: (OtlpTarget & { intervalMs: number }) | undefined;
  /** Undefined without traces. */
  traces: (OtlpTarget & Sampling) | undefined;
};

export type TelemetrySdk = TelemetrySink & {
  /** The present state of the metrics; it can be sent to another process as JSON. */
  collect(): Promise<MetricData[]>;
  /** The metrics of all processes in Prometheus' text format. */
  text(processes: readonly ProcessMetrics[]): Promise<string>;
  /** Sends what waits. Throws if the collector does not take it in time. */
  flush(timeoutMs: number): Promise<void>;
  /** Sends what waits, and ends. */
  close(timeoutMs: number): Promise<void>;
};

/**
 * OpenTelemetry with these settings. Only what they need is loaded.
 * @param observe the values of gauges.
 * @param onFailure is told why something could not be sent.
 */
export async function startSdk(
  settings: SdkSettings,
  observe: () => readonly Measurement[],
  onFailure: OnFailure,
): Promise<TelemetrySdk> {
  const resource = resourceFromAttributes({
    ...settings.attributes,
    "service.name": settings.serviceName,
    "service.version": settings.attributes["service.version"] ?? VERSION,
  });
  const { createRegistry } = await import("#lib/adapters/telemetry/registry.ts");
  const reader = await metricReader(settings, onFailure);
  const registry: Registry = createRegistry(resource, reader === undefined ? [] : [reader], observe);
  const tracer = await turnTracer(settings, resource, onFailure);
  return {
    record: settings.keepsMetrics ? (measurements) => registry.record(measurements) : undefined,
    trace: tracer && ((spans, parent) => tracer.trace(spans, parent)),
    collect: () => registry.collect(),
    text: async (processes) => {
      const { prometheusText } = await import("#lib/adapters/telemetry/prometheus-text.ts");
      return prometheusText(processes, resource);
    },
    flush: async (timeoutMs) => {
      await Promise.all([tracer?.flush(timeoutMs), reader && registry.flush(timeoutMs)]);
    },
    close: async (timeoutMs) => {
      await Promise.all([tracer?.close(), registry.close(timeoutMs)]);
    },
  };
}

async function metricReader(
  { metrics }: SdkSettings,
  onFailure: OnFailure,
): Promise<IMetricReader | undefined> {
  if (metrics === undefined) return undefined;
  const [{ PeriodicExportingMetricReader }, { createMetricExporter }] = await Promise.all([
    import("@opentelemetry/sdk-metrics"),
    import("#lib/adapters/telemetry/otlp-exporters.ts"),
  ]);
  const { intervalMs, timeoutMs } = metrics;
  return new PeriodicExportingMetricReader({
    exporter: createMetricExporter(metrics, onFailure),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(timeoutMs, intervalMs),
  });
}

async function turnTracer(
  { traces }: SdkSettings,
  resource: Parameters<typeof import("#lib/adapters/telemetry/tracer.ts").createTracer>[0],
  onFailure: OnFailure,
): Promise<TurnTracer | undefined> {
  if (traces === undefined) return undefined;
  const [{ createTracer }, { createSpanExporter }] = await Promise.all([
    import("#lib/adapters/telemetry/tracer.ts"),
    import("#lib/adapters/telemetry/otlp-exporters.ts"),
  ]);
  return createTracer(resource, createSpanExporter(traces, onFailure), traces, traces.timeoutMs);
}
