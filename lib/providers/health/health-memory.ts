import type { FailureCause } from "#lib/providers/failures/failure.ts";
import type { Benches, BenchLevel } from "#lib/providers/health/benches.ts";
import type { Breakers } from "#lib/providers/health/breakers.ts";
import type { EngineIdentity, HealthScope } from "#lib/providers/health/engine-identity.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** A bench that has just begun, or a breaker that has just opened. */
export type BenchStart = {
  /** What is left alone: a key, a key for one model, a model with all keys, everything at one address. */
  level: BenchLevel | "origin";
  /** What the engine was asked for; the benches of an address count for everything. */
  scope: HealthScope;
  engine: EngineIdentity;
  keyIndex: number;
  cause: FailureCause;
  /** Milliseconds. */
  forMs: number;
};

/** What all scopes share. */
export type HealthMemory = {
  clock: Pick<Clock, "now" | "wallNow">;
  onBench: (bench: BenchStart) => void;
  benches: Benches;
  modelBreakers: Breakers;
  originBreakers: Breakers;
};
