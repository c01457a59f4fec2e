import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import type { Exchange, Script } from "../support/fake-upstream.ts";
import { answers, isStreaming, textChunk, usageChunk } from "../support/fake-upstream.ts";
import { blackHole } from "./places.ts";
import type { Expected, FaultRow, Stage } from "./row.ts";
import { fails, hangs, TOKENS } from "./scripts.ts";

/** Nobody else is called, nothing is benched, and the breaker learns nothing from it. */
function cancelled(changes: Partial<Expected> = {}): Expected {
  return {
    state: "cancelled",
    error: { code: "client_closed_request", status: 499 },
    calls: { a: 1 },
    usages: [],
    attempts: ["a cancelled"],
    within: [0, 1_000],
    health: {},
    ...changes,
  };
}

/** What was written is read within this time, over two sockets and on a busy machine, milliseconds. */
const READ_MS = 100;

/** The client leaves a moment later, when what was written has been read. */
function leavesSoon(stage: Stage): Promise<void> {
  return pause(READ_MS).then(() => stage.leave());
}

function leaves(
  name: string,
  script: (stage: Stage) => Script,
  changes: Partial<Expected>,
  more: Partial<FaultRow> = {},
): FaultRow {
  return {
    row: 29,
    name: `the client leaves ${name}`,
    chain: [{ name: "a", script }, { name: "b" }],
    timeouts: { firstTokenMs: 5_000, answerMs: 5_000, idleMs: 5_000, deadlineMs: 10_000 },
    asks: [{ expect: cancelled(changes) }],
    ...more,
  };
}

async function tokens(exchange: Exchange, from: number, to: number): Promise<void> {
  for (const token of TOKENS.slice(from, to)) await exchange.event(textChunk(token));
}

const streaming: Pick<FaultRow, "modes"> = { modes: ["streaming"] };

export const CLIENT: readonly FaultRow[] = [
  leaves("before the headers", (stage) => () => leavesSoon(stage), {}),
  leaves(
    "before the first token",
    (stage) => async (exchange) => {
      if (isStreaming(exchange.request)) await exchange.startStream();
      else await exchange.head(200, { "content-type": "application/json", "content-length": "500" });
      await leavesSoon(stage);
    },
    {},
  ),
  leaves(
    "in the middle of a whole body",
    (stage) => async (exchange) => {
      await exchange.head(200, { "content-type": "application/json", "content-length": "500" });
      await exchange.raw('{"choices":[');
      await leavesSoon(stage);
    },
    {},
    { modes: ["whole"] },
  ),
  leaves(
    "in the middle of the answer",
    (stage) => async (exchange) => {
      await exchange.startStream();
      await tokens(exchange, 0, 8);
      await leavesSoon(stage);
    },
    {
      engines: ["a"],
      text: TOKENS.slice(0, 8).join(""),
      usages: ["a estimated"],
      also: (_seen, told) => {
        expect(told.usages[0]?.usage.completionTokens).toBe(
          Math.ceil(TOKENS.slice(0, 8).join("").length / 4),
        );
      },
    },
    streaming,
  ),
  leaves(
    "between the last token and [DONE]",
    (stage) => async (exchange) => {
      await exchange.startStream();
      await tokens(exchange, 0, TOKENS.length);
      await leavesSoon(stage);
    },
    { engines: ["a"], text: TOKENS.join(""), usages: ["a estimated"] },
    streaming,
  ),
  leaves(
    "between the usage and [DONE]",
    (stage) => async (exchange) => {
      await exchange.startStream();
      await tokens(exchange, 0, TOKENS.length);
      await exchange.event(textChunk("", "stop"));
      await exchange.event(usageChunk(10, 30));
      await leavesSoon(stage);
    },
    { engines: ["a"], text: TOKENS.join(""), usages: ["a exact"] },
    streaming,
  ),
  leaves(
    "while the answer pours in",
    (stage) => async (exchange) => {
      await exchange.startStream();
      void leavesSoon(stage);
      while (!exchange.gone) {
        await exchange.event(textChunk("more and more ".repeat(100)));
        await pause(1);
      }
    },
    { engines: ["a"], usages: ["a estimated"] },
    streaming,
  ),
  leaves(
    "while an error's body is still coming",
    (stage) => async (exchange) => {
      await exchange.head(500, { "content-length": "500" });
      // Not for long is it waited for.
      await pause(5);
      stage.leave();
    },
    {},
  ),
  leaves(
    "while a named engine is waited for",
    (stage) => async (exchange) => {
      await fails(429, { error: { message: "Slow down." } }, { "retry-after": "3" })(exchange);
      await leavesSoon(stage);
    },
    { attempts: ["a rate_limited"], health: { a: { benchedMs: [1_000, 3_000] } } },
    { named: true },
  ),
  leaves(
    "while the next engine is being reached",
    (stage) => async (exchange) => {
      await fails(500)(exchange);
      await leavesSoon(stage);
    },
    { attempts: ["a server_error", "c cancelled"] },
    {
      chain: [
        {
          name: "a",
          script: (stage) => async (exchange) => {
            await fails(500)(exchange);
            await leavesSoon(stage);
          },
        },
        { name: "c", place: blackHole },
        { name: "b" },
      ],
      timeouts: { connectMs: 5_000, firstTokenMs: 5_000, answerMs: 5_000, deadlineMs: 10_000 },
    },
  ),
  leaves(
    "while the second engine goes on",
    () => hangs,
    {
      engines: ["a"],
      text: TOKENS.slice(0, 8).join(""),
      calls: { a: 2, b: 1 },
      usages: ["a estimated", "a estimated"],
      attempts: ["a reset", "a reset", "b cancelled"],
    },
    {
      ...streaming,
      chain: [
        {
          name: "a",
          script: () => async (exchange) => {
            await exchange.startStream();
            await tokens(exchange, 0, 8);
            await pause(25);
            exchange.reset();
          },
        },
        { name: "b", script: (stage) => () => leavesSoon(stage) },
        { name: "c" },
      ],
    },
  ),
  {
    row: 29,
    name: "a probe whose client leaves is given back",
    chain: [{ name: "a", script: () => fails(500) }, { name: "b" }],
    timeouts: { firstTokenMs: 5_000, answerMs: 5_000, deadlineMs: 10_000 },
    asks: [
      { repeat: 5, expect: { engines: ["b"] } },
      {
        after: 5_000,
        scripts: { a: (stage) => () => leavesSoon(stage) },
        expect: cancelled({ health: { a: { breaker: "half_open" } } }),
      },
      {
        scripts: { a: () => answers("Hello from a.") },
        expect: { engines: ["a"], calls: { a: 1 }, health: {} },
      },
    ],
  },
];
