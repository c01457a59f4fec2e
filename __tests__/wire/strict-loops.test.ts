import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONTENT } from "../strict-upstreams/agent-model.ts";
import { STRICT, type StrictKind } from "../strict-upstreams/index.ts";
import { AGENTS, type Agent, type AgentTurn, answerOf } from "../strict-upstreams/recorded-agents.ts";
import type { StrictUpstream } from "../strict-upstreams/strict-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { startWireGateway, type Vendor, type WireGateway } from "./wire-gateway.ts";

/** The engines, each behind an upstream that refuses what the real API refuses. */
const ENGINES: readonly { kind: StrictKind; vendor: Vendor; model: string }[] = [
  { kind: "openai", vendor: "openai", model: "gpt-5.6-sol" },
  { kind: "openai", vendor: "openai", model: "gpt-5.1" },
  { kind: "openai", vendor: "openai", model: "gpt-4o" },
  { kind: "anthropic", vendor: "anthropic", model: "claude-sonnet-4-5" },
  { kind: "anthropic", vendor: "anthropic", model: "claude-opus-4-7" },
  { kind: "gemini", vendor: "gemini-grounded", model: "gemini-3.5-flash" },
  { kind: "gemini", vendor: "gemini-grounded", model: "gemini-2.5-flash" },
  { kind: "own", vendor: "own", model: "qwen3-coder" },
  { kind: "own", vendor: "own", model: "kimi-k2.5" },
  { kind: "own", vendor: "own", model: "mistral-small" },
];

let database: TestSupabase;
beforeAll(async () => {
  database = await startTestSupabase();
});
afterAll(() => database.stop());

describe.each(ENGINES)("a tool loop of three rounds through $model", ({ kind, vendor, model }) => {
  let strict: StrictUpstream;
  let wire: WireGateway;

  beforeAll(async () => {
    strict = STRICT[kind]();
    wire = await startWireGateway([{ vendor, model, script: strict.script }], { database });
  });
  afterAll(() => wire.stop());

  for (const agent of AGENTS)
    for (const stream of [true, false])
      test(`${agent.name} writes its file${stream ? "" : ", not streamed"}`, async () => {
        strict.refusals.length = 0;
        const turns = await loop(wire, agent, stream);
        expect(strict.refusals.map(({ when, body }) => ({ when, body }))).toEqual([]);
        expectWritten(turns);
      });
});

/** Engines of one gateway by name, and orders in which a client may come to them. */
const MIXED: readonly { kind: StrictKind; vendor: Vendor; model: string }[] = [
  { kind: "openai", vendor: "openai", model: "gpt-5.6-sol" },
  { kind: "anthropic", vendor: "anthropic", model: "claude-sonnet-4-5" },
  { kind: "gemini", vendor: "gemini-grounded", model: "gemini-3.5-flash" },
  { kind: "own", vendor: "own", model: "kimi-k2.5" },
];
const ORDERS: readonly (readonly [string, string, string])[] = [
  ["anthropic/claude-sonnet-4-5", "openai/gpt-5.6-sol", "anthropic/claude-sonnet-4-5"],
  ["openai/gpt-5.6-sol", "anthropic/claude-opus-4-7", "anthropic/claude-sonnet-4-5"],
  ["gemini-grounded/gemini-3.5-flash", "anthropic/claude-sonnet-4-5", "gemini-grounded/gemini-3.5-flash"],
  ["own-3/mistral-small", "own-3/kimi-k2.5", "own-3/kimi-k2.5"],
  ["own-3/kimi-k2.5", "own-3/qwen3-coder", "own-3/kimi-k2.5"],
  ["anthropic/claude-sonnet-4-5", "own-3/kimi-k2.5", "openai/gpt-5.1"],
  ["openai/gpt-4o", "gemini-grounded/gemini-2.5-flash", "anthropic/claude-opus-4-7"],
];

describe("a tool loop whose rounds have different engines", () => {
  const stricts = MIXED.map(({ kind }) => STRICT[kind]());
  let wire: WireGateway;

  beforeAll(async () => {
    const engines = MIXED.map(({ vendor, model }, at) => ({ vendor, model, script: scriptOf(stricts[at]) }));
    wire = await startWireGateway(engines, { database });
  });
  afterAll(() => wire.stop());

  for (const order of ORDERS)
    for (const [at, agent] of AGENTS.entries())
      test(`${agent.name}: ${order.join(", ")}`, async () => {
        for (const strict of stricts) strict.refusals.length = 0;
        const turns = await loop(wire, agent, at % 2 === 0, order);
        const refusals = stricts.flatMap((strict) =>
          strict.refusals.map(({ when, body }) => ({ when, body })),
        );
        expect(refusals).toEqual([]);
        expectWritten(turns);
      });
});

/** What a client changes in the midst of a tool loop, after which Claude does not think. */
const UNTHINKING: readonly (readonly [string, Record<string, unknown>])[] = [
  ["thinking is disabled", { thinking: { type: "disabled" } }],
  ["a tool is forced", { tool_choice: { type: "any" } }],
  ["the cap leaves no room", { max_tokens: 1_000 }],
];

describe.each(["claude-sonnet-4-5", "claude-opus-4-7"])("%s thinks no more within a tool loop", (model) => {
  const strict = STRICT.anthropic();
  let wire: WireGateway;

  beforeAll(async () => {
    wire = await startWireGateway([{ vendor: "anthropic", model, script: strict.script }], { database });
  });
  afterAll(() => wire.stop());

  test.each(UNTHINKING)("%s", async (_title, change) => {
    const agent = AGENTS[0] as Agent;
    const first = agent.read(await answerOf(await wire.post(agent.path, agent.body, agent.headers)));
    expect(first.kept[0]).toMatchObject({ type: "thinking" });
    const next = { ...agent.next(agent.body, first), ...change };
    const response = await wire.post(agent.path, next, agent.headers);
    expect(strict.refusals.map(({ when, body }) => ({ when, body }))).toEqual([]);
    expect(agent.read(await answerOf(response)).calls).toHaveLength(1);
  });
});

function scriptOf(strict: StrictUpstream | undefined): StrictUpstream["script"] {
  if (strict === undefined) throw new Error("There is no such upstream.");
  return strict.script;
}

function expectWritten(turns: readonly AgentTurn[]): void {
  expect(turns).toHaveLength(3);
  expect(turns[0]?.calls).toHaveLength(1);
  expect(turns[1]?.calls[0]?.input).toContain(CONTENT);
  expect(turns[2]).toMatchObject({ calls: [], text: expect.stringContaining(CONTENT) });
}

/** Runs an agent until it calls no tool any more, through the engines in `order` or the mode's own. */
async function loop(
  wire: WireGateway,
  agent: Agent,
  stream: boolean,
  order?: readonly string[],
): Promise<AgentTurn[]> {
  const turns: AgentTurn[] = [];
  let body = { ...agent.body, stream };
  if (!stream) delete (body as { stream_options?: unknown }).stream_options;
  while (turns.length < 6) {
    const model = order?.[turns.length] ?? agent.body["model"];
    const response = await wire.post(agent.path, { ...body, model }, agent.headers);
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    const turn = agent.read(await answerOf(response));
    turns.push(turn);
    if (turn.calls.length === 0) break;
    body = { ...agent.next(body, turn), stream };
  }
  return turns;
}
