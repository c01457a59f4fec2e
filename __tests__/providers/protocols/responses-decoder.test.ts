import { describe, expect, test } from "vitest";
import { AnswerBuilder } from "#lib/chat/answer.ts";
import type { ChatEvent } from "#lib/chat/events.ts";
import { fc } from "../../support/properties.ts";
import { frames, newDecoder, replay } from "../../support/replay.ts";
import { customCall, eventsOf, functionCall, message, reasoning } from "../../support/responses-upstream.ts";

type Json = Record<string, unknown>;

const completed = (output: readonly Json[] = [], more: Json = {}): Json => ({
  type: "response.completed",
  response: { object: "response", status: "completed", output, ...more },
});
const read = (...events: Json[]) => replay("openai-responses", frames(...events), "openai");

function eventsFrom(...events: Json[]): ChatEvent[] {
  const decoder = newDecoder("openai-responses", "openai");
  const out: ChatEvent[] = [];
  for (const { data } of frames(...events)) decoder.push(data, undefined, out);
  decoder.end(out);
  return out;
}

const CALL = { id: "call_1", name: "f", arguments: '{"a":1}' };
const item = functionCall("call_1", "f", { a: 1 });
const delta = (type: string, text: string, more: Json = {}): Json => ({ type, delta: text, ...more });
const at = (index: number): Json => ({ output_index: index });

describe("what servers leave out", () => {
  test.each<{ what: string; events: Json[]; text?: string; calls?: unknown[]; thinking?: string }>([
    {
      what: "everything but the last event",
      events: [completed([message("Hi"), item])],
      text: "Hi",
      calls: [CALL],
    },
    {
      what: "deltas",
      events: [
        { type: "response.output_item.added", ...at(0), item: { ...item, arguments: "" } },
        { type: "response.output_item.done", ...at(0), item },
        completed(),
      ],
      calls: [CALL],
    },
    {
      what: "what is added",
      events: [
        delta("response.output_text.delta", "Hi", { ...at(0), content_index: 0 }),
        delta("response.function_call_arguments.delta", '{"a":', at(1)),
        delta("response.function_call_arguments.delta", "1}", at(1)),
        { type: "response.output_item.done", ...at(1), item },
        completed(),
      ],
      text: "Hi",
      calls: [CALL],
    },
    {
      what: "numbers and ids",
      events: [
        delta("response.reasoning_text.delta", "Hm."),
        delta("response.output_text.delta", "H"),
        delta("response.output_text.delta", "i"),
        { type: "response.output_item.added", item: { type: "function_call", name: "f", call_id: "call_1" } },
        delta("response.function_call_arguments.delta", '{"a":1}'),
        completed([message("Hi"), item]),
      ],
      text: "Hi",
      thinking: "Hm.",
      calls: [CALL],
    },
    {
      what: "the number of the item, but not its id, which changes with each event",
      events: [
        { type: "response.output_item.added", ...at(0), item: { ...item, id: "x1", arguments: "" } },
        delta("response.function_call_arguments.delta", '{"a":1}', { ...at(0), item_id: "x2" }),
        { type: "response.output_item.done", ...at(0), item: { ...item, id: "x3" } },
        completed([{ ...item, id: "x4" }]),
      ],
      calls: [CALL],
    },
    {
      what: "a name until the call is done",
      events: [
        { type: "response.output_item.added", ...at(0), item: { type: "function_call", name: "" } },
        delta("response.function_call_arguments.delta", '{"a":1}', at(0)),
        { type: "response.output_item.done", ...at(0), item },
        completed(),
      ],
      calls: [CALL],
    },
    {
      what: "arguments, or their text form",
      events: [
        completed([
          { ...item, arguments: "" },
          { ...item, call_id: "call_2", arguments: { b: 2 } },
        ]),
      ],
      calls: [
        { ...CALL, arguments: "{}" },
        { ...CALL, id: "call_2", arguments: '{"b":2}' },
      ],
    },
    {
      what: "ids of calls, and different ones",
      events: [completed([{ ...item, call_id: "", id: "" }, item, item])],
      calls: [{ ...CALL, id: "minted-1" }, CALL, { ...CALL, id: "minted-2" }],
    },
    {
      what: "the end of a text among its deltas",
      events: [
        delta("response.output_text.delta", "Hel", { ...at(0), content_index: 0 }),
        { type: "response.output_text.done", ...at(0), content_index: 0, text: "Hello" },
        completed([message("Hello!")]),
      ],
      text: "Hello!",
    },
    {
      what: "parts of a message: its content is a text",
      events: [completed([{ type: "message", content: "Hi" }])],
      text: "Hi",
    },
    {
      what: "summaries: their reasoning is in plain text",
      events: [completed([{ type: "reasoning", content: [{ type: "reasoning_text", text: "Hm." }] }, item])],
      thinking: "Hm.",
      calls: [CALL],
    },
  ])("$what", ({ events, text = "", calls = [], thinking = "" }) => {
    const answer = read({ type: "response.created", response: { status: "in_progress" } }, ...events);
    expect(answer).toMatchObject({
      failure: undefined,
      text,
      toolCalls: calls,
      reasoning: thinking,
      malformed: 0,
    });
    expect(answer.finish?.reason).toBe(calls.length > 0 ? "tool_calls" : "stop");
  });
});

describe("how an answer ends", () => {
  test.each<[string, Json, string, string]>([
    [
      "max_output_tokens",
      { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
      "length",
      "max_output_tokens",
    ],
    [
      "content_filter",
      { status: "incomplete", incomplete_details: { reason: "content_filter" } },
      "content_filter",
      "content_filter",
    ],
    ["another reason", { status: "incomplete", incomplete_details: { reason: "new" } }, "length", "new"],
    ["no reason", { status: "incomplete", incomplete_details: null }, "length", "incomplete"],
    ["completed", { status: "completed" }, "stop", "completed"],
  ])("%s", (_what, response, reason, native) => {
    const ended = { object: "response", output: [message("Hi")], ...response };
    const event = { type: `response.${String(response["status"])}`, response: ended };
    for (const answer of [read(event), read(ended)]) expect(answer.finish).toEqual({ reason, native });
  });

  test.each<[string, Json]>([
    ["in progress", { object: "response", status: "in_progress", output: [] }],
    ["queued", { object: "response", status: "queued", output: [] }],
  ])("a response that is %s has no end", (_what, response) => {
    expect(read(response).finish).toBeUndefined();
  });

  test.each<[string, Json, string]>([
    ["an error event", { type: "error", code: "server_error", message: "Oops", param: null }, "server_error"],
    [
      "a nested error event",
      { type: "error", error: { type: "server_error", message: "Oops" } },
      "server_error",
    ],
    [
      "a limit",
      { type: "error", error: { type: "tokens", code: "rate_limit_exceeded", message: "Limit" } },
      "rate_limited",
    ],
    ["no credit", { type: "error", error: { code: "insufficient_quota", message: "Quota" } }, "account"],
    [
      "a failed response",
      {
        type: "response.failed",
        response: { status: "failed", error: { code: "server_error", message: "Oops" } },
      },
      "server_error",
    ],
    [
      "a failed response without an error",
      { type: "response.failed", response: { status: "failed" } },
      "server_error",
    ],
    [
      "a cancelled response",
      { type: "response.cancelled", response: { status: "cancelled" } },
      "server_error",
    ],
    [
      "a flagged prompt",
      {
        type: "response.failed",
        response: { error: { code: "invalid_prompt", message: "Your prompt was flagged as harmful." } },
      },
      "content_policy",
    ],
    [
      "an image that cannot be read",
      { type: "response.failed", response: { error: { code: "invalid_image", message: "Bad image" } } },
      "refused",
    ],
    [
      "a prompt too long",
      {
        type: "response.failed",
        response: { error: { code: "context_length_exceeded", message: "Too long" } },
      },
      "context_length",
    ],
    ["an error body", { error: { message: "Bad", type: "invalid_request_error" } }, "refused"],
    ["FastAPI's error body", { detail: "Bad" }, "server_error"],
  ])("%s is a failure", (_what, event, kind) => {
    expect(read(event).failure?.kind).toBe(kind);
  });
});

const tokens = (...events: Json[]): unknown[] =>
  eventsFrom(...events).flatMap((event) =>
    event.type === "reasoning" && event.signature !== undefined ? [event.signature] : [],
  );

describe("reasoning items", () => {
  const rs = reasoning("rs_1", "Hm.");
  test.each<[string, Json[], string | undefined]>([
    ["a call", [rs, item], "call:call_1"],
    ["a custom call", [rs, customCall("c1", "p", "x")], "call:c1"],
    ["a message", [rs, message("Hi")], "message"],
    ["a search", [rs, { type: "web_search_call", id: "ws_1" }, message("Hi")], "block"],
    ["nothing", [rs], undefined],
    ["a call, but no content that could be sent back", [reasoning("rs_1", "Hm.", null), item], undefined],
  ])("before %s", (_what, output, next) => {
    const expected = next === undefined ? [] : [{ issuer: "openai", value: { ...rs, next } }];
    expect(tokens(completed(output))).toEqual(expected);
    expect(tokens(...eventsOf(output), completed(output))).toEqual(expected);
  });

  test("several in a row, with summaries of several parts", () => {
    const two = {
      ...reasoning("rs_2", ""),
      summary: [
        { type: "summary_text", text: "a" },
        { type: "summary_text", text: "b" },
      ],
    };
    const answer = read(completed([rs, two, item]));
    expect(answer.reasoning).toBe("Hm.a\n\nb");
    expect(answer.signatures).toMatchObject([
      { value: { next: "reasoning" } },
      { value: { next: "call:call_1" } },
    ]);
  });
});

test("phases and blocks of the provider are told", () => {
  const search = { type: "web_search_call", id: "ws_1", status: "completed" };
  const output = [
    message("Looking.", { phase: "commentary" }),
    search,
    message("Found.", { phase: "final_answer" }),
  ];
  for (const events of [eventsFrom(completed(output)), eventsFrom(...eventsOf(output), completed(output))]) {
    const texts = events.flatMap((event) => (event.type === "text" ? [[event.text, event.phase]] : []));
    expect(texts.filter(([, phase]) => phase !== undefined).map(([, phase]) => phase)).toEqual([
      "commentary",
      "final_answer",
    ]);
    expect(texts.map(([text]) => text).join("")).toBe("Looking.\n\nFound.");
    expect(events.filter(({ type }) => type === "block")).toEqual([
      { type: "block", dialect: "openai-responses", value: search },
    ]);
  }
});

test("a stream says what the whole answer says, whatever the items", () => {
  const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
  const items = fc.array(
    fc.oneof(
      words.map((text) => message(text)),
      words.map((text) => reasoning(`rs_${text.length}`, text)),
      fc.uuid().map((id) => functionCall(id, "f", { id })),
      fc.tuple(fc.uuid(), words).map(([id, input]) => customCall(id, "p", input)),
    ),
    { maxLength: 8 },
  );
  const parts = (events: ChatEvent[]): unknown => {
    const builder = new AnswerBuilder();
    builder.push(events);
    return builder.build();
  };
  fc.assert(
    fc.property(items, (output) => {
      const numbered = output.map((one, index) => ({ ...one, id: `id_${index}` }));
      expect(parts(eventsFrom(...eventsOf(numbered), completed(numbered)))).toEqual(
        parts(eventsFrom(completed(numbered))),
      );
      expect(parts(eventsFrom(...eventsOf(numbered), completed()))).toEqual(
        parts(eventsFrom(completed(numbered))),
      );
    }),
  );
});

test("W19: an id that the conversation or the answer has already is not given again", () => {
  const decoder = newDecoder("openai-responses", "openai", (id) => id === "call_1");
  const out: ChatEvent[] = [];
  const twice = functionCall("call_2", "f", { a: 2 });
  for (const { data } of frames(completed([item, twice, twice]))) decoder.push(data, undefined, out);
  decoder.end(out);
  const ids = out.flatMap((event) => (event.type === "tool_call" ? (event.id ?? []) : []));
  expect(ids).toEqual(["minted-1", "call_2", "minted-2"]);
});
