import { expect, test } from "vitest";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import { SharedState, type SharedStateOptions } from "#lib/services/shared-state/shared-state.ts";
import type { ChangedKeys, SyncAnswer, SyncRequest } from "#lib/services/shared-state/shared-state-store.ts";
import { keysOf } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const ENGINE = { provider: { id: "groq" }, model: "m", origin: "https://a.example", keys: keysOf("k") };
const NOTHING: SyncAnswer = { cursor: 0, entries: [], overrides: undefined, keys: undefined };

/** A process whose database answers as told; by default with nothing new, at once. */
function aProcess(options: Partial<SharedStateOptions> = {}) {
  const clock = new FakeClock();
  const health = new EngineHealth(clock);
  const overrides = new EngineOverrides(clock);
  const requests: SyncRequest[] = [];
  const times: number[] = [];
  const logs: string[] = [];
  const changed: ChangedKeys[] = [];
  const works: Promise<void>[] = [];
  let answer: () => Promise<SyncAnswer> = async () => NOTHING;
  const shared = new SharedState({
    instance: { id: "i", host: "h", pid: 1, version: "1" },
    store: {
      sync: (request) => {
        requests.push(request);
        times.push(clock.now() - 1_000);
        return answer();
      },
      instances: async () => [],
    },
    health: health.exchange,
    overrides,
    onKeysChanged: (ids) => changed.push(ids),
    clock,
    logger: {
      info: (line) => logs.push(line),
      warn: (line) => logs.push(line),
      error: (line) => logs.push(line),
    },
    everyMs: 1_000,
    isBackground: true,
    ...options,
  });
  return {
    ...{ clock, health, overrides, requests, times, logs, changed, works, shared },
    answers: (next: () => Promise<SyncAnswer>) => {
      answer = next;
    },
    request: () => shared.beside((work) => works.push(work)),
    limit: () =>
      health.acquire(ENGINE, 0)?.failed({ kind: "rate_limited", reason: "x", retryAfterMs: 30_000 }),
  };
}

test("refreshes at the start, then once a second, and not while one is under way", async () => {
  const { shared, clock, times, answers, request, works } = aProcess();
  shared.start();
  await clock.advanceAsync(2_500);
  expect(times).toEqual([0, 1_000, 2_000]);
  answers(() => new Promise(() => undefined));
  await clock.advanceAsync(10_000);
  for (let count = 0; count < 10; count++) request();
  expect(times).toEqual([0, 1_000, 2_000, 3_000]);
  expect(works).toEqual([]);
});

test("tells what was found out at the next refresh, once, and again if it could not be told", async () => {
  const { shared, clock, requests, answers, limit } = aProcess();
  shared.start();
  await clock.advanceAsync(500);
  limit();
  answers(() => Promise.reject(new Error("down")));
  await clock.advanceAsync(600);
  answers(async () => NOTHING);
  await clock.advanceAsync(5_000);
  const told = requests.map(({ entries }) => entries.length);
  expect(told.slice(0, 4)).toEqual([0, 1, 1, 0]);
});

test("reads on where it has stopped, and learns what others say", async () => {
  const { shared, clock, requests, answers, health, changed } = aProcess();
  const cause = { kind: "rate_limited", reason: "x" };
  const [key] = ENGINE.keys;
  const id = `chat:groq#${key?.fingerprint}/m`;
  answers(async () => ({
    cursor: 7,
    entries: [{ level: "key_and_model", id, forMs: 30_000, ageMs: 100, streak: 0, cause }, "nonsense"],
    overrides: undefined,
    keys: { cursor: "k1", changed: ["a", "b"] },
  }));
  shared.start();
  await clock.advanceAsync(0);
  expect(health.releaseAt(ENGINE, 0) - clock.now()).toBe(30_000);
  expect(changed).toEqual([["a", "b"]]);
  answers(async () => ({ ...NOTHING, cursor: 7, keys: { cursor: "k1", changed: [] } }));
  await clock.advanceAsync(1_000);
  expect(requests.map(({ cursor, keyCursor }) => [cursor, keyCursor])).toEqual([
    [0, undefined],
    [7, "k1"],
  ]);
  expect(changed).toHaveLength(1);
});

test("an answer that is older than an administrator's change here does not undo it", async () => {
  const { shared, clock, answers, overrides, requests } = aProcess();
  const { promise, resolve } = Promise.withResolvers<SyncAnswer>();
  answers(() => promise);
  shared.start();
  overrides.replace({ version: 5, overrides: [] });
  resolve({ ...NOTHING, overrides: { version: 4, overrides: [] } });
  await clock.advanceAsync(0);
  expect(overrides.version).toBe(5);
  // A database that was restored has a lower version, which counts at the next refresh.
  answers(async () => ({ ...NOTHING, overrides: { version: 2, overrides: [] } }));
  await clock.advanceAsync(1_000);
  expect([overrides.version, requests.at(-1)?.overrideVersion]).toEqual([2, 5]);
});

test("while the database is unavailable it asks less often, says so once, and says when it is back", async () => {
  const { shared, clock, times, answers, logs, request, works } = aProcess();
  answers(() => Promise.reject(new Error("down")));
  shared.start();
  await clock.advanceAsync(500);
  for (let count = 0; count < 100; count++) request();
  await clock.advanceAsync(50_000);
  expect(times).toEqual([0, 1_000, 3_000, 7_000, 15_000, 25_000, 35_000, 45_000]);
  expect(works, "no request is in a hurry").toEqual([]);
  expect(shared.state.failure).toBe("down");
  answers(async () => NOTHING);
  await clock.advanceAsync(10_000);
  expect(logs).toEqual([
    "Instances do not share their state: each goes on with what it knows.",
    "Instances share their state again.",
  ]);
  expect(shared.state.failure).toBeUndefined();
  expect(times.slice(-3)).toEqual([58_000, 59_000, 60_000]);
});

test("with no request for five minutes it asks every 10 s, and the next request is followed by a refresh at once", async () => {
  const { shared, clock, times, request, works, limit } = aProcess();
  shared.start();
  await clock.advanceAsync(300_000);
  times.length = 0;
  await clock.advanceAsync(65_000);
  expect(times.length).toBeLessThanOrEqual(7);
  times.length = 0;
  request();
  expect([times.length, works.length]).toEqual([1, 1]);
  await clock.advanceAsync(3_000);
  expect(times).toHaveLength(4);
  await clock.advanceAsync(300_000);
  times.length = 0;
  limit();
  await clock.advanceAsync(1_000);
  expect(times.length, "news are told at once").toBe(1);
});

test("a process without background work refreshes beside requests alone, at most once a second", async () => {
  const { shared, clock, times, request, works, requests } = aProcess({ isBackground: false });
  shared.start();
  await clock.advanceAsync(60_000);
  expect(times).toEqual([]);
  for (let tenth = 0; tenth < 25; tenth++) {
    request();
    await clock.advanceAsync(100);
  }
  expect(times).toEqual([60_000, 61_000, 62_000]);
  expect([works.length, requests[0]?.isLeased]).toEqual([3, false]);
  await Promise.all(works);
});

test.each([true, false])(
  "switched off, there is one refresh for the overrides; background: %s",
  async (isBackground) => {
    const { shared, clock, times, request } = aProcess({ everyMs: 0, isBackground });
    shared.start();
    for (let second = 0; second < 60; second++) {
      request();
      await clock.advanceAsync(1_000);
    }
    expect(times).toEqual([0]);
  },
);

test("closed, it asks no more and says nothing of what was under way", async () => {
  const { shared, clock, times, answers, logs } = aProcess();
  const { promise, reject } = Promise.withResolvers<SyncAnswer>();
  answers(() => promise);
  shared.start();
  shared.close();
  reject(new Error("aborted"));
  await clock.advanceAsync(60_000);
  expect([times, logs]).toEqual([[0], []]);
});
