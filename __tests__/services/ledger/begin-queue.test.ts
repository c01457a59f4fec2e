import { describe, expect, test } from "vitest";
import { BeginQueue, type BeginQueueOptions } from "#lib/services/ledger/begin-queue.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const LIMITS = { maxWaiting: 100, maxWaitMs: 3_000, maxTotalMs: 5_000 };

type Asked = { userId: string; outcome: Promise<unknown>; finish(): void; leave(): void };

/** A queue, and what it has let run, in order. */
function aQueue(changes: Partial<BeginQueueOptions> = {}) {
  const clock = new FakeClock();
  const queue = new BeginQueue({ clock, maxRunning: 1, ...LIMITS, ...changes });
  const started: string[] = [];
  const ask = (userId: string, name = userId): Asked => {
    const work = Promise.withResolvers<void>();
    const client = new AbortController();
    const run = async (): Promise<string> => {
      started.push(name);
      await work.promise;
      return name;
    };
    const outcome = queue.run(userId, run, client.signal).catch((error: unknown) => error);
    return { userId, outcome, finish: () => work.resolve(), leave: () => client.abort() };
  };
  return { clock, started, ask };
}

/** Everything that can happen without time passing has happened. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

async function finishAll(asked: readonly Asked[]): Promise<unknown[]> {
  for (const one of asked) one.finish();
  return await Promise.all(asked.map(({ outcome }) => outcome));
}

describe("begins", () => {
  test("start at once while there are few", () => {
    const { ask, started } = aQueue({ maxRunning: 3 });
    for (const name of ["a", "b", "c"]) ask("user", name);
    expect(started).toEqual(["a", "b", "c"]);
  });

  test("are never more at once than the bound, and all get their turn", async () => {
    let running = 0;
    let most = 0;
    const queue = new BeginQueue({ clock: new FakeClock(), maxRunning: 4, ...LIMITS });
    const work = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await settle();
      running--;
    };
    await Promise.all(Array.from({ length: 60 }, (_, n) => queue.run(`user ${n % 7}`, work)));
    expect({ most, running }).toEqual({ most: 4, running: 0 });
  });

  test("of users take turns: many of one user do not delay another's", async () => {
    const { ask, started } = aQueue();
    const asked = [ask("busy", "b0")];
    for (let n = 1; n <= 4; n++) asked.push(ask("busy", `b${n}`));
    asked.push(ask("other", "o1"), ask("third", "t1"), ask("other", "o2"));
    await finishAll(asked);
    expect(started).toEqual(["b0", "b1", "o1", "t1", "b2", "o2", "b3", "b4"]);
  });

  test("are told how much time is left to them", async () => {
    const clock = new FakeClock();
    const queue = new BeginQueue({ clock, maxRunning: 1, ...LIMITS });
    const held = Promise.withResolvers<number>();
    const first = queue.run("user", async (left) => left + (await held.promise));
    const second = queue.run("user", async (left) => left);
    clock.advance(2_000);
    held.resolve(0);
    expect(await Promise.all([first, second])).toEqual([5_000, 3_000]);
  });

  test("that fail give their place on", async () => {
    const queue = new BeginQueue({ clock: new FakeClock(), maxRunning: 1, ...LIMITS });
    const failing = async (): Promise<never> => {
      throw new Error("The database is gone.");
    };
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => queue.run("user", failing)));
    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill("rejected"));
    expect(await queue.run("user", async () => "next")).toBe("next");
  });
});

describe("a begin that cannot run", () => {
  const refused = { code: "database_unavailable", status: 503, retryAfterSeconds: 2 };

  test("is refused when it has waited too long, and those behind it are as well", async () => {
    const { clock, ask, started } = aQueue();
    const stuck = ask("user", "stuck");
    const first = ask("user", "first");
    clock.advance(1_500);
    const second = ask("user", "second");
    clock.advance(1_500);
    expect(await first.outcome).toMatchObject(refused);
    stuck.finish();
    second.finish();
    expect(await second.outcome).toBe("second");
    expect(started).toEqual(["stuck", "second"]);
    expect(clock.pending).toBe(0);
  });

  test("is refused at once when too many wait", async () => {
    const { ask, started } = aQueue({ maxWaiting: 2 });
    const asked = ["running", "first", "second"].map((name) => ask("user", name));
    expect(await ask("user", "third").outcome).toMatchObject(refused);
    expect(await finishAll(asked)).toEqual(["running", "first", "second"]);
    expect(started).not.toContain("third");
  });

  test("is the newest of the user with the most, if somebody with fewer comes when too many wait", async () => {
    const { ask } = aQueue({ maxWaiting: 3 });
    const asked = ["running", "b1", "b2", "b3"].map((name) => ask("busy", name));
    const other = ask("other", "o1");
    expect(await asked.at(-1)?.outcome).toMatchObject(refused);
    // Both have the same then, or almost: nobody else gives way.
    expect(await ask("other", "o2").outcome).toMatchObject(refused);
    expect(await finishAll([...asked.slice(0, 3), other])).toEqual(["running", "b1", "b2", "o1"]);
  });

  test("is removed when its client leaves, and never runs", async () => {
    const { clock, ask, started } = aQueue({ maxWaiting: 1 });
    const running = ask("user", "running");
    const leaving = ask("user", "leaving");
    leaving.leave();
    expect(await leaving.outcome).toMatchObject({ code: "client_closed_request" });
    const next = ask("user", "next");
    expect(await finishAll([running, next])).toEqual(["running", "next"]);
    expect(started).toEqual(["running", "next"]);
    expect(clock.pending).toBe(0);
  });

  test("does not wait if its client has left before", async () => {
    const { ask, started } = aQueue();
    ask("user", "running");
    const client = new AbortController();
    client.abort();
    const queue = new BeginQueue({ clock: new FakeClock(), maxRunning: 0, ...LIMITS });
    await expect(queue.run("user", async () => 1, client.signal)).rejects.toMatchObject({
      code: "client_closed_request",
    });
    expect(started).toEqual(["running"]);
  });
});
