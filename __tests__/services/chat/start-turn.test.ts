import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import type { ChatTurn } from "#lib/services/chat/start-turn.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { FakeClock } from "../../support/fake-clock.ts";
import { setUp } from "./chat-stage.ts";

const away = async (): Promise<never> => {
  throw new GatewayError("database_unavailable", "away");
};

describe("a turn is settled once", () => {
  test("at its end, with no timer and no listener left", async () => {
    const { start, read, settles, works, clock, client } = setUp();
    const turn = await start();
    expect((await read(turn)).at(-1)?.type).toBe("done");
    turn.abandon();
    turn.abandon();
    client.abort();
    await Promise.all(works);
    expect(settles).toHaveLength(1);
    expect(settles[0]).toMatchObject({
      status: "completed",
      deliveredContent: true,
      conversation: { userMessage: "Hi" },
    });
    expect(clock.pending).toBe(0);
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
  });

  test.each([
    ["abandoned before it was read", (turn: ChatTurn) => turn.abandon()],
    ["left by its client before it was read", (_: ChatTurn, client: AbortController) => client.abort()],
    ["both at once", (turn: ChatTurn, client: AbortController) => [client.abort(), turn.abandon()]],
  ])("%s: cancelled, nothing delivered, nothing called", async (_, leave) => {
    const { start, settles, works, bodies, client, clock } = setUp();
    const turn = await start();
    leave(turn, client);
    await Promise.all(works);
    expect(settles.map(({ status, deliveredContent }) => ({ status, deliveredContent }))).toEqual([
      { status: "cancelled", deliveredContent: false },
    ]);
    expect(bodies).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
  });

  test("that is read after it was abandoned ends in an error", async () => {
    const { start, read, settles } = setUp();
    const turn = await start();
    turn.abandon();
    expect((await read(turn)).at(-1)).toMatchObject({ type: "error", code: "client_closed_request" });
    expect(settles).toHaveLength(1);
  });

  test("though the client disconnected while it was begun", async () => {
    const { start, settles, works, bodies, client } = setUp();
    client.abort();
    await start();
    await Promise.all(works);
    expect(settles).toHaveLength(1);
    expect(bodies).toEqual([]);
  });
});

describe("a database that is unavailable at the end", () => {
  test("for a minute costs no turn", async () => {
    let attempts = 0;
    const clockOf: { clock?: FakeClock } = {};
    const started = { at: Number.POSITIVE_INFINITY };
    const set = setUp({
      settle: async () => {
        attempts++;
        const now = clockOf.clock?.now() ?? 0;
        started.at = Math.min(started.at, now);
        if (now - started.at < 60_000) await away();
      },
    });
    clockOf.clock = set.clock;
    const events = await set.read(await set.start());
    expect(events.at(-1)?.type).toBe("done");
    await set.clock.advanceAsync(90_000);
    await Promise.all(set.works);
    expect(attempts).toBeGreaterThan(2);
    expect(set.logs.filter((line) => line.includes("could not be saved"))).toEqual([]);
    expect(set.clock.pending).toBe(0);
  });

  test("holds the end of the answer back for no longer than its patience", async () => {
    const { start, read, clock } = setUp({ settle: () => new Promise(() => undefined) });
    const turn = await start();
    const before = clock.now();
    expect((await read(turn)).at(-1)?.type).toBe("done");
    expect(clock.now() - before).toBeLessThan(4_000);
  });

  test("is tried again until the gateway is closed, then logged with what the turn cost", async () => {
    for (const error of [
      new GatewayError("database_unavailable", "away"),
      new GatewayError("not_configured", "no function"),
      new GatewayError("unauthorized", "the key is being changed"),
    ]) {
      const set = setUp({ settle: () => Promise.reject(error) });
      await set.read(await set.start());
      await set.clock.advanceAsync(600_000);
      expect(set.settles.length).toBeGreaterThan(100);
      expect(set.logs.filter((line) => line.includes("could not be saved"))).toEqual([]);
      await set.ledger.close();
      await Promise.all(set.works);
      expect(set.logs.at(-1)).toContain("could not be saved");
      expect(set.clock.pending).toBe(0);
    }
  });

  test("that refuses a turn gets it once more, without its messages and attempts", async () => {
    for (const error of [new TypeError("bug"), new GatewayError("internal_error", "refused")]) {
      const set = setUp({ settle: () => Promise.reject(error) });
      await set.read(await set.start());
      await Promise.all(set.works);
      expect(set.settles.map(({ attempts, conversation }) => [attempts.length, conversation])).toEqual([
        [1, { userMessage: "Hi", assistantMessage: expect.any(String), sessionId: "s" }],
        [0, undefined],
      ]);
      expect(set.logs.at(-1)).toContain("it is parked");
    }
  });
});

test("a price library that cannot be loaded costs the turn nothing but the price", async () => {
  const { start, read, settles, logs } = setUp({ loadPrices: () => Promise.reject(new Error("gone")) });
  expect((await read(await start())).at(-1)?.type).toBe("done");
  expect(settles[0]).toMatchObject({ status: "completed", costUsd: 0 });
  expect(logs).toContainEqual(expect.stringContaining("price"));
});

describe("what the engine reads of the conversation", () => {
  const message = (content: string) => ({ role: "user" as const, content });

  test("of a newest message that is longer than that, its end", async () => {
    const { start, read, bodies } = setUp();
    await read(await start({ history: [message("old"), message(`${"x".repeat(150_000)} the end`)] }));
    const [, newest, ...rest] = bodies[0]?.messages ?? [];
    expect(newest?.content).toHaveLength(100_001);
    expect(newest?.content.endsWith("x the end")).toBe(true);
    expect(rest.map(({ content }) => content)).toEqual(["Hi"]);
  });

  test("the newest hundred thousand characters", async () => {
    const { start, read, bodies } = setUp();
    const history = ["old", "b".repeat(60_000), "c".repeat(39_000), "new"].map(message);
    await read(await start({ history }));
    expect(bodies[0]?.messages.slice(1).map(({ content }) => content.slice(0, 3))).toEqual([
      "old",
      "bbb",
      "ccc",
      "new",
      "Hi",
    ]);
    await read(await start({ history: [message("x".repeat(2_000)), ...history] }));
    expect(bodies[1]?.messages.slice(1).map(({ content }) => content.slice(0, 3))).toEqual([
      "old",
      "bbb",
      "ccc",
      "new",
      "Hi",
    ]);
  });

  test("nothing invisible, and no empty message", async () => {
    const { start, read, bodies } = setUp({
      begun: { sessionCreated: false, messages: [message("a\u202eb"), message("\u200b")] },
    });
    await read(await start({ message: "c\u{E0041}d", history: [message("FORGED")] }));
    expect(bodies[0]?.messages.slice(1)).toEqual([
      { role: "user", content: "ab" },
      { role: "user", content: "cd" },
    ]);
  });
});
