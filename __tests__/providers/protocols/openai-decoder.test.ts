import { describe, expect, test } from "vitest";
import type { ChatEvent } from "#lib/chat/events.ts";
import { completeUsage, estimatedUsage } from "#lib/chat/usage.ts";
import { OpenAiDecoder } from "#lib/providers/protocols/openai-compatible/decode.ts";
import { foldEvents, frames, newDecoder, replay } from "../../support/replay.ts";

const chunk = (delta: unknown, rest: Record<string, unknown> = {}): unknown => ({
  choices: [{ index: 0, delta, finish_reason: null, ...rest }],
});
const finish = (reason: unknown = "stop"): unknown => ({
  choices: [{ index: 0, delta: {}, finish_reason: reason }],
});
const openAi = (...payloads: unknown[]) => replay("openai-compatible", frames(...payloads));

describe("tool calls are put together whatever the accent (row 26)", () => {
  const calls = (...fragments: unknown[]) =>
    openAi(...fragments.map((list) => chunk({ tool_calls: list })), finish("tool_calls"), "[DONE]");
  const call = (
    index: number | undefined,
    id: string | undefined,
    name: unknown,
    args: unknown,
  ): unknown => ({
    ...(index === undefined ? {} : { index }),
    ...(id === undefined ? {} : { id }),
    type: "function",
    function: {
      ...(name === undefined ? {} : { name }),
      ...(args === undefined ? {} : { arguments: args }),
    },
  });
  const weather = { id: "a", name: "weather", arguments: '{"city":"Paris"}' };
  const time = { id: "b", name: "time", arguments: '{"zone":"CET"}' };
  const twenty = [...'{"city":"Pa","x":1}'].map((character) => [call(0, undefined, undefined, character)]);

  test.each<[string, unknown[][], unknown[]]>([
    ["whole in one delta", [[call(0, "a", "weather", '{"city":"Paris"}')]], [weather]],
    [
      "in twenty fragments",
      [[call(0, "a", "weather", "")], ...twenty],
      [{ id: "a", name: "weather", arguments: '{"city":"Pa","x":1}' }],
    ],
    [
      "two in parallel, interleaved",
      [
        [call(0, "a", "weather", ""), call(1, "b", "time", "")],
        [call(0, undefined, undefined, '{"city":')],
        [call(1, undefined, undefined, '{"zone":')],
        [call(0, undefined, undefined, '"Paris"}'), call(1, undefined, undefined, '"CET"}')],
      ],
      [weather, time],
    ],
    [
      "indexes that begin at 1",
      [[call(1, "a", "weather", "")], [call(1, undefined, undefined, '{"city":"Paris"}')]],
      [weather],
    ],
    [
      "indexes with a gap, out of order",
      [[call(4, "a", "weather", '{"city":"Paris"}')], [call(2, "b", "time", '{"zone":"CET"}')]],
      [weather, time],
    ],
    [
      "no index, two whole calls",
      [[call(undefined, "a", "weather", '{"city":"Paris"}'), call(undefined, "b", "time", '{"zone":"CET"}')]],
      [weather, time],
    ],
    [
      "no index, in fragments",
      [[call(undefined, "a", "weather", '{"city":')], [call(undefined, undefined, undefined, '"Paris"}')]],
      [weather],
    ],
    [
      "no index, the id on every fragment",
      [
        [call(undefined, "a", "weather", '{"city":')],
        [call(undefined, "b", "time", '{"zone":')],
        [call(undefined, "a", "", '"Paris"}')],
        [call(undefined, "b", "", '"CET"}')],
      ],
      [weather, time],
    ],
    [
      "the same index for two calls with their own ids",
      [[call(0, "a", "weather", '{"city":"Paris"}')], [call(0, "b", "time", '{"zone":"CET"}')]],
      [weather, time],
    ],
    [
      "an id that is empty later, and a name that is",
      [[call(0, "a", "weather", '{"city":')], [call(0, "", "", '"Paris"}')]],
      [weather],
    ],
    [
      "no id at all",
      [[call(0, "", "weather", '{"city":"Paris"}')], [call(1, undefined, "time", '{"zone":"CET"}')]],
      [
        { ...weather, id: "minted-1" },
        { ...time, id: "minted-2" },
      ],
    ],
    [
      "the name after the first arguments",
      [[call(0, "a", undefined, '{"city":')], [call(0, undefined, "weather", '"Paris"}')]],
      [weather],
    ],
    ["arguments as an object", [[call(0, "a", "weather", { city: "Paris" })]], [weather]],
    ["no arguments", [[call(0, "a", "weather", undefined)]], [{ ...weather, arguments: "{}" }]],
    ["empty arguments", [[call(0, "a", "weather", "")]], [{ ...weather, arguments: "{}" }]],
    ["null arguments", [[call(0, "a", "weather", null)]], [{ ...weather, arguments: "{}" }]],
    [
      "arguments that are no JSON",
      [[call(0, "a", "weather", '{"city":"Par')]],
      [{ ...weather, arguments: '{"city":"Par' }],
    ],
    ["a call without a name is none", [[call(0, "a", undefined, "{}")]], []],
    [
      "a call without a name leaves no hole",
      [[call(0, "a", undefined, "{}"), call(1, "b", "time", '{"zone":"CET"}')]],
      [time],
    ],
    [
      "a name that comes late takes the next place",
      [
        [call(0, "a", undefined, '{"city":"Paris"}'), call(1, "b", "time", '{"zone":"CET"}')],
        [call(0, "", "weather", "")],
      ],
      [time, weather],
    ],
    ["rubbish between the calls", [[null, 7, "x", call(0, "a", "weather", '{"city":"Paris"}')]], [weather]],
    [
      "a custom tool",
      [[{ index: 0, id: "a", type: "custom", custom: { name: "sql", input: "SELECT 1" } }]],
      [{ id: "a", name: "sql", arguments: "SELECT 1", custom: true }],
    ],
  ])("%s", (_name, fragments, expected) => {
    expect(calls(...fragments).toolCalls).toEqual(expected);
  });

  test("the old function_call is a tool call", () => {
    const answer = openAi(
      chunk({ function_call: { name: "weather", arguments: '{"city":' } }),
      chunk({ function_call: { arguments: '"Paris"}' } }),
      finish("function_call"),
    );
    expect(answer.toolCalls).toEqual([{ ...weather, id: "minted-1" }]);
    expect(answer.finish).toEqual({ reason: "tool_calls", native: "function_call" });
  });

  test("a call whose name never came does not make text a tool call", () => {
    const answer = openAi(
      chunk({ content: "so" }),
      chunk({ tool_calls: [call(0, "a", undefined, "{}")] }),
      finish("stop"),
    );
    expect(answer).toMatchObject({ text: "so", toolCalls: [], finish: { reason: "stop" } });
    expect(openAi(chunk({ tool_calls: [call(0, "a", "", "{}")] }), "[DONE]").finish).toBeUndefined();
  });

  test("a tool call that finishes with stop still finishes as a tool call", () => {
    const answer = openAi(chunk({ tool_calls: [call(0, "a", "weather", "{}")] }), finish("stop"));
    expect(answer.finish).toEqual({ reason: "tool_calls", native: "stop" });
  });
});

describe("usage (row 27)", () => {
  const text = chunk({ content: "hi" });
  const usage = (prompt: unknown, completion: unknown, more: Record<string, unknown> = {}) => ({
    prompt_tokens: prompt,
    completion_tokens: completion,
    ...more,
  });
  const exact = { promptTokens: 11, completionTokens: 7, source: "exact" };

  test.each<[string, unknown[], unknown]>([
    ["on a chunk without choices", [text, finish(), { choices: [], usage: usage(11, 7) }], exact],
    ["on the finish chunk", [text, { ...(finish() as object), usage: usage(11, 7) }], exact],
    ["inside the choice", [text, chunk({}, { finish_reason: "stop", usage: usage(11, 7) })], exact],
    ["under x_groq only", [text, { ...(finish() as object), x_groq: { usage: usage(11, 7) } }], exact],
    [
      "on every chunk, growing",
      [
        { ...(text as object), usage: usage(11, 1) },
        { ...(finish() as object), usage: usage(11, 7) },
      ],
      exact,
    ],
    [
      "said twice",
      [finish(), { choices: [], usage: usage(11, 7) }, { choices: [], usage: usage(11, 7) }],
      exact,
    ],
    [
      "null later",
      [
        { ...(text as object), usage: usage(11, 7) },
        { ...(finish() as object), usage: null },
      ],
      exact,
    ],
    [
      "nonsense later",
      [
        { choices: [], usage: usage(11, 7) },
        { choices: [], usage: usage(-1, 1e18) },
      ],
      exact,
    ],
    [
      "empty later",
      [
        { choices: [], usage: usage(11, 7) },
        { choices: [], usage: {} },
      ],
      exact,
    ],
    [
      "zero",
      [finish(), { choices: [], usage: usage(11, 0) }],
      { promptTokens: 11, completionTokens: 0, source: "exact" },
    ],
    ["beside an error", [{ error: { code: 400, message: "no" }, choices: [], usage: usage(11, 7) }], exact],
    ["missing", [text, finish()], undefined],
    ["null", [text, { ...(finish() as object), usage: null }], undefined],
    ["negative", [text, { choices: [], usage: usage(-5, -7) }], undefined],
    ["absurd", [text, { choices: [], usage: usage(1e18, 1e18) }], undefined],
    ["words", [text, { choices: [], usage: usage("11", "7") }], undefined],
    [
      "half negative",
      [text, { choices: [], usage: usage(-5, 7) }],
      { completionTokens: 7, source: "estimated" },
    ],
    [
      "half absurd",
      [text, { choices: [], usage: usage(11, 1e18) }],
      { promptTokens: 11, source: "estimated" },
    ],
    [
      "half missing",
      [text, { choices: [], usage: { prompt_tokens: 11 } }],
      { promptTokens: 11, source: "estimated" },
    ],
    [
      "half of it first, all of it later",
      [
        { choices: [], usage: { prompt_tokens: 3 } },
        { choices: [], usage: usage(11, 7) },
      ],
      exact,
    ],
    [
      "cached tokens",
      [{ choices: [], usage: usage(11, 7, { prompt_tokens_details: { cached_tokens: 8 } }) }],
      { ...exact, cachedTokens: 8 },
    ],
    [
      "cached tokens, DeepSeek's",
      [{ choices: [], usage: usage(11, 7, { prompt_cache_hit_tokens: 8 }) }],
      { ...exact, cachedTokens: 8 },
    ],
    [
      "cached tokens, Mistral's older",
      [{ choices: [], usage: usage(11, 7, { num_cached_tokens: 8 }) }],
      { ...exact, cachedTokens: 8 },
    ],
    [
      "more cached than asked",
      [{ choices: [], usage: usage(11, 7, { prompt_tokens_details: { cached_tokens: 900 } }) }],
      { ...exact, cachedTokens: 11 },
    ],
    [
      "reasoning within the completion",
      [
        {
          choices: [],
          usage: usage(11, 7, { total_tokens: 18, completion_tokens_details: { reasoning_tokens: 5 } }),
        },
      ],
      { ...exact, reasoningTokens: 5 },
    ],
    [
      "reasoning beside the completion, xAI's",
      [
        {
          choices: [],
          usage: usage(11, 2, { total_tokens: 18, completion_tokens_details: { reasoning_tokens: 5 } }),
        },
      ],
      { ...exact, reasoningTokens: 5 },
    ],
    ["a price", [{ choices: [], usage: usage(11, 7, { cost: 0.25 }) }], { ...exact, reportedCostUsd: 0.25 }],
    ["no price below nothing", [{ choices: [], usage: usage(11, 7, { cost: -3 }) }], exact],
  ])("%s", (_name, payloads, expected) => {
    const read = openAi(...payloads).usage;
    if (expected === undefined) expect(read).toBeUndefined();
    else expect(read).toMatchObject(expected as object);
    expect(read?.reportedCostUsd ?? 0).toBeGreaterThanOrEqual(0);
  });
});

describe("usage that is half there", () => {
  const half = (usage: unknown) => openAi(chunk({ content: "hi" }), finish(), { choices: [], usage }).usage;

  test("says which half, so that the caller can estimate it", () => {
    const estimate = estimatedUsage(100, 20);
    const prompt = half({ prompt_tokens: 11 });
    const completion = half({ completion_tokens: 7, prompt_tokens_details: { cached_tokens: 5 } });
    expect(prompt).toMatchObject({ promptTokens: 11, missing: "completion" });
    expect(completion).toMatchObject({ completionTokens: 7, cachedTokens: 5, missing: "prompt" });
    expect(prompt === undefined ? undefined : completeUsage(prompt, estimate)).toEqual({
      ...estimate,
      promptTokens: 11,
    });
    expect(completion === undefined ? undefined : completeUsage(completion, estimate)).toEqual({
      ...estimate,
      completionTokens: 7,
      cachedTokens: 5,
    });
  });

  test("never falls below what its parts say", () => {
    const usage = half({ completion_tokens: 7, prompt_tokens_details: { cached_tokens: 500 } });
    expect(usage === undefined ? undefined : completeUsage(usage, estimatedUsage(1, 1)).promptTokens).toBe(
      500,
    );
    expect(
      half({ prompt_tokens: 3, completion_tokens_details: { reasoning_tokens: 9 } })?.completionTokens,
    ).toBe(9);
  });

  test("exact usage is unchanged", () => {
    const exact = half({ prompt_tokens: 11, completion_tokens: 0 });
    expect(exact).not.toHaveProperty("missing");
    expect(exact === undefined ? undefined : completeUsage(exact, estimatedUsage(100, 20))).toBe(exact);
  });

  test("a price is believed only from a provider that is known to tell it", () => {
    const decoder = new OpenAiDecoder({
      header: () => undefined,
      wallNow: 0,
      secrets: [],
      newId: () => "id",
      issuer: "tested",
    });
    decoder.push('{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0}}', undefined, []);
    expect(decoder.usage).toMatchObject({ promptTokens: 1, completionTokens: 1, source: "exact" });
    expect(decoder.usage).not.toHaveProperty("reportedCostUsd");
  });
});

describe("logprobs stay with their text", () => {
  const logprobs = (...tokens: string[]) => ({ content: tokens.map((token) => ({ token, logprob: -1 })) });
  const texts = (...payloads: unknown[]): unknown[] => {
    const decoder = newDecoder("openai-compatible");
    const out: ChatEvent[] = [];
    for (const { data } of frames(...payloads)) decoder.push(data, undefined, out);
    decoder.end(out);
    return out.filter((event) => event.type !== "finish");
  };
  const say = (content: string, tokens: string[]): unknown =>
    chunk({ content }, { logprobs: logprobs(...tokens) });

  test("when a tag's beginning is held", () => {
    expect(texts(say("<", ["<"]), say("b>", ["b", ">"]), say("!", ["!"]), finish())).toEqual([
      { type: "text", text: "<b>", logprobs: logprobs("<", "b", ">") },
      { type: "text", text: "!", logprobs: logprobs("!") },
    ]);
  });

  test("when half an emoji is held", () => {
    expect(texts(say("a\ud83d", ["a", "x"]), say("\ude00", ["y"]), finish())).toEqual([
      { type: "text", text: "a", logprobs: logprobs("a", "x") },
      { type: "text", text: "😀", logprobs: logprobs("y") },
    ]);
    expect(texts(say("\ud83d", ["x"]), say("\ude00", ["y"]), finish())).toEqual([
      { type: "text", text: "😀", logprobs: logprobs("x", "y") },
    ]);
  });

  test("when the answer ends before the rest comes", () => {
    expect(texts(say("<th", ["<", "th"]), finish())).toEqual([
      { type: "text", text: "<th", logprobs: logprobs("<", "th") },
    ]);
  });

  test("when the text that follows has none of its own", () => {
    expect(texts(say("<", ["<"]), chunk({ content: "b" }), finish())).toEqual([
      { type: "text", text: "<b", logprobs: logprobs("<") },
    ]);
  });

  test("those of reasoning are not the answer's", () => {
    const deltas = ["<think>", "why", "</think>", "so"].map((text) => say(text, [text]));
    expect(texts(...deltas, finish())).toEqual([
      { type: "reasoning", text: "why" },
      { type: "text", text: "so", logprobs: logprobs("so") },
    ]);
  });
});

describe("chunks that differ in nothing but their text", () => {
  const plain = (content: unknown, more: Record<string, unknown> = {}) =>
    chunk({ role: "assistant", content }, { logprobs: null, ...more });

  test.each<[string, unknown[], string]>([
    ["plain", ["a", "b", "c"], "abc"],
    ["with escapes", ['"', "\\", '\\"', "\n\u2028", '","content":"x'], '"\\\\"\n\u2028","content":"x'],
    ["with empty ones", ["", "a", "", "", "b"], "ab"],
    [
      "with the key in the text",
      ['{"content":"x"}', '{"content":"y"}', "z"],
      '{"content":"x"}{"content":"y"}z',
    ],
    ["with what is no text between", ["a", null, "b", 7, "c", ["d"], "e"], "abcde"],
    ["with a split emoji", ["a", "\ud83d", "\ude00", "b"], "a😀b"],
    ["a think block", ["<thi", "nk>w", "</think>", "s", "o"], "so"],
  ])("%s", (_name, contents, expected) => {
    for (const space of [0, 1]) {
      const messages = [...contents.map((content) => plain(content)), finish(), "[DONE]"].map((payload) => ({
        data: typeof payload === "string" ? payload : JSON.stringify(payload, null, space),
      }));
      expect(replay("openai-compatible", messages)).toMatchObject({ text: expected, malformed: 0 });
    }
  });

  test.each<[string, string]>([
    ["another field inside", '"b","refusal":"no'],
    ["no string", "7"],
    ["not closed", '"b'],
    ["two strings", '"b","c"'],
    ["white space", ' "b" '],
    ["a raw line end", '"b\nc"'],
  ])("a chunk that only begins and ends alike is read as what it is: %s", (_name, value) => {
    const of = (content: string): string =>
      `{"choices":[{"index":0,"delta":{"content":${content}},"finish_reason":null}]}`;
    const good = [of('"a"'), of('"a"'), of('"a"')];
    const fresh = replay("openai-compatible", frames(of(value), finish()));
    const learnt = replay("openai-compatible", frames(...good, of(value), finish()));
    expect([learnt.text, learnt.refusal, learnt.malformed]).toEqual([
      `aaa${fresh.text}`,
      fresh.refusal,
      fresh.malformed,
    ]);
  });

  test("a key that comes twice is read as JSON reads it", () => {
    const twice = (first: string, last: string): string =>
      `{"choices":[{"index":0,"delta":{"content":"${first}","content":"${last}"},"finish_reason":null}]}`;
    expect(openAi(twice("a", "b"), twice("c", "b"), twice("d", "e"), finish()).text).toBe("bbe");
  });

  test("a chunk of megabytes is no trouble, first or later", () => {
    const long = 'x"\\\\'.repeat(1_000_000);
    expect(
      openAi(plain(long), plain("a"), plain("b"), plain(long), finish()).text === `${long}ab${long}`,
    ).toBe(true);
  });

  test("an error event is an error, however plain its data", () => {
    const data = JSON.stringify(plain("a"));
    const messages = [{ data }, { data }, { data, event: "error" }];
    expect(replay("openai-compatible", messages).failure?.kind).toBe("server_error");
  });

  test("alternatives in turn keep their text apart", () => {
    const at = (index: number, content: string): unknown => chunk({ content }, { index });
    const decoder = newDecoder("openai-compatible");
    const out: ChatEvent[] = [];
    for (const { data } of frames(at(0, "a"), at(1, "x"), at(0, "b"), at(1, "y"), at(0, "c")))
      decoder.push(data, undefined, out);
    const said = (choice: number): string =>
      out
        .map((event) => (event.type === "text" && (event.choice ?? 0) === choice ? event.text : ""))
        .join("");
    expect([said(0), said(1)]).toEqual(["abc", "xy"]);
  });
});

describe("finish reasons and holes (row 28)", () => {
  test.each<[unknown, string]>([
    ["stop", "stop"],
    ["eos", "stop"],
    ["COMPLETE", "stop"],
    ["length", "length"],
    ["MAX_TOKENS", "length"],
    ["model_length", "length"],
    ["content_filter", "content_filter"],
    ["constructor", "other"],
    ["__proto__", "other"],
    ["toString", "other"],
  ])("%s", (native, reason) => {
    expect(openAi(chunk({ content: "hi" }), finish(native)).finish).toEqual({ reason, native });
  });

  test.each<[string, unknown]>([
    ["choices empty", { choices: [] }],
    ["choices null", { choices: null }],
    ["choices missing", { id: "x" }],
    ["choices an object", { choices: {} }],
    ["a choice null", { choices: [null, 3] }],
    ["delta null", { choices: [{ index: 0, delta: null }] }],
    ["delta missing", { choices: [{ index: 0 }] }],
    ["content null", chunk({ content: null })],
    ["content a number", chunk({ content: 7 })],
    ["content a list of holes", chunk({ content: [null, 7, {}, { type: "thinking" }, { type: "text" }] })],
    ["tool_calls null", chunk({ tool_calls: null })],
    ["reasoning an object", chunk({ reasoning: { effort: "low" } })],
    ["an index that is none", { choices: [{ index: "0", delta: { content: "" } }] }],
    ["finish_reason an object", chunk({}, { finish_reason: {} })],
    ["error null", { error: null, choices: [] }],
    ["error empty", { error: "", choices: [] }],
    ["no JSON", "{not json"],
    ["a bare string", '"hello"'],
    ["an empty frame", ""],
    ["HTML", "<html>502</html>"],
  ])("%s does not disturb the answer", (_name, hole) => {
    const answer = openAi(
      hole,
      chunk({ content: "a" }),
      hole,
      chunk({ content: "b" }),
      finish(),
      hole,
      "[DONE]",
    );
    expect(answer.failure).toBeUndefined();
    expect(answer.text).toBe("ab");
    expect(answer.finish).toEqual({ reason: "stop", native: "stop" });
  });

  test("frames that are no JSON are counted", () => {
    expect(openAi("{", chunk({ content: "a" }), "<p>", finish()).malformed).toBe(2);
  });

  test("a later null does not take the finish reason back", () => {
    expect(openAi(finish("length"), finish(null)).finish?.reason).toBe("length");
  });

  test("an end mark without a finish reason is a stop, when there was an answer", () => {
    expect(openAi(chunk({ content: "a" }), "[DONE]").finish).toEqual({ reason: "stop", native: "stop" });
    expect(openAi("[DONE]").finish).toBeUndefined();
  });

  test("an end without finish reason and end mark is no finish", () => {
    expect(openAi(chunk({ content: "a" })).finish).toBeUndefined();
  });

  test("finished and done are distinguished", () => {
    const decoder = newDecoder("openai-compatible");
    const out: ChatEvent[] = [];
    decoder.push(JSON.stringify(chunk({ content: "a" })), undefined, out);
    expect([decoder.finished, decoder.done]).toEqual([false, false]);
    decoder.push(JSON.stringify(finish()), undefined, out);
    expect([decoder.finished, decoder.done]).toEqual([true, false]);
    decoder.push("[DONE]", undefined, out);
    expect([decoder.finished, decoder.done]).toEqual([true, true]);
  });

  test("alternatives are kept apart, and each finishes", () => {
    const decoder = newDecoder("openai-compatible");
    const out: ChatEvent[] = [];
    const at = (index: number, delta: unknown, reason: string | null = null): string =>
      JSON.stringify({ choices: [{ index, delta, finish_reason: reason }] });
    for (const data of [
      at(1, { content: "<think>x" }),
      at(0, { content: "a" }),
      at(1, { content: "</think>b" }),
      at(0, {}, "stop"),
    ]) {
      decoder.push(data, undefined, out);
    }
    expect(decoder.finished).toBe(false);
    decoder.push(at(1, {}, "length"), undefined, out);
    expect(decoder.finished).toBe(true);
    decoder.end(out);
    expect(out.filter((event) => "choice" in event && event.choice === 1)).toEqual([
      { type: "reasoning", text: "x", choice: 1 },
      { type: "text", text: "b", choice: 1 },
      { type: "finish", reason: "length", native: "length", choice: 1 },
    ]);
    expect(foldEvents(out.filter((event) => !("choice" in event))).text).toBe("a");
  });
});

describe("content is passed on verbatim (row 24)", () => {
  test.each([
    ["an end mark", "say [DONE] please\n[DONE]"],
    ["a frame", "data: {}\n\ndata: [DONE]\n\n"],
    ["a closing think tag", "so </think> on"],
    ["a think block inside the answer", "as in <think>x</think>"],
    ["NUL", "a\u0000b"],
    ["line and paragraph separators", "a\u2028b\u2029c"],
    ["an escaped newline and a real one", "a\\nb\nc\r\nd"],
    ["emoji, ZWJ, ZWNJ", "👩‍🚀 می‌خواهم 1️⃣"],
    ["40 000 characters", "x😀".repeat(20_000)],
    ["white space only", " \n\t "],
    ["HTML and quotes", `<b>"'&amp;`],
  ])("%s", (_name, content) => {
    expect(openAi(chunk({ content }), finish(), "[DONE]").text).toBe(content);
  });

  test("an emoji cut between two deltas is one emoji", () => {
    const answer = openAi(chunk({ content: "a\ud83d" }), chunk({ content: "\ude00b" }), finish());
    expect(answer.text).toBe("a😀b");
  });

  test("half an emoji is U+FFFD, once", () => {
    expect(openAi(chunk({ content: "a\ud83d" }), chunk({ content: "b" }), finish()).text).toBe("a\ufffdb");
    expect(openAi(chunk({ content: "a\ud83d" }), finish()).text).toBe("a\ufffd");
  });
});

describe("reasoning is separated (row 25)", () => {
  test.each<[string, unknown[], { text: string; reasoning: string }]>([
    ["reasoning", [{ reasoning: "why" }, { content: "so" }], { text: "so", reasoning: "why" }],
    [
      "reasoning_content",
      [{ reasoning_content: "why" }, { content: "so" }],
      { text: "so", reasoning: "why" },
    ],
    [
      "both, the first empty",
      [{ reasoning: "", reasoning_content: "why", content: "so" }],
      { text: "so", reasoning: "why" },
    ],
    [
      "both, the first null",
      [{ reasoning: null, reasoning_content: "why", content: "so" }],
      { text: "so", reasoning: "why" },
    ],
    [
      "both, the same",
      [{ reasoning: "why", reasoning_content: "why", content: "so" }],
      { text: "so", reasoning: "why" },
    ],
    [
      "Mistral's parts",
      [
        {
          content: [
            { type: "thinking", thinking: [{ type: "text", text: "why" }] },
            { type: "text", text: "so" },
          ],
        },
      ],
      { text: "so", reasoning: "why" },
    ],
    [
      "Mistral's parts, the thinking a string",
      [{ content: [{ type: "thinking", thinking: "why" }] }, { content: "so" }],
      { text: "so", reasoning: "why" },
    ],
    ["tags", [{ content: "<think>why</think>so" }], { text: "so", reasoning: "why" }],
    [
      "tags once the provider separates by itself are text",
      [{ reasoning: "why" }, { content: "<think>so</think>" }],
      { text: "<think>so</think>", reasoning: "why" },
    ],
    [
      "held white space is not lost when reasoning follows",
      [{ content: " <th" }, { reasoning: "why" }, { content: "so" }],
      { text: " <thso", reasoning: "why" },
    ],
  ])("%s", (_name, deltas, expected) => {
    expect(openAi(...deltas.map((delta) => chunk(delta)), finish(), "[DONE]")).toMatchObject(expected);
  });

  test("a think block may be cut at any character", () => {
    const whole = "<think>why</think>so";
    for (let place = 1; place < whole.length; place++) {
      const answer = openAi(
        chunk({ content: whole.slice(0, place) }),
        chunk({ content: whole.slice(place) }),
        finish(),
      );
      expect(answer, `cut at ${place}`).toMatchObject({ text: "so", reasoning: "why" });
    }
  });

  test("only details that cannot be rebuilt are kept: signatures and encrypted reasoning", () => {
    const details = [
      { type: "reasoning.text", text: "why" },
      { type: "reasoning.text", text: "", signature: "" },
      { type: "reasoning.text", signature: "sig" },
      { type: "reasoning.encrypted", data: "secret" },
      null,
    ];
    expect(openAi(chunk({ reasoning: "why", reasoning_details: details }), finish()).signatures).toEqual([
      { issuer: "tested", value: details[2] },
      { issuer: "tested", value: details[3] },
    ]);
  });
});

test("sources are named once each (url_citation)", () => {
  const cite = (url: string, title?: string): unknown => ({
    type: "url_citation",
    url_citation: { url, ...(title === undefined ? {} : { title }) },
  });
  const answer = openAi(
    chunk({ content: "so", annotations: [cite("https://a.example", "A"), cite("https://b.example")] }),
    chunk({ annotations: [cite("https://a.example", "A"), null, { type: "file" }] }),
    finish(),
  );
  expect(answer.sources).toEqual([{ title: "A", uri: "https://a.example" }, { uri: "https://b.example" }]);
});

test("a refusal is separate from the answer", () => {
  expect(openAi(chunk({ refusal: "I cannot " }), chunk({ refusal: "do that." }), finish())).toMatchObject({
    text: "",
    refusal: "I cannot do that.",
  });
});

describe("errors inside a 200 (row 12)", () => {
  test.each<[string, unknown, string | undefined, string]>([
    ["OpenAI's object", { error: { message: "m", type: "server_error" } }, undefined, "server_error"],
    [
      "Groq's event",
      { error: { message: "m", code: "tool_use_failed", status_code: 400 } },
      "error",
      "refused",
    ],
    ["Groq's word in x_groq", { choices: [], x_groq: { error: "over capacity" } }, undefined, "server_error"],
    ["OpenRouter's number", { error: { code: 429, message: "m" }, choices: [] }, undefined, "rate_limited"],
    ["OpenRouter's text number", { error: { code: "502", message: "m" } }, undefined, "server_error"],
    [
      "Cerebras', the status beside it",
      { error: { message: "m" }, status_code: 429 },
      undefined,
      "rate_limited",
    ],
    ["Gemini's list", [{ error: { code: 404, message: "m", status: "NOT_FOUND" } }], undefined, "model_gone"],
    ["a bare word", { error: "model overloaded" }, undefined, "server_error"],
    [
      "Mistral's object",
      { object: "error", message: "m", type: "invalid_request_error" },
      undefined,
      "refused",
    ],
    ["an error event without a shape", { detail: "m" }, "error", "server_error"],
    [
      "a word that every object knows",
      { error: { message: "m", code: "constructor" } },
      undefined,
      "server_error",
    ],
    [
      "finish_reason error",
      { choices: [{ index: 0, delta: {}, finish_reason: "error" }] },
      undefined,
      "server_error",
    ],
  ])("%s", (_name, payload, event, kind) => {
    const messages = [
      { data: JSON.stringify(chunk({ content: "a" })) },
      { data: JSON.stringify(payload), event },
    ];
    expect(replay("openai-compatible", messages).failure?.kind).toBe(kind);
  });

  test("lists in lists are no error, and no danger", () => {
    const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    expect(openAi(deep, chunk({ content: "a" }), finish())).toMatchObject({ text: "a", failure: undefined });
    expect(openAi(`{"error":{"message":${deep}}}`).failure?.kind).toBe("server_error");
  });
});

describe("the stop sequence that ended an answer", () => {
  const stopped = (reason: unknown, rest: Record<string, unknown>) => {
    const last = { choices: [{ index: 0, delta: {}, finish_reason: reason, ...rest }] };
    const decoder = newDecoder("openai-compatible");
    const out: ChatEvent[] = [];
    for (const data of [chunk({ content: "a" }), last]) decoder.push(JSON.stringify(data), undefined, out);
    decoder.end(out);
    return out.at(-1);
  };

  test.each([
    ["vLLM", { stop_reason: "END" }],
    ["SGLang", { matched_stop: "END" }],
  ])("is told as %s does", (_engine, rest) => {
    expect(stopped("stop", rest)).toEqual({
      type: "finish",
      reason: "stop",
      native: "stop",
      stopSequence: "END",
    });
  });

  test.each([
    ["a token of the model's", "stop", { stop_reason: 128_009 }],
    ["nothing", "stop", { stop_reason: null, matched_stop: "" }],
    ["the end of the room", "length", { stop_reason: "END" }],
  ])("is not %s", (_what, reason, rest) => {
    expect(stopped(reason, rest)).toEqual({ type: "finish", reason, native: reason });
  });
});
