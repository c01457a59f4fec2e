import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MODE_IDS } from "#lib/ai-models.ts";
import { arrayField, field, stringField } from "#lib/shared/json.ts";
import { AGENTS, type Agent, answerOf } from "../strict-upstreams/recorded-agents.ts";
import { answers, type Exchange, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { says } from "../support/scripted-answers.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey } from "../support/test-gateway.ts";
import { startWireGateway, type WireGateway } from "./wire-gateway.ts";

const ROUNDS = 5;
/** The person's words in the recordings. */
const RECORDED = /run echo|Create hello\.txt/g;
/** What tools answer: a mode for each, were it a person's. */
const TRACE = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nTypeError: no';

const LETTER = "Please write a letter to my aunt in which I describe our garden and its old apple trees.";
const CODE = "Why does it fail?\n```python\ndef f(x):\n    return x.foo()\n```";
const MORE = "And the second one?";

let database: TestSupabase;
let upstream: FakeUpstream;
let wire: WireGateway;
let userId: string;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Hello."));
  ({ userId } = await database.signUp());
  const modes = Object.fromEntries(
    MODE_IDS.map((mode) => [mode, { failover: [{ provider: "mine", model: `${mode}-engine` }] }]),
  );
  const providers = [{ id: "mine", baseUrl: `${upstream.origin}/v1` }];
  wire = await startWireGateway([], {
    database,
    settings: { MODELS_CONFIG: JSON.stringify({ extends: "default", providers, modes }) },
  });
});
beforeEach(() => {
  upstream.script = answers("Hello.");
});
afterAll(async () => {
  await wire.stop();
  await upstream.stop();
  await database.stop();
});

/** A model that calls a tool of the request until it has seen so many results. */
function callsTools(exchange: Exchange): Promise<void> | void {
  const tools = arrayField(exchange.request.json, "tools").map((tool) => field(tool, "function"));
  const name = tools.map((tool) => stringField(tool, "name")).find((one) => one !== undefined);
  if (name === undefined) return answers("No tools.")(exchange);
  const id = `call_${upstream.requests.length}`;
  return says({ text: ["I look."], calls: [{ id, name, pieces: ["{}"] }] })(exchange);
}

const replaced = (body: Agent["body"], pattern: RegExp, text: string): Agent["body"] =>
  JSON.parse(JSON.stringify(body).replace(pattern, () => JSON.stringify(text).slice(1, -1))) as Agent["body"];

/** The modes of an agent's rounds whose person has written `text`, and whose tools answer with a stack trace. */
async function modesOf(agent: Agent, text: string, more: Record<string, unknown> = {}): Promise<unknown[]> {
  upstream.script = callsTools;
  const modes: unknown[] = [];
  let body: Agent["body"] = { ...replaced(agent.body, RECORDED, text), model: "auto", ...more };
  for (let round = 0; round < ROUNDS; round++) {
    const response = await wire.post(agent.path, body, agent.headers);
    modes.push(response.headers.get("x-sarmalink-mode"));
    const turn = agent.read(await answerOf(response));
    expect(turn.calls, JSON.stringify(turn)).toHaveLength(1);
    body = replaced(agent.next(body, turn), /(?<=")done(?=")/g, TRACE);
  }
  expect(JSON.stringify(body)).toContain("Traceback");
  return modes;
}

// Its tools are custom ones, with text for arguments.
const LOOPING = AGENTS.filter(({ name }) => name !== "codex that writes code");

describe.each(LOOPING)("a tool loop of five rounds by $name", (agent) => {
  test.each([
    ["a letter", LETTER, "smart"],
    ["code", CODE, "coder"],
  ])("%s: one mode, whatever the tools answer", async (_, text, mode) => {
    expect(await modesOf(agent, text)).toEqual(Array(ROUNDS).fill(mode));
  });
});

type Turn = readonly [role: "user" | "assistant", text: string];

/** A conversation in the shape of each route. */
const SHAPES = {
  "v1/chat/completions": (turns: readonly Turn[]) => ({
    messages: turns.map(([role, content]) => ({ role, content })),
  }),
  "v1/messages": (turns: readonly Turn[]) => ({
    max_tokens: 100,
    messages: turns.map(([role, content]) => ({ role, content })),
  }),
  "v1/responses": (turns: readonly Turn[]) => ({
    store: false,
    input: turns.map(([role, content]) => ({ role, content })),
  }),
} as const;

describe.each(Object.keys(SHAPES) as (keyof typeof SHAPES)[])("a conversation on %s", (route) => {
  const modeOf = async (turns: readonly Turn[], model = "auto"): Promise<unknown> => {
    const response = await wire.post(route, { ...SHAPES[route](turns), model });
    await response.text();
    return response.headers.get("x-sarmalink-mode");
  };

  test("switches only where a message of the person needs it", async () => {
    const turns: Turn[] = [];
    const modes: unknown[] = [];
    for (const text of [
      LETTER,
      MORE,
      CODE,
      MORE,
      MORE,
      `<system-reminder>\n${LETTER}\n</system-reminder>\n${MORE}`,
    ]) {
      turns.push(["user", text]);
      modes.push(await modeOf(turns));
      turns.push(["assistant", TRACE]);
    }
    expect(modes).toEqual(["smart", "smart", "coder", "coder", "coder", "coder"]);
  });

  test("has no memory: the same request has the same mode", async () => {
    const turns: Turn[] = [
      ["user", CODE],
      ["assistant", "x"],
      ["user", MORE],
    ];
    expect([await modeOf(turns), await modeOf([["user", MORE]]), await modeOf(turns)]).toEqual([
      "coder",
      "smart",
      "coder",
    ]);
  });

  test("code in an agent's wrapper is not the person's", async () => {
    const reminder = `<system-reminder>\n${CODE}\n</system-reminder>`;
    expect(await modeOf([["user", `${reminder}\n${LETTER}`]])).toBe("smart");
    expect(
      await modeOf([
        ["user", `<environment_context>\n${CODE}\n</environment_context>`],
        ["user", LETTER],
      ]),
    ).toBe("smart");
    expect(await modeOf([["user", `${reminder}\n${CODE}`]])).toBe("coder");
  });

  test("a compaction stays in the mode, and so does what comes behind it", async () => {
    const compaction = `CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.\n\n${CODE}`;
    const summary = (wish: string): string =>
      `This session is being continued from a previous conversation.\n\nSummary:\n1. Errors:\n${TRACE}\n6. All user messages:\n   - ${JSON.stringify(wish)}\n7. Next: …`;
    for (const [wish, mode] of [
      [LETTER, "smart"],
      ["Why do I get a TypeError here?", "coder"],
    ] as const) {
      const turns: Turn[] = [["user", wish]];
      expect(await modeOf(turns)).toBe(mode);
      expect(await modeOf([...turns, ["assistant", TRACE], ["user", compaction]])).toBe(mode);
      expect(await modeOf([["user", summary(wish)]])).toBe(mode);
    }
  });

  test("a key that may not use the mode: smart, or nothing", async () => {
    const ask = async (modes: string[]): Promise<Response> => {
      const key = await createKey(database, userId, { modes });
      const body = { ...SHAPES[route]([["user", CODE]]), model: "auto" };
      return wire.post(route, body, { authorization: `Bearer ${key}` });
    };
    expect((await ask(["smart", "coder"])).headers.get("x-sarmalink-mode")).toBe("coder");
    expect((await ask(["smart"])).headers.get("x-sarmalink-mode")).toBe("smart");
    expect((await ask(["live"])).status).toBe(403);
  });

  test("a mode that the client names stays", async () => {
    for (const mode of MODE_IDS) expect(await modeOf([["user", CODE]], mode)).toBe(mode);
  });
});
