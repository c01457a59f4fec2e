import { beforeEach, expect, test } from "vitest";
import type { Logger } from "#lib/services/ports.ts";
import { ObjectSweeper } from "#lib/services/storage/object-sweeper.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const logger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

let clock: FakeClock;
let due: string[];
let stored: Set<string>;
let rounds: number;
let failures: number;
beforeEach(() => {
  clock = new FakeClock();
  due = Array.from({ length: 250 }, (_, index) => `images/${index}`);
  stored = new Set(due);
  rounds = 0;
  failures = 0;
});

const sweeper = (): ObjectSweeper =>
  new ObjectSweeper({
    storage: {
      delete: async (key) => {
        if (failures > 0) {
          failures--;
          throw new Error("The storage is away.");
        }
        stored.delete(key);
      },
    },
    queue: {
      due: async (limit) => {
        rounds++;
        return due.slice(0, limit);
      },
      deleted: async (keys) => {
        due = due.filter((key) => !keys.includes(key));
      },
    },
    ...{ clock, random: () => 0.5, logger },
  });

test("deletes all that is due, batch after batch", async () => {
  await sweeper().sweep(new AbortController().signal);
  expect([stored.size, due.length, rounds]).toEqual([0, 0, 3]);
});

test("leaves a storage alone that keeps failing, and forgets only what is gone", async () => {
  failures = 3;
  await sweeper().sweep(new AbortController().signal);
  expect(rounds).toBe(1);
  expect([...stored].sort()).toEqual(due.sort());
  expect(due.length).toBeGreaterThan(200);
});

test("sweeps each minute behind requests, from a random moment on, until it is told to stop", async () => {
  const stop = new AbortController();
  const running = sweeper().run(stop.signal);
  const roundsAfter = async (milliseconds: number): Promise<number> => {
    await clock.advanceAsync(milliseconds);
    return rounds;
  };
  due = [];
  expect(await roundsAfter(29_000)).toBe(0);
  expect(await roundsAfter(1_000)).toBe(1);
  expect(await roundsAfter(60_000)).toBe(2);
  stop.abort();
  await running;
  expect(await roundsAfter(120_000)).toBe(2);
});

test("beside requests it sweeps at most once a minute", async () => {
  const works: Promise<void>[] = [];
  const one = sweeper();
  const request = (): void => one.beside((work) => works.push(work), new AbortController().signal);
  request();
  request();
  expect(works).toHaveLength(1);
  await clock.advanceAsync(60_000);
  request();
  expect(works).toHaveLength(2);
  await Promise.all(works);
});
