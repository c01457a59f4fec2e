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

  for (const agent of AGENTS) {
    for (const stream of [true, false])
      test(`${agent.name} writes its file${stream ? "" : ", not streamed"}`, async () => {
        strict.refusals.length = 0;
        const turns = await loop(wire, agent, stream);
        expect(strict.refusals.map(({ when, body }) => ({ when, body }))).toEqual([]);
        expect(turns).toHaveLength(3);
        expect(turns[0]?.calls).toHaveLength(1);
        expect(turns[1]?.calls[0]?.input).toContain(CONTENT);
        expect(turns[2]).toMatchObject({ calls: [], text: expect.stringContaining(CONTENT) });
      });
  }
});

/** Runs an agent until it calls no tool any more. */
async function loop(wire: WireGateway, agent: Agent, stream: boolean): Promise<AgentTurn[]> {
  const turns: AgentTurn[] = [];
  let body = { ...agent.body, stream };
  if (!stream) delete (body as { stream_options?: unknown }).stream_options;
  while (turns.length < 6) {
    const response = await wire.post(agent.path, body, agent.headers);
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    const turn = agent.read(await answerOf(response));
    turns.push(turn);
    if (turn.calls.length === 0) break;
    body = { ...agent.next(body, turn), stream };
  }
  return turns;
}
