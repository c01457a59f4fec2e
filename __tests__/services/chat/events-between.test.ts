import { expect, test } from "vitest";
import { EventQueue } from "#lib/services/chat/event-queue.ts";
import { EventsBetween } from "#lib/services/chat/events-between.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

const RUNNING: NativeEvent = { type: "tool", name: "web_search", status: "running" };
const FAILED: NativeEvent = { type: "tool", name: "web_search", status: "failed" };
const TOKEN: NativeEvent = { type: "token", text: "Hi" };

/** A reader that takes nothing until everything has happened, as a slow client does. */
async function readLate(end: () => NativeEvent): Promise<unknown[]> {
  const told = new EventQueue<NativeEvent>();
  async function* answer(): AsyncGenerator<readonly NativeEvent[], void> {
    told.push(RUNNING);
    await new Promise((resolve) => setTimeout(resolve, 5));
    told.push(FAILED);
    told.close();
    yield [end()];
  }
  const events = new EventsBetween(answer(), told);
  const seen: unknown[] = [];
  try {
    for (let step = await events.next(); step.done !== true; step = await events.next()) {
      seen.push(...step.value);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } catch (error) {
    seen.push((error as Error).message);
  }
  return seen;
}

test("what is told while an answer is under way comes before what follows from it", async () => {
  expect(await readLate(() => TOKEN)).toEqual([RUNNING, FAILED, TOKEN]);
});

test("also if the answer fails before the client has taken it", async () => {
  const fails = () => {
    throw new Error("no engine");
  };
  expect(await readLate(fails)).toEqual([RUNNING, FAILED, "no engine"]);
});
