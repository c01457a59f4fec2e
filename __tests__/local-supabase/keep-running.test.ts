import { expect, test } from "vitest";
import { keepRunning } from "#lib/local-supabase/keep-running.ts";
import type { Logger } from "#lib/services/ports.ts";
import { FakeClock } from "../support/fake-clock.ts";

const SILENT: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
const HOUR_MS = 3_600_000;

/** Something that ends `livesMs` after each start. Answers when it was started again. */
function watch(clock: FakeClock, livesMs: () => number, startsAfter = 0) {
  const restarts: number[] = [];
  let failures = startsAfter;
  let endsAt = clock.now() + livesMs();
  const watcher = keepRunning({
    name: "It",
    logger: SILENT,
    clock,
    isRunning: () => clock.now() < endsAt,
    restart: async () => {
      restarts.push(clock.now());
      if (failures-- > 0) throw new Error("not yet");
      endsAt = clock.now() + livesMs();
    },
  });
  return { restarts, watcher };
}

const gaps = (times: readonly number[]): number[] => times.slice(1).map((time, i) => time - (times[i] ?? 0));

test.each([
  ["at once", 0],
  ["after a second", 1_000],
  ["after half a minute", 30_000],
])("what ends %s is started again less and less often, at last every half minute", async (_, livesMs) => {
  const clock = new FakeClock();
  const { restarts, watcher } = watch(clock, () => livesMs);
  await clock.advanceAsync(HOUR_MS);
  const between = gaps(restarts);
  expect(between.at(0)).toBeLessThanOrEqual(livesMs + 2_000);
  expect(between.at(-1)).toBeGreaterThanOrEqual(livesMs + 30_000);
  expect(between.at(-1)).toBeLessThanOrEqual(livesMs + 31_000);
  expect(restarts.length).toBeLessThan(130);
  const stopped = watcher.stop();
  await clock.advanceAsync(1);
  await stopped;
  expect(clock.pending).toBe(0);
});

test("what does not start is tried less and less often", async () => {
  const clock = new FakeClock();
  const { restarts, watcher } = watch(clock, () => 0, Number.POSITIVE_INFINITY);
  await clock.advanceAsync(HOUR_MS);
  expect(gaps(restarts).slice(0, 3)).toEqual([500, 1_000, 2_000]);
  expect(gaps(restarts).at(-1)).toBe(30_000);
  const stopped = watcher.stop();
  await clock.advanceAsync(1);
  await stopped;
});

test("what had run well is started again at once, however it was before", async () => {
  const clock = new FakeClock();
  const lives = [0, 0, 0, 0, 0, 0, 120_000, HOUR_MS];
  const { restarts, watcher } = watch(clock, () => lives.shift() ?? HOUR_MS);
  await clock.advanceAsync(600_000);
  // The sixth start after the first lived for two minutes; the next came with the next check.
  expect(restarts).toHaveLength(7);
  expect(gaps(restarts).at(-1)).toBeLessThanOrEqual(120_000 + 500);
  const stopped = watcher.stop();
  await clock.advanceAsync(1);
  await stopped;
});
