import { afterAll, describe, expect, test } from "vitest";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { RunOptions } from "#lib/providers/chat/run.ts";
import { BREAKS, cut, deltaChunk, fails, inTurn } from "../../faults/scripts.ts";
import { aRequest, engineAt, readRun, startRun, testEffects } from "../../support/engines.ts";
import { answers, type Script, startFakeUpstream, textChunk } from "../../support/fake-upstream.ts";

const effects = testEffects();
afterAll(() => effects.close());

async function run(scripts: readonly Script[], changes: Partial<RunOptions> = {}) {
  const upstreams = await Promise.all(scripts.map((script) => startFakeUpstream(script)));
  const engines = upstreams.map(({ origin }, index) => engineAt(`e${index}-${origin.slice(-5)}`, origin));
  try {
    const result = await readRun(startRun(engines, effects, changes));
    return {
      ...result,
      calls: upstreams.map(({ requests }) => requests.length),
      requests: upstreams.map(({ requests }) => requests),
    };
  } finally {
    await Promise.all(upstreams.map((upstream) => upstream.stop()));
  }
}

const BROKEN = cut(["The keeper counted ", "eleven ships "], BREAKS.reset);

const streamed =
  (...chunks: readonly unknown[]): Script =>
  async (exchange) => {
    await exchange.startStream();
    for (const chunk of chunks) await exchange.event(chunk);
    await BREAKS.reset(exchange);
  };

const TOOL_CALL = streamed(
  textChunk("I look. "),
  deltaChunk({
    tool_calls: [{ index: 0, id: "c", type: "function", function: { name: "f", arguments: '{"a":' } }],
  }),
);
const REFUSAL = streamed(textChunk("Well. "), deltaChunk({ refusal: "I cannot" }));
const json: Partial<ChatRequest> = { responseFormat: { type: "json_object" } };
const GOOD = answers("never asked");

describe("the error of an answer that broke off says whether to try again, and why it was not continued", () => {
  test.each<[string, readonly Script[], Partial<RunOptions>, string, boolean]>([
    ["half a tool call was sent", [TOOL_CALL, GOOD], {}, "tool_call", true],
    ["JSON was asked for", [BROKEN, GOOD], { request: aRequest(json) }, "json", true],
    ["alternatives were asked for", [BROKEN, GOOD], { request: aRequest({ n: 2 }) }, "alternatives", true],
    ["continuing is off", [BROKEN, GOOD], { recovery: false }, "disabled", true],
    ["the model itself refused", [REFUSAL, GOOD], {}, "refused", false],
    [
      "no other engine is there",
      [cut(["Half an ", "answer "], BREAKS.openRouterError)],
      {},
      "no_engine",
      true,
    ],
    ["the other engine fails", [BROKEN, fails(500)], {}, "failed", true],
    ["the other engine refuses", [BROKEN, fails(400)], {}, "failed", true],
    ["the engine alone breaks again", [BROKEN], {}, "failed", true],
  ])("%s", async (_, scripts, options, continuation, retryable) => {
    const { error, text } = await run(scripts, options);
    expect(text).not.toBe("");
    expect(error).toMatchObject({ code: "stream_interrupted", details: { continuation, retryable } });
  });
});

describe("who continues", () => {
  const rest = answers("counted eleven ships ", "and slept.");

  test.each(["reset", "close", "end"] as const)(
    "%s: the same engine, which is announced once",
    async (kind) => {
      const {
        text,
        calls,
        engines,
        run: ended,
      } = await run([inTurn(cut(["The keeper counted ", "eleven ships "], BREAKS[kind]), rest), GOOD]);
      expect(text).toBe("The keeper counted eleven ships and slept.");
      expect(calls).toEqual([2, 0]);
      expect(engines).toHaveLength(1);
      expect(ended.record.attempts.map(({ outcome }) => outcome)).toEqual([
        kind === "end" ? "truncated" : "reset",
        "answered",
      ]);
      expect(ended.record.usages).toHaveLength(2);
    },
  );

  test.each(["openRouterError", "groqError", "rateLimitError", "silence"] as const)(
    "%s: the next engine",
    async (kind) => {
      const { text, calls } = await run([cut(["The keeper counted ", "eleven ships "], BREAKS[kind]), rest]);
      expect(text).toBe("The keeper counted eleven ships and slept.");
      expect(calls).toEqual([1, 1]);
    },
  );

  test("no engine more than twice, however many break", async () => {
    const breaking = (word: string): Script =>
      inTurn(...[1, 2, 3].map((time) => cut([`${word}${time} has come, `], BREAKS.reset)));
    const { calls, error } = await run(["alpha", "beta", "gamma", "delta", "epsilon", "zeta"].map(breaking));
    expect(Math.max(...calls)).toBe(2);
    // The first call, and eight continuations.
    expect(calls.reduce((sum, count) => sum + count)).toBe(9);
    expect(error?.details).toMatchObject({ continuation: "failed" });
  });

  test("the engine is asked to repeat the last characters", async () => {
    const { requests } = await run([inTurn(BROKEN, rest)]);
    const body = requests[0]?.[1]?.text ?? "";
    expect(body).toContain("it stops at «The keeper counted eleven ships »");
  });
});
