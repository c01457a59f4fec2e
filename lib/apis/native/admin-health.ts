import { z } from "zod";

const SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };
const MAX_DAYS = 90;

/** The query of `GET /api/admin/health`. `window` becomes seconds. */
export const adminHealthQuerySchema = z.object({
  window: z
    .string()
    .regex(/^[1-9]\d{0,4}[mhd]$/, "must be a number of minutes, hours or days, such as 90m, 24h or 7d")
    .transform((text) => Number(text.slice(0, -1)) * (SECONDS[text.slice(-1)] ?? 0))
    .refine((seconds) => seconds <= MAX_DAYS * 86_400, `must be at most ${MAX_DAYS}d`)
    .default(86_400)
    .describe(
      "How far back calls and turns are counted: minutes, hours or days, such as 90m, 24h (the default) or 7d.",
    ),
});
