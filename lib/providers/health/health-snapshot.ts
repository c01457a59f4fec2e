import { z } from "zod";
import {
  causeOf,
  FAILURE_POLICY,
  type FailureKind,
  type FailureProblem,
} from "#lib/providers/failures/failure.ts";
import { type KeptBench, MAX_BENCH_MS } from "#lib/providers/health/benches.ts";
import type { KeptBreaker } from "#lib/providers/health/breakers.ts";

/** Further entries of a snapshot are ignored, since an instance's memory is bounded. */
const MAX_ENTRIES = 4_000;
const MAX_ID_LENGTH = 400;

/** The health state of one instance, for others. Times are epoch milliseconds. */
export type HealthSnapshot = { version: 1; benches: BenchEntry[]; breakers: BreakerEntry[] };
export type BenchEntry = z.infer<typeof benchSchema>;
export type BreakerEntry = z.infer<typeof breakerSchema>;
export type BreakerLevel = BreakerEntry["level"];

const PROBLEMS = [
  "no_credit",
  "account_disabled",
  "region",
  "data_policy",
  "not_enabled",
  "wrong_address",
] as const satisfies readonly FailureProblem[];
const KINDS = Object.keys(FAILURE_POLICY) as FailureKind[];
const idSchema = z.string().min(1).max(MAX_ID_LENGTH);
const causeSchema = z.object({
  kind: z.enum(KINDS),
  problem: z.enum(PROBLEMS).optional(),
  status: z.int().optional(),
  reason: z.string().max(1_000),
  detail: z.string().max(1_000).optional(),
});
const entry = { id: idSchema, until: z.number(), cause: causeSchema };
const benchSchema = z.discriminatedUnion("level", [
  z.object({ level: z.literal("key_and_model"), ...entry, streak: z.int().nonnegative() }),
  z.object({ level: z.enum(["key", "provider"]), ...entry }),
  z.object({ level: z.literal("model"), ...entry, dead: z.boolean() }),
]);
const breakerSchema = z.object({
  level: z.enum(["model", "origin"]),
  ...entry,
  state: z.enum(["open", "half_open"]),
  openForMs: z.number().positive(),
});
const snapshotSchema = z.object({
  version: z.literal(1),
  benches: z.array(z.unknown()),
  breakers: z.array(z.unknown()),
});

/** Monotonic and wall time of one moment, milliseconds. */
export type Moment = { now: number; wallNow: number };

export function toBenchEntry({ level, id, bench }: KeptBench, { now, wallNow }: Moment): BenchEntry {
  const entry = { id, until: wallNow + (bench.until - now), cause: bench.cause };
  switch (level) {
    case "key_and_model":
      return { level, ...entry, streak: bench.streak };
    case "key":
    case "provider":
      return { level, ...entry };
    case "model":
      return { level, ...entry, dead: bench.dead };
  }
}

export function toBreakerEntry(
  level: BreakerLevel,
  { id, state, until, openForMs, cause }: KeptBreaker,
  { now, wallNow }: Moment,
): BreakerEntry {
  return { level, id, state, until: wallNow + (until - now), openForMs, cause };
}

/**
 * The valid and still active entries of a snapshot. A snapshot of another version, or anything else, has
 * none.
 */
export function readSnapshot(
  snapshot: unknown,
  moment: Moment,
): { benches: KeptBench[]; breakers: (KeptBreaker & { level: BreakerLevel })[] } {
  const parsed = snapshotSchema.safeParse(snapshot);
  if (!parsed.success) return { benches: [], breakers: [] };
  const benches = parsed.data.benches.slice(0, MAX_ENTRIES).flatMap((value) => readBench(value, moment));
  const breakers = parsed.data.breakers.slice(0, MAX_ENTRIES).flatMap((value) => readBreaker(value, moment));
  return { benches, breakers };
}

function readBench(value: unknown, moment: Moment): KeptBench[] {
  const parsed = benchSchema.safeParse(value);
  const until = parsed.success ? untilOf(parsed.data.until, moment) : undefined;
  if (!parsed.success || until === undefined) return [];
  const { data } = parsed;
  const { id } = data;
  const bench = { until, cause: causeOf(data.cause) };
  switch (data.level) {
    case "key_and_model":
      return [{ level: data.level, id, bench: { ...bench, since: moment.now, streak: data.streak } }];
    case "key":
    case "provider":
      return [{ level: data.level, id, bench }];
    case "model":
      return [{ level: data.level, id, bench: { ...bench, dead: data.dead } }];
  }
}

function readBreaker(value: unknown, moment: Moment): (KeptBreaker & { level: BreakerLevel })[] {
  const parsed = breakerSchema.safeParse(value);
  const until = parsed.success ? untilOf(parsed.data.until, moment) : undefined;
  if (!parsed.success || until === undefined) return [];
  return [{ ...parsed.data, until, cause: causeOf(parsed.data.cause) }];
}

/** The end in this process's monotonic time, capped in case a clock is wrong; undefined if it has passed. */
function untilOf(until: number, { now, wallNow }: Moment): number | undefined {
  return until > wallNow ? now + Math.min(until - wallNow, MAX_BENCH_MS) : undefined;
}
