import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Engine } from "#lib/providers/registry.ts";
import { type AskContext, type AskRecord, ask, type Question } from "#lib/services/ask.ts";
import { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import { engineAt, TEST_TIMEOUTS, type TestEffects, testEffects } from "../support/engines.ts";
import { FakeClock } from "../support/fake-clock.ts";
import {
  answers,
  completion,
  type FakeUpstream,
  type Script,
  startFakeUpstream,
} from "../support/fake-upstream.ts";
import { eventually } from "../support/test-gateway.ts";

let first: FakeUpstream;
let second: FakeUpstream;
let effects: TestEffects;

beforeEach(async () => {
  first = await startFakeUpstream(answers("Paris."));
  second = await startFakeUpstream(answers("Paris, says the second."));
  effects = testEffects();
});
afterEach(async () => {
  await Promise.all([first.stop(), second.stop(), effects.close()]);
});

const QUESTION: Question = {
  instructions: "Answer in one word.",
  text: "What is the capital of France?",
  maxOutputTokens: 20,
  timeoutMs: 2_000,
};

function asking(question: Partial<Question> = {}, changes: Partial<AskContext> = {}) {
  const ended: AskRecord[] = [];
  const lines: string[] = [];
  const modes: string[] = [];
  const log = (message: string): void => void lines.push(message);
  const chain: Engine[] = [engineAt("a", first.origin), engineAt("b", second.origin)];
  const answer = ask(
    { ...QUESTION, ...question },
    {
      requestId: "r",
      signal: new AbortController().signal,
      onEnd: (record) => ended.push(record),
      ...changes,
    },
    {
      howToConfigure: () => "Set a key.",
      overrides: new EngineOverrides(new FakeClock()),
      enginesOf: async (mode) => {
        modes.push(mode);
        return mode === "fast" ? chain : [];
      },
      run: { timeouts: { ...TEST_TIMEOUTS, answerMs: 60_000 }, recovery: true, promptCache: true },
      effects,
      logger: { info: log, warn: log, error: log },
    },
  );
  return { answer, ended, lines, modes };
}

const silent: Script = () => undefined;

describe("a small question", () => {
  test("is put to the fast chain, whole, within its limit", async () => {
    const { answer, modes } = asking();
    expect(await answer).toBe("Paris.");
    expect(modes).toEqual(["fast"]);
    expect(first.requests.map(({ json }) => json)).toMatchObject([
      {
        stream: false,
        max_tokens: 20,
        messages: [
          { role: "system", content: "Answer in one word." },
          { role: "user", content: "What is the capital of France?" },
        ],
      },
    ]);
  });

  test("is billed to the turn that asked it: its record comes once, with what each engine used", async () => {
    const { answer, ended } = asking();
    await answer;
    expect(ended).toMatchObject([
      {
        state: "completed",
        engine: { id: "a/model" },
        attempts: [{ outcome: "answered" }],
        usages: [
          { engine: { id: "a/model" }, usage: { promptTokens: 10, completionTokens: 1, source: "exact" } },
        ],
      },
    ]);
  });

  test("goes to the next engine, and what the first one was paid for is in the record", async () => {
    first.script = (exchange) => exchange.json(500, {});
    const { answer, ended } = asking();
    expect(await answer).toBe("Paris, says the second.");
    expect(ended).toMatchObject([
      { engine: { id: "b/model" }, attempts: [{ outcome: "server_error" }, { outcome: "answered" }] },
    ]);
  });

  test("gives up a silent engine in time for another one", async () => {
    first.script = silent;
    const { answer } = asking({ timeoutMs: 600 });
    expect(await answer).toBe("Paris, says the second.");
    await eventually("the first engine is left", () => first.requests[0]?.closedAt !== undefined);
  });

  test("has a time-out for everything", async () => {
    first.script = silent;
    second.script = silent;
    const begun = performance.now();
    const { answer, ended, lines } = asking({ timeoutMs: 300 });
    await expect(answer).rejects.toMatchObject({ code: "engines_unavailable" });
    expect(performance.now() - begun).toBeLessThan(2_500);
    expect(ended).toMatchObject([{ state: "failed" }]);
    expect(lines).toEqual([
      "An engine gave no complete answer.",
      "An engine gave no complete answer.",
      "No engine completed the answer.",
    ]);
  });

  test("ends with its turn, and is settled then too", async () => {
    first.script = silent;
    const client = new AbortController();
    const { answer, ended } = asking({}, { signal: client.signal });
    await eventually("the first engine is asked", () => first.requests.length === 1);
    client.abort();
    await expect(answer).rejects.toMatchObject({ code: "client_closed_request" });
    expect(ended).toMatchObject([{ state: "cancelled", attempts: [{ outcome: "cancelled" }] }]);
    expect(second.requests).toEqual([]);
  });

  test("is answered in no more text than its limit can be", async () => {
    first.script = (exchange) => exchange.json(200, completion("endless ".repeat(10_000)));
    expect((await asking({ maxOutputTokens: 10 }).answer).length).toBe(80);
  });
});

test("without any engine nothing is called and nothing is billed", async () => {
  const ended: AskRecord[] = [];
  const asked = ask(
    QUESTION,
    { requestId: "r", signal: new AbortController().signal, onEnd: (record) => ended.push(record) },
    {
      howToConfigure: () => "Set a key.",
      overrides: new EngineOverrides(new FakeClock()),
      enginesOf: async () => [],
      run: { timeouts: TEST_TIMEOUTS, recovery: true, promptCache: true },
      effects,
      logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    },
  );
  await expect(asked).rejects.toMatchObject({ code: "no_engine_configured" });
  expect(ended).toEqual([]);
});
