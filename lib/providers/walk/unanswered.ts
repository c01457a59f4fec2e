import { type UnansweredEngine, unavailable } from "#lib/providers/failures/run-errors.ts";
import type { EngineBench } from "#lib/providers/health/benches.ts";
import type { WalkHealth } from "#lib/providers/health/without-consequences.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { WalkOptions, WalkProgress, WalkResult } from "#lib/providers/walk/walk-types.ts";

/** The result of a walk that ended without an answer, with the cause for each engine. */
export function unanswered(
  engines: readonly Engine[],
  progress: WalkProgress,
  options: WalkOptions,
): WalkResult<never> {
  const { health, clock, named = false } = options;
  const now = clock.now();
  let soonest = Number.POSITIVE_INFINITY;
  const states: UnansweredEngine[] = [];
  for (const engine of new Map(engines.map((one) => [one.id, one])).values()) {
    const release = soonestRelease(engine, health, now);
    soonest = Math.min(soonest, release.at);
    const cause = release.bench?.cause ?? progress.failures.get(engine.id);
    states.push({ id: engine.id, cause, isInstallable: engine.provider.installed !== undefined });
    // Called in this walk, or in an earlier one of the same request.
    if (progress.failures.has(engine.id) || progress.spent.has(engine.id)) continue;
    const until = release.bench === undefined ? undefined : clock.wallNow() + (release.at - now);
    progress.skipped.push({ engine, cause, until });
  }
  const waitSeconds = Number.isFinite(soonest) ? Math.max(1, Math.ceil((soonest - now) / 1_000)) : 1;
  return { ok: false, error: unavailable({ engines: states, named, calls: progress.calls, waitSeconds }) };
}

type Release = { at: number; bench: EngineBench | undefined };

/** When the first of the engine's keys may be used again, and the bench until then. */
function soonestRelease(engine: Engine, health: WalkHealth, now: number): Release {
  let soonest: Release = { at: Number.POSITIVE_INFINITY, bench: undefined };
  for (let keyIndex = 0; keyIndex < engine.keys.length; keyIndex++) {
    const bench = health.benchOf(engine, keyIndex);
    const at = bench?.until ?? now;
    if (at < soonest.at) soonest = { at, bench };
  }
  return soonest;
}
