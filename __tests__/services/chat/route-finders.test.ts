import { expect, test } from "vitest";
import type { Answerer } from "#lib/services/chat/answerer.ts";
import type { RouteFinder } from "#lib/services/chat/route-finder.ts";
import { setUp } from "./chat-stage.ts";

const image: RouteFinder = {
  name: "images",
  find: ({ input }) => (/draw/.test(input.message) ? { kind: "image", prompt: input.message } : undefined),
};
const plugin: RouteFinder = { name: "plugins", find: () => ({ kind: "plugin", plugin: "receipt-scanner" }) };
const task: RouteFinder = { name: "tasks", find: () => ({ kind: "task", language: "en" }) };
const broken: RouteFinder = {
  name: "broken",
  find: () => {
    throw new Error("no");
  },
};

/** The route that answerers see, and the events of the turn. */
async function route(routeFinders: readonly RouteFinder[], message: string, model: "auto" | "smart") {
  const seen: unknown[] = [];
  const answerer: Answerer = {
    name: "spy",
    answer: (turn) => {
      seen.push(turn.route);
      return undefined;
    },
  };
  const stage = setUp({ routeFinders, answerers: [answerer] });
  const events = await stage.read(await stage.start({ message, model }));
  return { seen: seen[0], routed: events.find(({ type }) => type === "auto_routed"), events, stage };
}

test("the first finder that finds something decides, and the client is told", async () => {
  const { seen, routed } = await route([image, plugin], "draw a fox", "auto");
  expect(seen).toEqual({ kind: "image", prompt: "draw a fox" });
  expect(routed).toMatchObject({ to: "image", label: "Image", reason: "words" });
});

test.each([
  [plugin, { to: "plugin", label: "receipt-scanner" }],
  [task, { to: "task", label: "Task" }],
])("a finder that finds nothing leaves it to the next", async (next, told) => {
  expect((await route([image, next], "Hi", "auto")).routed).toMatchObject(told);
});

test("where no finder finds anything, the engines answer", async () => {
  expect((await route([image], "Hi", "auto")).seen).toEqual({ kind: "engines" });
});

test("a client that has named a mode gets its engines", async () => {
  const { seen, routed } = await route([plugin], "Hi", "smart");
  expect(seen).toEqual({ kind: "engines" });
  expect(routed).toBeUndefined();
});

test("a finder that fails costs the turn nothing", async () => {
  const { routed, stage } = await route([broken, plugin], "Hi", "auto");
  expect(routed).toMatchObject({ to: "plugin" });
  expect(stage.logs).toContain("A finder of routes failed.");
});

test("finders see the stored conversation", async () => {
  const found: unknown[] = [];
  const spy: RouteFinder = {
    name: "spy",
    find: ({ begun }) => {
      found.push(begun.messages);
      return undefined;
    },
  };
  const messages = [{ role: "user" as const, content: "draw a fox" }];
  const stage = setUp({ routeFinders: [spy], begun: { sessionCreated: false, messages } });
  await stage.read(await stage.start({ message: "make it darker", model: "auto", sessionId: "s" }));
  expect(found).toEqual([messages]);
});
