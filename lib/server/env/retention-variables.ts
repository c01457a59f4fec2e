import { z } from "zod";

/** A century: Postgres subtracts it from now. */
const MAX_DAYS = 36_500;

const days = (fallback: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/)
    .transform(Number)
    .pipe(z.number().max(MAX_DAYS))
    .default(fallback);
const DAYS = { allowed: `whole days from 0 (keep all) to ${MAX_DAYS}`, example: "90" };

/** How long the ledger is kept. */
export const retentionShape = { EVENTS_RETENTION_DAYS: days(90), USAGE_RETENTION_DAYS: days(400) };

export const RETENTION_VARIABLE_RULES = { EVENTS_RETENTION_DAYS: DAYS, USAGE_RETENTION_DAYS: DAYS };
