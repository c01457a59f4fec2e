import type { FailureCause } from "#lib/providers/failures/failure.ts";
import type { KeptBench } from "#lib/providers/health/benches.ts";
import type { BreakerLevel, KeptBreaker } from "#lib/providers/health/breakers.ts";

/** What is benched in one instance, for its operator. Times are epoch milliseconds. */
export type HealthSnapshot = { version: 1; benches: BenchEntry[]; breakers: BreakerEntry[] };

type Entry = { id: string; until: number; cause: FailureCause };
export type BenchEntry =
  | (Entry & { level: "key_and_model"; streak: number })
  | (Entry & { level: "key" | "provider" })
  | (Entry & { level: "model"; dead: boolean });
export type BreakerEntry = Entry & {
  level: BreakerLevel;
  state: "open" | "half_open";
  /** The open period, milliseconds. */
  openForMs: number;
};

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
  { level, id, state, until, openForMs, cause }: KeptBreaker,
  { now, wallNow }: Moment,
): BreakerEntry {
  return { level, id, state, until: wallNow + (until - now), openForMs, cause };
}
