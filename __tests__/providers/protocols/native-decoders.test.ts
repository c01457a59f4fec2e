import { describe, expect, test } from "vitest";
import type { ChatEvent } from "#lib/chat/events.ts";
import { frames, newDecoder, replay } from "../../support/replay.ts";

const anthropic = (...payloads: unknown[]) => replay("anthropic", frames(...payloads));
const gemini = (...payloads: unknown[]) => replay("gemini", frames(...payloads));

describe("Anthropic", () => {
  const start = (usage: unknown = { input_tokens: 5, output_tokens: 1 }) => ({
    type: "message_start",
    message: { usage },
  });
  const text = (value: string) => ({
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: value },
  });
  const stop = (reason: string | null, more: Record<string, unknown> = {}) => ({
    type: "message_delta",
    delta: { stop_reason: reason, ...more },
    usage: { output_tokens: 7 },
  });
  const end = { type: "message_stop" };

  test.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["tool_use", "stop"],
    ["refusal", "content_filter"],
    ["pause_turn", "length"],
    ["compaction", "length"],
    ["constructor", "other"],
  ])("stop_reason %s finishes as %s", (native, reason) => {
    expect(anthropic(start(), text("a"), stop(native), end).finish).toEqual({ reason, native });
  });

  test.each([
    ["overloaded_error", "server_error"],
    ["rate_limit_error", "rate_limited"],
    ["authentication_error", "key_rejected"],
    ["billing_error", "account"],
    ["permission_error", "key_rejected"],
    ["invalid_request_error", "refused"],
    ["request_too_large", "context_length"],
    ["api_error", "server_error"],
    ["a_new_error", "server_error"],
  ])("an error event of type %s is %s", (type, kind) => {
    const error = { type: "error", error: { type, message: "m" } };
    expect(anthropic(start(), text("a"), error)).toMatchObject({ text: "a", failure: { kind } });
  });

  test("pings, unknown events, unknown blocks and holes are passed over", () => {
    const odd = [
      { type: "ping" },
      { type: "new_event" },
      { type: "content_block_start", index: 9, content_block: null },
    ];
    const odder = [
      { type: "content_block_delta", index: 0, delta: null },
      { type: "content_block_delta" },
      {},
      [],
    ];
    const answer = anthropic(...odd, start(), text("a"), ...odder, text("b"), stop("end_turn"), end);
    expect(answer).toMatchObject({ text: "ab", failure: undefined, malformed: 1 });
  });

  test("no message_delta is no finish", () => {
    expect(anthropic(start(), text("a")).finish).toBeUndefined();
    expect(anthropic(start(), text("a"), stop(null)).finish).toBeUndefined();
  });

  test("the whole prompt is what was read, written and cached together", () => {
    const usage = {
      input_tokens: 4,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 20,
      output_tokens: 1,
    };
    expect(anthropic(start(usage), stop("end_turn")).usage).toMatchObject({
      promptTokens: 124,
      completionTokens: 7,
      cachedTokens: 100,
      cacheWriteTokens: 20,
      source: "exact",
    });
  });

  test.each([-1, 1e18, null, "5", Number.NaN])("an impossible count (%s) does not undo a good one", (bad) => {
    const later = { type: "message_delta", delta: {}, usage: { input_tokens: bad, output_tokens: bad } };
    expect(anthropic(start(), stop("end_turn"), later).usage).toMatchObject({
      promptTokens: 5,
      completionTokens: 7,
    });
  });

  describe("blocks that pass unread (W5)", () => {
    const opens = (index: number, content_block: unknown): unknown => ({
      type: "content_block_start",
      index,
      content_block,
    });
    const adds = (index: number, delta: unknown): unknown => ({ type: "content_block_delta", index, delta });
    const closes = (index: number): unknown => ({ type: "content_block_stop", index });
    const eventsOf = (...payloads: unknown[]): ChatEvent[] => {
      const decoder = newDecoder("anthropic");
      const out: ChatEvent[] = [];
      for (const payload of payloads) decoder.push(JSON.stringify(payload), undefined, out);
      decoder.end(out);
      return out;
    };
    const blockEvent = (value: unknown): unknown => ({ type: "block", dialect: "anthropic", value });

    test("the input of a provider-run tool is folded into its block, in its place", () => {
      const use = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} };
      const events = eventsOf(
        start(),
        text("Let me look."),
        opens(1, use),
        adds(1, { type: "input_json_delta", partial_json: '{"query":' }),
        adds(1, { type: "input_json_delta", partial_json: '"x"}' }),
        closes(1),
        stop("pause_turn"),
        end,
      );
      expect(events).toEqual([
        { type: "text", text: "Let me look." },
        blockEvent({ ...use, input: { query: "x" } }),
        { type: "finish", reason: "length", native: "pause_turn" },
      ]);
    });

    test.each([
      "web_search_tool_result",
      "web_fetch_tool_result",
      "code_execution_tool_result",
      "bash_code_execution_tool_result",
      "text_editor_code_execution_tool_result",
      "tool_search_tool_result",
      "mcp_tool_result",
      "container_upload",
      "a_new_block",
    ])("%s passes whole, streamed and not", (type) => {
      const value = {
        type,
        tool_use_id: "srvtoolu_1",
        content: [{ type: "x", nested: { a: [1, null] } }],
        is_error: false,
      };
      expect(eventsOf(start(), opens(0, value), closes(0), stop("end_turn"), end)[0]).toEqual(
        blockEvent(value),
      );
      const whole = { type: "message", content: [value], stop_reason: "end_turn", usage: {} };
      expect(eventsOf(whole)[0]).toEqual(blockEvent(value));
    });

    test("the text of a block that grows by deltas is folded", () => {
      const events = eventsOf(
        start(),
        opens(0, { type: "compaction", content: null }),
        adds(0, { type: "compaction_delta", content: "Summary " }),
        adds(0, { type: "compaction_delta", content: "so far." }),
        closes(0),
        stop("compaction"),
        end,
      );
      expect(events[0]).toEqual(blockEvent({ type: "compaction", content: "Summary so far." }));
      expect(events.at(-1)).toMatchObject({ reason: "length", native: "compaction" });
    });

    test("how often provider-run tools ran is kept", () => {
      const counted = { input_tokens: 1, output_tokens: 1, server_tool_use: { web_search_requests: 2 } };
      expect(anthropic(start(), text("a"), { ...stop("end_turn"), usage: counted }, end).usage).toMatchObject(
        {
          serverToolUse: { web_search_requests: 2 },
        },
      );
    });
  });

  test("a refusal without content says why", () => {
    const decoder = newDecoder("anthropic");
    const out: ChatEvent[] = [];
    const payload = stop("refusal", { stop_details: { category: "cyber", explanation: "Not this." } });
    decoder.push(JSON.stringify(payload), "message_delta", out);
    expect(decoder.refusalReason).toBe("Not this.");
  });

  test("a call restarted with different arguments counts as truncated", () => {
    const open = {
      type: "content_block_start",
      index: 0,
      content_block: { type: "tool_use", id: "a", name: "f", input: {} },
    };
    const args = (json: string) => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "input_json_delta", partial_json: json },
    });
    expect(anthropic(start(), open, args('{"a":1'), start(), open, args('{"b":1}')).failure?.kind).toBe(
      "truncated",
    );
  });

  test("a completed call is not mistaken for the next one of its name", () => {
    const open = (index: number, id: string) => ({
      type: "content_block_start",
      index,
      content_block: { type: "tool_use", id, name: "f", input: {} },
    });
    const args = (index: number, json: string) => ({
      type: "content_block_delta",
      index,
      delta: { type: "input_json_delta", partial_json: json },
    });
    const close = (index: number) => ({ type: "content_block_stop", index });
    const answer = anthropic(
      start(),
      open(0, "a"),
      args(0, '{"x":1}'),
      close(0),
      start(),
      open(0, "b"),
      args(0, '{"x":2}'),
      close(0),
      stop("tool_use"),
    );
    expect(answer.toolCalls.map((call) => [call.id, call.arguments])).toEqual([
      ["a", '{"x":1}'],
      ["b", '{"x":2}'],
    ]);
  });

  test("a source that is cited twice is named once", () => {
    const cite = {
      type: "content_block_delta",
      index: 0,
      delta: { type: "citations_delta", citation: { url: "https://a.example", title: "A" } },
    };
    expect(anthropic(start(), cite, text("a"), cite, stop("end_turn")).sources).toEqual([
      { uri: "https://a.example", title: "A" },
    ]);
  });

  test("signatures carry their issuer", () => {
    const signature = {
      type: "content_block_delta",
      index: 0,
      delta: { type: "signature_delta", signature: "sig" },
    };
    expect(replay("anthropic", frames(start(), signature), "anthropic").signatures).toEqual([
      { issuer: "anthropic", value: "sig" },
    ]);
  });
});

describe("Gemini", () => {
  const part = (value: unknown, finishReason?: string, more: Record<string, unknown> = {}) => ({
    candidates: [
      { content: { parts: [value] }, ...(finishReason === undefined ? {} : { finishReason }), ...more },
    ],
  });

  test.each([
    ["STOP", "stop"],
    ["MAX_TOKENS", "length"],
    ["SAFETY", "content_filter"],
    ["RECITATION", "content_filter"],
    ["PROHIBITED_CONTENT", "content_filter"],
    ["SPII", "content_filter"],
    ["LANGUAGE", "content_filter"],
    ["BLOCKLIST", "content_filter"],
    ["MODEL_ARMOR", "content_filter"],
    ["IMAGE_SAFETY", "content_filter"],
    ["IMAGE_PROHIBITED_CONTENT", "content_filter"],
    ["IMAGE_RECITATION", "content_filter"],
    ["IMAGE_OTHER", "content_filter"],
    ["NO_IMAGE", "content_filter"],
    ["OTHER", "content_filter"],
    ["A_NEW_REASON", "content_filter"],
    ["constructor", "content_filter"],
  ])("finishReason %s finishes as %s", (native, reason) => {
    expect(gemini(part({ text: "a" }, native)).finish).toEqual({ reason, native });
  });

  test("answers with calls finish with STOP and are recognised by the calls", () => {
    const answer = gemini(
      part({ functionCall: { name: "f", args: { x: 1 } } }, "STOP", {
        finishMessage: "Model generated function call(s).",
      }),
    );
    expect(answer.finish).toEqual({ reason: "tool_calls", native: "STOP" });
    expect(answer.toolCalls).toEqual([{ id: "minted-1", name: "f", arguments: '{"x":1}' }]);
  });

  test.each(["OTHER", "IMAGE_OTHER", "NO_IMAGE", "A_NEW_REASON"])(
    "%s without content is no answer",
    (native) => {
      expect(gemini(part({ text: "" }, native)).finish?.reason).toBe("other");
    },
  );

  test.each([
    "MALFORMED_FUNCTION_CALL",
    "MALFORMED_RESPONSE",
    "MISSING_THOUGHT_SIGNATURE",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
  ])("%s is no answer, and behind text the answer broke off", (native) => {
    expect(gemini(part({ text: "" }, native)).failure?.kind).toBe("no_answer");
    expect(gemini(part({ text: "a" }), part({ text: "" }, native))).toMatchObject({
      text: "a",
      finish: undefined,
      failure: { kind: "no_answer" },
    });
  });

  test("a blocked prompt is declined, with the reason", () => {
    const decoder = newDecoder("gemini");
    const out: ChatEvent[] = [];
    decoder.push(JSON.stringify({ promptFeedback: { blockReason: "SAFETY" } }), undefined, out);
    decoder.end(out);
    expect(decoder.refusalReason).toContain("SAFETY");
    expect(out).toEqual([{ type: "finish", reason: "content_filter", native: "PROHIBITED_CONTENT" }]);
  });

  test("the message of a good end is no reason to refuse", () => {
    for (const [native, expected] of [
      ["STOP", undefined],
      ["SAFETY", "Stopped."],
    ] as const) {
      const decoder = newDecoder("gemini");
      decoder.push(JSON.stringify(part({ text: "a" }, native, { finishMessage: "Stopped." })), undefined, []);
      expect(decoder.refusalReason).toBe(expected);
    }
  });

  test.each<[string, unknown]>([
    ["no candidates", {}],
    ["candidates null", { candidates: null }],
    ["a candidate null", { candidates: [null] }],
    ["no content", { candidates: [{}] }],
    ["parts null", { candidates: [{ content: { parts: null } }] }],
    [
      "parts with holes",
      { candidates: [{ content: { parts: [null, 3, {}, { text: 7 }, { functionCall: {} }] } }] },
    ],
    ["usage without counts", { usageMetadata: { trafficType: "ON_DEMAND" } }],
    ["empty grounding", { candidates: [{ groundingMetadata: {} }] }],
  ])("%s does not disturb the answer", (_name, hole) => {
    const answer = gemini(hole, part({ text: "a" }), hole, part({ text: "b" }, "STOP"), hole);
    expect(answer).toMatchObject({ text: "ab", failure: undefined, toolCalls: [] });
    expect(answer.finish?.reason).toBe("stop");
  });

  test("usage is cumulative, thoughts and tool prompts count, nonsense does not", () => {
    const usage = (counts: Record<string, unknown>) => ({ usageMetadata: counts });
    const counted = {
      promptTokenCount: 10,
      toolUsePromptTokenCount: 5,
      candidatesTokenCount: 3,
      thoughtsTokenCount: 4,
      cachedContentTokenCount: 6,
    };
    const expected = {
      promptTokens: 15,
      completionTokens: 7,
      cachedTokens: 6,
      reasoningTokens: 4,
      source: "exact",
    };
    expect(
      gemini(usage({ promptTokenCount: 10, thoughtsTokenCount: 2 }), usage(counted)).usage,
    ).toMatchObject(expected);
    for (const bad of [-1, 1e18, null, "x"]) {
      expect(
        gemini(usage(counted), usage({ promptTokenCount: bad, candidatesTokenCount: bad })).usage,
      ).toMatchObject(expected);
    }
  });

  test("arguments in pieces take any path, and no path can grow without bound", () => {
    const call = (functionCall: unknown) => part({ functionCall });
    const pieces = (...partialArgs: unknown[]) => call({ partialArgs, willContinue: true });
    const answer = gemini(
      call({ name: "f", willContinue: true }),
      pieces({ jsonPath: "$.a", stringValue: "x" }, { jsonPath: "$.list[1].n", numberValue: 2 }),
      pieces(
        { jsonPath: "$.a", stringValue: "y" },
        { jsonPath: "$['b c']", boolValue: false },
        { jsonPath: "$.z", nullValue: "NULL_VALUE" },
      ),
      pieces(
        { jsonPath: "$.huge[99999]", stringValue: "x" },
        { jsonPath: "nonsense", stringValue: "x" },
        null,
      ),
      call({}),
      part({ text: "" }, "STOP"),
    );
    expect(JSON.parse(answer.toolCalls[0]?.arguments ?? "")).toMatchObject({
      a: "xy",
      list: [null, { n: 2 }],
      "b c": false,
      z: null,
    });
    expect(answer.toolCalls[0]?.arguments.length).toBeLessThan(1_000);
  });

  test("a call that text follows is closed, and its signature goes with it", () => {
    const answer = replay(
      "gemini",
      frames(
        part({ functionCall: { name: "f", willContinue: true }, thoughtSignature: "sig" }),
        part({ functionCall: { partialArgs: [{ jsonPath: "$.a", stringValue: "x" }], willContinue: true } }),
        part({ text: "done" }, "STOP"),
      ),
      "gemini-grounded",
    );
    expect(answer.toolCalls).toEqual([
      {
        id: "minted-1",
        name: "f",
        arguments: '{"a":"x"}',
        signature: { issuer: "gemini-grounded", value: "sig" },
      },
    ]);
  });

  test("a signature of a text or a thought is kept, wherever its part puts it", () => {
    const signed = (value: Record<string, unknown>, thoughtSignature: unknown) =>
      part({ ...value, thoughtSignature });
    const answer = gemini(
      signed({ text: "why", thought: true }, "one"),
      signed({ text: "so" }, "two"),
      signed({ text: "" }, "three"),
      signed({ text: "!" }, ""),
      part({ text: "" }, "STOP"),
    );
    expect(answer).toMatchObject({ text: "so!", reasoning: "why" });
    expect(answer.signatures).toEqual(["one", "two", "three"].map((value) => ({ issuer: "tested", value })));
  });

  test("one body, or the list that the plain stream is", () => {
    const list = [part({ text: "a" }), part({ text: "b" }, "STOP")];
    expect(replay("gemini", [{ data: JSON.stringify(list) }]).text).toBe("ab");
  });
});
