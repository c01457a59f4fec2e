import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Contribution, ContributorContext } from "#lib/services/chat/contributor.ts";
import { toolsContributor } from "#lib/services/chat/tools-contributor.ts";
import type { Turn } from "#lib/services/chat/turn.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";
import { liveTools } from "#lib/tools/live.ts";
import { defineTool, type Tool, type ToolResult } from "#lib/tools/tool.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { setUp } from "./chat-stage.ts";

function double(name: string, run: (signal: AbortSignal) => Promise<ToolResult>, timeoutMs = 1_000): Tool {
  return defineTool({
    name,
    description: "A double.",
    input: z.object({}),
    timeoutMs,
    detect: ({ message }) => (message.includes(name) ? [{}] : []),
    run: (_, { signal }) => run(signal),
  });
}
const silent = (): Promise<never> => new Promise(() => undefined);
const answer = (text: string): ToolResult => ({ text, source: { name: "A source" } });
const silentLogger = { warn: () => undefined, error: () => undefined };
const randomHex = (bytes: number): string => "0".repeat(bytes * 2);

/** The contributor by itself, with a clock and a signal of its own. */
function alone(tools: readonly Tool[]) {
  const clock = new FakeClock();
  const client = new AbortController();
  const calls: ToolCallRecord[] = [];
  const events: NativeEvent[] = [];
  const context: ContributorContext = {
    signal: client.signal,
    emit: (event) => events.push(event),
    onAsked: () => undefined,
    onToolCall: (call) => calls.push(call),
  };
  const contributor = toolsContributor({ tools, clock, randomHex, logger: silentLogger });
  const turn = (message: string, route: Turn["route"] = { kind: "engines" }) =>
    ({
      requestId: "r",
      input: { message, history: [] },
      begun: { sessionCreated: true },
      route,
    }) as unknown as Turn;
  const run = (message: string): Contribution | Promise<Contribution> =>
    contributor.run(turn(message), context);
  return { clock, client, calls, events, contributor, turn, run };
}

describe("a message that needs no tool", () => {
  const { clock } = alone([]);
  const http = { getJson: silent, postJson: silent };
  const source = "http://source.invalid";
  const baseUrls = { frankfurter: source, openMeteo: source, openMeteoGeocoding: source, hackerNews: source };
  const real = liveTools({ http, clock, baseUrls });

  test("waits for nothing: the contribution is there at once, and no timer or listener is left", () => {
    const { run, clock: own, client, events, calls } = alone(real);
    expect(run("Write an email to my landlord about the heating.")).toEqual({});
    expect({ events, calls, timers: own.pending }).toEqual({ events: [], calls: [], timers: 0 });
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
  });
});

describe("a turn that others than the engines answer", () => {
  test.each<Turn["route"]>([
    { kind: "image", prompt: "p" },
    { kind: "plugin", plugin: "p" },
    { kind: "task", language: "en" },
  ])("calls no tool: $kind", (route) => {
    const { contributor, turn } = alone([]);
    expect(contributor.wants(turn("weather", route))).toBe(false);
    expect(contributor.wants(turn("weather"))).toBe(true);
  });
});

describe("the calls of a turn", () => {
  test("end each by its own time-out, before the contributor's, which would lose the others", async () => {
    const set = alone([
      double("slow", silent, 3_000),
      double("silent", silent, 500),
      double("quick", async () => answer("Q")),
    ]);
    expect(set.contributor.timeoutMs).toBeGreaterThan(3_000);
    const running = set.run("slow silent quick");
    await set.clock.advanceAsync(500);
    expect(set.calls.map(({ meta, status }) => [meta["tool"], status])).toEqual([
      ["quick", "ok"],
      ["silent", "timeout"],
    ]);
    await set.clock.advanceAsync(2_500);
    const { beside } = await running;
    expect(JSON.stringify(beside)).toMatch(/live data from slow.*live data from silent.*Q/);
    expect(set.clock.pending).toBe(0);
    expect(getEventListeners(set.client.signal, "abort")).toEqual([]);
  });

  test("are recorded in the moment in which the client leaves: the turn is written down right after", async () => {
    let told: AbortSignal | undefined;
    const set = alone([
      double("a tool", (signal) => {
        told = signal;
        return silent();
      }),
    ]);
    const running = set.run("a tool");
    await set.clock.advanceAsync(40);
    set.client.abort(new Error("left"));
    expect(set.calls).toEqual([
      { backend: "a tool", status: "cancelled", latencyMs: 40, meta: { call: 1, tool: "a tool" } },
    ]);
    expect(told?.aborted).toBe(true);
    await running;
    expect(set.clock.pending).toBe(0);
  });

  test("are recorded once, whatever comes after their end", async () => {
    const late = Promise.withResolvers<ToolResult>();
    const set = alone([double("late", () => late.promise, 100)]);
    const running = set.run("late");
    await set.clock.advanceAsync(100);
    late.resolve(answer("Too late"));
    set.client.abort(new Error("left"));
    const { beside } = await running;
    expect(set.calls.map(({ status }) => status)).toEqual(["timeout"]);
    expect(JSON.stringify(beside)).not.toContain("Too late");
  });

  test("a tool that throws at once, or rejects with no error, is a failure like others", async () => {
    const throwing: Tool = {
      ...double("throwing", silent),
      run: () => {
        throw new Error("broken");
      },
    };
    const set = alone([throwing, double("odd", () => Promise.reject(null))]);
    await set.run("throwing odd");
    expect(set.calls.map(({ status, meta }) => [status, meta["reason"]])).toEqual([
      ["failed", "bug"],
      ["failed", "bug"],
    ]);
  });
});

test("calls of tools go into the row of their turn", async () => {
  const clock = new FakeClock();
  const tools = [double("a tool", async () => answer("Data"))];
  const contributor = toolsContributor({ tools, clock, randomHex, logger: silentLogger });
  const { start, read, settles } = setUp({ contributors: [contributor] });
  await read(await start({ message: "a tool" }));
  expect(settles).toHaveLength(1);
  expect(settles[0]?.toolCalls).toMatchObject([{ backend: "A source", status: "ok" }]);
});
