import { describe, expect, test } from "vitest";
import type { FailureKind } from "#lib/providers/failures/failure.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { EnginePermit } from "#lib/providers/health/engine-permit.ts";
import { keysOf } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const ENGINE = { provider: { id: "a" }, model: "m", origin: "http://a.test", keys: keysOf("k") };
const STEP_MS = 250;
const DOWN_MS = 60_000;

/** How an engine is down: the failure, and how long it takes to be seen. */
type Outage = { kind: FailureKind; afterMs: number; status?: number };
type Call = { permit: EnginePermit; outage: Outage; endsAt: number };

/**
 * Asks once in `everyMs`, first at `phaseMs`, an engine that is down for a minute, and returns how long after its
 * recovery it is used again, in milliseconds.
 */
function usedAgainAfter(outages: readonly Outage[], everyMs: number, phaseMs: number): number {
  const clock = new FakeClock();
  const health = new EngineHealth(clock);
  const open: Call[] = [];
  let asked = 0;
  for (let at = 0; at <= DOWN_MS + 60_000; at += STEP_MS, clock.advance(STEP_MS)) {
    for (const call of open.splice(0)) {
      if (call.endsAt > at) open.push(call);
      else call.permit.failed({ reason: "x", ...call.outage });
    }
    if (at < phaseMs || (at - phaseMs) % everyMs !== 0) continue;
    const permit = health.acquire(ENGINE, 0);
    if (permit === undefined) continue;
    if (at >= DOWN_MS) return at - DOWN_MS;
    const outage = outages[asked++ % outages.length] ?? { kind: "server_error", afterMs: 0 };
    open.push({ permit, outage, endsAt: at + outage.afterMs });
  }
  return Number.POSITIVE_INFINITY;
}

const REFUSED: Outage = { kind: "connect", afterMs: 0 };
const BLACK_HOLE: Outage = { kind: "connect", afterMs: 3_000 };
const ERROR: Outage = { kind: "server_error", afterMs: 0, status: 503 };
const SILENT: Outage = { kind: "timeout", afterMs: 12_000 };
const CUT: Outage = { kind: "reset", afterMs: 500 };

describe("an engine that was down for a minute is used again within 16 s of its recovery", () => {
  test.each<[string, Outage[]]>([
    ["refuses connections", [REFUSED]],
    ["is a black hole", [BLACK_HOLE]],
    ["answers 503", [ERROR]],
    ["is silent for 12 s", [SILENT]],
    ["cuts its answers", [CUT]],
    ["refuses connections and answers 503 by turns", [REFUSED, ERROR]],
    ["is silent and refuses connections by turns", [SILENT, REFUSED]],
    ["does all of it", [SILENT, REFUSED, ERROR, CUT, BLACK_HOLE]],
    ["begins with errors, then hangs", [ERROR, ERROR, ERROR, ERROR, ERROR, SILENT]],
  ])("one that %s, at every phase of the requests", (_name, outages) => {
    let worst = 0;
    for (const everyMs of [250, 1_000, 2_000]) {
      for (let phaseMs = 0; phaseMs < 12_000; phaseMs += STEP_MS) {
        worst = Math.max(worst, usedAgainAfter(outages, everyMs, phaseMs));
      }
    }
    expect(worst).toBeLessThanOrEqual(16_000);
  });
});

test("a probe whose client left is handed back at once", () => {
  const clock = new FakeClock();
  const health = new EngineHealth(clock);
  for (let count = 0; count < 5; count++) {
    health.acquire(ENGINE, 0)?.failed({ kind: "server_error", reason: "x", status: 500 });
  }
  clock.advance(5_000);
  health.acquire(ENGINE, 0)?.abandoned();
  expect(health.wouldAdmit(ENGINE, 0)).toBe(true);
});
