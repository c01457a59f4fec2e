import { z } from "zod";

export const SERIES_WINDOWS = ["1h", "24h", "7d", "30d"] as const;

/** How far back a series goes. */
export type SeriesWindow = (typeof SERIES_WINDOWS)[number];

/** The query of `GET /api/admin/series`. */
export const adminSeriesQuerySchema = z.object({
  window: z
    .enum(SERIES_WINDOWS)
    .default("24h")
    .describe("How far back: 1h in buckets of 5 minutes, 24h of an hour, 7d of 6 hours, 30d of a UTC day."),
});
