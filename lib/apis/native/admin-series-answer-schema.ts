import { z } from "zod";
import { SERIES_WINDOWS } from "#lib/apis/native/admin-series.ts";

const time = z.iso.datetime();
const count = z.int().min(0);
const usd = z.number();
const milliseconds = z.number().min(0).nullable();
const percentiles = z
  .object({ p50: milliseconds, p95: milliseconds })
  .describe("Milliseconds, read off a histogram: at most 2.5 % off. Null without a call that has it.");

const bucket = z.object({
  start: time,
  end: time,
  turns: z.object({
    answered: count.describe("Completed by their first call, or without any."),
    rescued: count.describe("Completed by more than one call: failover or continuation."),
    failed: count,
    cancelled: count.describe("By their client."),
    interrupted: count,
  }),
  failoverDepth: z
    .number()
    .min(0)
    .nullable()
    .describe("Calls of a turn beyond its first: the mean of the turns that made one. Null without any."),
  latencyMs: percentiles.describe("Of whole answers that succeeded, of all providers."),
  firstTokenMs: percentiles,
  costUsd: usd,
  cachedSavingsUsd: usd.describe(
    "What cached prompts of billed calls would have cost more without the cache.",
  ),
  unknownCalls: count.describe("Billed calls whose price is unknown. They are not in `costUsd`."),
});

const spend = z.object({
  day: z.iso.date().describe("The UTC day, as far as it is in the window."),
  provider: z.string().nullable().describe("Null: all models but the 20 that cost most in the window."),
  model: z.string().nullable(),
  calls: count,
  costUsd: usd,
  cachedSavingsUsd: usd,
});

/** The answer of `GET /api/admin/series`. */
export const adminSeriesSchema = z.object({
  window: z.enum(SERIES_WINDOWS),
  bucketSeconds: count.describe("Buckets begin at multiples of it, UTC; the first begins with the window."),
  from: time,
  to: time,
  currency: z.literal("USD"),
  complete: z.boolean().describe("False after an update, while rows from before are still being added up."),
  buckets: z.array(bucket).describe("The oldest first, also those in which nothing happened."),
  spend: z.array(spend).describe("By day, the dearest model first."),
});

export type AdminSeries = z.infer<typeof adminSeriesSchema>;
