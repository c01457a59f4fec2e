import type { SeriesWindow } from "#lib/apis/native/admin-series.ts";
import type { AdminSeries } from "#lib/apis/native/admin-series-answer-schema.ts";

/** A part of time that is read in equal buckets, in seconds. */
export type SeriesRange = { seconds: number; bucketSeconds: number };

const HOUR = 3_600;
const DAY = 86_400;

/** So that a chart has 12 to 30 buckets, which begin with whole hours or days where they are that long. */
const RANGES: Readonly<Record<SeriesWindow, SeriesRange>> = {
  "1h": { seconds: HOUR, bucketSeconds: 300 },
  "24h": { seconds: DAY, bucketSeconds: HOUR },
  "7d": { seconds: 7 * DAY, bucketSeconds: 6 * HOUR },
  "30d": { seconds: 30 * DAY, bucketSeconds: DAY },
};

/** What the ledger says of a range. */
export type LedgerSeries = Omit<AdminSeries, "window" | "bucketSeconds" | "currency">;

export type SeriesStore = {
  /** Throws `database_unavailable`, and `not_configured` without a service role or the migrations. */
  read(range: SeriesRange): Promise<LedgerSeries>;
};

/** Turns, latencies and costs of all users over time. Throws as `SeriesStore.read` does. */
export async function readSeries(window: SeriesWindow, store: SeriesStore): Promise<AdminSeries> {
  const range = RANGES[window];
  const series = await store.read(range);
  return { window, bucketSeconds: range.bucketSeconds, currency: "USD", ...series };
}
