import { z } from "zod";
import type { GatewayKeyLimits } from "#lib/services/identity/caller.ts";

/** The limits of a key, as all functions of the database return them. */
export const limitsSchema = z.object({
  requests_per_minute: z.coerce.number().nullable(),
  // Absent before 020.
  requests_at_once: z.coerce.number().nullable().default(null),
  usd_per_month: z.coerce.number().nullable(),
  modes: z.array(z.string()).nullable(),
});

export function limitsOf(row: z.infer<typeof limitsSchema>): GatewayKeyLimits {
  return {
    requestsPerMinute: row.requests_per_minute ?? undefined,
    requestsAtOnce: row.requests_at_once ?? undefined,
    usdPerMonth: row.usd_per_month ?? undefined,
    modes: row.modes ?? undefined,
  };
}

/** Hosted PostgREST and the embedded one write times differently. */
export function isoTime(text: string): string {
  return new Date(text).toISOString();
}

export function isoTimeOrNull(text: string | null): string | null {
  return text === null ? null : isoTime(text);
}
