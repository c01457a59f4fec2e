import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import type { MetricData } from "@opentelemetry/sdk-metrics";

/** The metrics of one process. */
export type ProcessMetrics = {
  /** Undefined if there is only one process. */
  worker?: string | undefined;
  metrics: readonly MetricData[];
};

const SCOPE = { name: "sarmalink-ai" };
/** Units as they stand at the end of a Prometheus name; a unit in braces is none. */
const UNIT_NAMES: Readonly<Record<string, string>> = { s: "seconds", By: "bytes" };

/**
 * The metrics of all processes in the text format of Prometheus. OpenTelemetry's serializer does not write units into
 * names, as its own specification wants it; that is done here.
 */
export function prometheusText(processes: readonly ProcessMetrics[], resource: Resource): string {
  // A family's lines have to stand together: the serializer groups them over all scopes.
  const scopeMetrics = processes.map(({ worker, metrics }) => ({
    scope: SCOPE,
    metrics: metrics.map((metric) => withLabel(withUnitInName(metric), worker)),
  }));
  const noTimestamps = false;
  const [noPrefix, noResourceLabels] = [undefined, undefined];
  const [withoutTargetInfo, withoutScope] = [false, true];
  const serializer = new PrometheusSerializer(
    noPrefix,
    noTimestamps,
    noResourceLabels,
    withoutTargetInfo,
    withoutScope,
  );
  return serializer.serialize({ resource: withLabelNames(resource), scopeMetrics });
}

/**
 * An operator may name attributes as they like, and Prometheus refuses a whole scrape for one label that is wrong or
 * there twice. Values whose names become the same are joined, as OpenTelemetry's specification wants it.
 */
function withLabelNames({ attributes }: Resource): Resource {
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    const label = name.replace(/[^a-zA-Z0-9]+/g, "_").replace(/^(?=\d)/, "_");
    labels[label] = Object.hasOwn(labels, label) ? `${labels[label]};${value}` : String(value);
  }
  return resourceFromAttributes(labels);
}

function withUnitInName(metric: MetricData): MetricData {
  const { descriptor } = metric;
  const unit = UNIT_NAMES[descriptor.unit] ?? "";
  const name = unit === "" ? descriptor.name : `${descriptor.name}_${unit}`;
  return { ...metric, descriptor: { ...descriptor, name, unit } };
}

function withLabel(metric: MetricData, worker: string | undefined): MetricData {
  if (worker === undefined) return metric;
  const dataPoints = metric.dataPoints.map((point) => ({
    ...point,
    attributes: { ...point.attributes, worker },
  }));
  // Each kind of metric keeps its kind of points.
  return { ...metric, dataPoints } as MetricData;
}
