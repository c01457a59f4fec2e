import { numberOf, numberOrNull, textOf, textOrNull } from "#lib/browser/admin/fields.ts";
import { arrayField, field } from "#lib/shared/json.ts";

/** How far back the dashboard looks. */
export const WINDOWS = ["1h", "24h", "7d", "30d"] as const;
export type Window = (typeof WINDOWS)[number];

type Percentiles = { p50: number | null; p95: number | null };

/** What happened in a part of time. */
export type Bucket = {
  /** ISO 8601. */
  start: string;
  answered: number;
  rescued: number;
  failed: number;
  /** Cancelled by their clients, or interrupted. */
  stopped: number;
  failoverDepth: number | null;
  latencyMs: Percentiles;
  firstTokenMs: Percentiles;
  costUsd: number;
  cachedSavingsUsd: number;
};

/** What one model cost on one day; all others together have no engine. */
export type DaySpend = {
  day: string;
  /** `provider/model`. */
  engine: string | null;
  calls: number;
  costUsd: number;
  cachedSavingsUsd: number;
};

/** The answer of `GET /api/admin/series`. */
export type SeriesView = { bucketSeconds: number; buckets: Bucket[]; spend: DaySpend[] };

export function readSeries(answer: unknown): SeriesView {
  return {
    bucketSeconds: numberOf(answer, "bucketSeconds"),
    buckets: arrayField(answer, "buckets").map(readBucket),
    spend: arrayField(answer, "spend").map((row) => {
      const [provider, model] = [textOrNull(row, "provider"), textOrNull(row, "model")];
      return {
        day: textOf(row, "day"),
        engine: provider === null && model === null ? null : `${provider ?? ""}/${model ?? ""}`,
        calls: numberOf(row, "calls"),
        costUsd: numberOf(row, "costUsd"),
        cachedSavingsUsd: numberOf(row, "cachedSavingsUsd"),
      };
    }),
  };
}

function readBucket(bucket: unknown): Bucket {
  const turns = field(bucket, "turns");
  return {
    start: textOf(bucket, "start"),
    answered: numberOf(turns, "answered"),
    rescued: numberOf(turns, "rescued"),
    failed: numberOf(turns, "failed"),
    stopped: numberOf(turns, "cancelled") + numberOf(turns, "interrupted"),
    failoverDepth: numberOrNull(bucket, "failoverDepth"),
    latencyMs: readPercentiles(field(bucket, "latencyMs")),
    firstTokenMs: readPercentiles(field(bucket, "firstTokenMs")),
    costUsd: numberOf(bucket, "costUsd"),
    cachedSavingsUsd: numberOf(bucket, "cachedSavingsUsd"),
  };
}

function readPercentiles(value: unknown): Percentiles {
  return { p50: numberOrNull(value, "p50"), p95: numberOrNull(value, "p95") };
}
