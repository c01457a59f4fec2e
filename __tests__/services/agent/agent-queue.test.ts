import { setImmediate as settle } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { AgentQueue } from "#lib/services/agent/agent-queue.ts";
import type { AgentEvent } from "#lib/streaming/agent-events.ts";

const token = (characters: number): AgentEvent => ({ type: "token", index: 0, text: "x".repeat(characters) });
const isOver = async (work: Promise<unknown>): Promise<boolean> => {
  await settle();
  return Promise.race([work.then(() => true), Promise.resolve(false)]);
};

describe("the queue of a run's events", () => {
  test("gives them in their order, all that are there at once", async () => {
    const queue = new AgentQueue();
    const first = queue.next();
    await queue.push(token(1));
    expect(await first).toEqual([token(1)]);
    await queue.push(token(2));
    await queue.push(token(3));
    expect(await queue.next()).toEqual([token(2), token(3)]);
  });

  test("lets nobody write on while nobody reads: all writers wait, and go on together", async () => {
    const queue = new AgentQueue();
    await queue.push(token(60_000));
    const writers = [queue.push(token(10_000)), queue.push(token(1))];
    expect(await Promise.all(writers.map(isOver))).toEqual([false, false]);
    await queue.next();
    await Promise.all(writers);
  });

  test("ends for the reader once it is closed and empty, and for writers at once", async () => {
    const queue = new AgentQueue();
    const writer = queue.push(token(100_000));
    expect(await isOver(writer)).toBe(false);
    queue.close();
    await writer;
    await queue.push(token(100_000));
    expect(await queue.next()).toEqual([token(100_000)]);
    expect(await queue.next()).toBeUndefined();
  });

  test("wakes a reader that waits when it is closed", async () => {
    const queue = new AgentQueue();
    const next = queue.next();
    queue.close();
    expect(await next).toBeUndefined();
  });
});

test("what tools say waits for the reader, too", async () => {
  const queue = new AgentQueue();
  const result = "x".repeat(64 * 1024 + 1);
  let isPushed = false;
  const pushed = queue
    .push({ type: "tool", index: 0, id: "c", name: "look", status: "done", result })
    .then(() => {
      isPushed = true;
    });
  await Promise.resolve();
  await Promise.resolve();
  expect(isPushed).toBe(false);
  await queue.next();
  await pushed;
  expect(isPushed).toBe(true);
});
