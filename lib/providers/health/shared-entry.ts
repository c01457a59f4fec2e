import { z } from "zod";
import {
  causeOf,
  FAILURE_POLICY,
  type FailureCause,
  type FailureKind,
  type FailureProblem,
} from "#lib/providers/failures/failure.ts";
import { type KeptBench, MAX_BENCH_MS } from "#lib/providers/health/benches.ts";
import type { KeptBreaker } from "#lib/providers/health/breakers.ts";

const MAX_ID_LENGTH = 400;
const PROBLEMS = [
  "no_credit",
  "daily_allowance",
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
const begun = {
  id: idSchema,
  forMs: z.number(),
  ageMs: z.number().nonnegative(),
  cause: causeSchema,
  /** Where the instance runs that has found it out. */
  host: z.string().max(300).optional(),
};
const begunSchema = z.discriminatedUnion("level", [
  z.object({ level: z.literal("key_and_model"), ...begun, streak: z.int().nonnegative() }),
  z.object({ level: z.enum(["key", "provider"]), ...begun }),
  z.object({ level: z.literal("model"), ...begun, dead: z.boolean() }),
  z.object({
    level: z.enum(["model_breaker", "origin_breaker"]),
    ...begun,
    openForMs: z.number().positive(),
  }),
]);
const liftedSchema = z.object({
  level: z.enum(["key_and_model", "key", "provider", "model", "model_breaker", "origin_breaker"]),
  id: idSchema,
  liftedMsAgo: z.number().nonnegative(),
});

/**
 * A bench that lasts for `forMs`, and began `ageMs` ago; an open breaker; or the early end of one. All times are
 * distances in milliseconds, so that no two instances need clocks that agree.
 */
export type BegunEntry = z.infer<typeof begunSchema>;
export type LiftedEntry = z.infer<typeof liftedSchema>;
export type SharedEntry = BegunEntry | LiftedEntry;

/** An entry in the monotonic time of this process. */
export type LearntEntry =
  | { kind: "bench"; bench: KeptBench }
  | { kind: "breaker"; breaker: KeptBreaker }
  | { kind: "lifted"; level: LiftedEntry["level"]; id: string; at: number };

/**
 * When the question was sent to which an entry is the answer, and when the answer was received, in monotonic
 * milliseconds. Between them lies the moment from which the entry's times are counted.
 */
export type Asked = { sentAt: number; receivedAt: number };

/**
 * Whether the cause may lie with where an instance runs: its network, its region, its address. An instance elsewhere may
 * well have an answer. What a provider says about its load, a model, a key or an account is true everywhere.
 */
function isOfPlace({ kind, problem, status }: FailureCause): boolean {
  switch (kind) {
    case "rate_limited":
    case "model_forbidden":
    case "server_error":
      return false;
    case "model_gone":
      return problem === "wrong_address";
    case "account":
      return problem === "region";
    case "key_rejected":
      // Keys can be limited to addresses.
      return status === 403;
    case "connect":
    case "reset":
    case "timeout":
    case "truncated":
    case "bad_response":
    case "no_answer":
    case "refused":
    case "oversized":
    case "context_length":
    case "content_policy":
      return true;
  }
}

export function benchEntry({ level, id, bench }: KeptBench, now: number): BegunEntry {
  const entry = { id, forMs: bench.until - now, ageMs: Math.max(0, now - bench.since), cause: bench.cause };
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

export function breakerEntry({ level, id, until, openForMs, cause }: KeptBreaker, now: number): BegunEntry {
  const ageMs = Math.max(0, now - (until - openForMs));
  return { level: `${level}_breaker`, id, forMs: until - now, ageMs, openForMs, cause };
}

/**
 * Reads what another instance has said; undefined for anything else, for a bench that has ended, and for what is so
 * only where the other runs. Ends are counted
 * from when the question was sent, so that a process that was frozen meanwhile benches nothing for longer; beginnings
 * from when the answer came, so that nothing seems older than it is.
 */
export function readEntry(
  value: unknown,
  { sentAt, receivedAt }: Asked,
  host: string,
): LearntEntry | undefined {
  const lifted = liftedSchema.safeParse(value);
  if (lifted.success) {
    const { level, id, liftedMsAgo } = lifted.data;
    return { kind: "lifted", level, id, at: sentAt - liftedMsAgo };
  }
  const parsed = begunSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { data } = parsed;
  const until = sentAt + Math.min(data.forMs, MAX_BENCH_MS);
  if (until <= receivedAt) return undefined;
  const { id } = data;
  const cause = causeOf(data.cause);
  if (isOfPlace(cause) && data.host !== host) return undefined;
  const bench = { since: receivedAt - data.ageMs, until, cause };
  switch (data.level) {
    case "key_and_model": {
      const limit = { ...bench, knownAt: receivedAt, streak: data.streak };
      return { kind: "bench", bench: { level: data.level, id, bench: limit } };
    }
    case "key":
    case "provider":
      return { kind: "bench", bench: { level: data.level, id, bench } };
    case "model":
      return { kind: "bench", bench: { level: data.level, id, bench: { ...bench, dead: data.dead } } };
    case "model_breaker":
    case "origin_breaker": {
      const level = data.level === "model_breaker" ? "model" : "origin";
      const { openForMs } = data;
      return { kind: "breaker", breaker: { level, id, state: "open", until, openForMs, cause } };
    }
  }
}
