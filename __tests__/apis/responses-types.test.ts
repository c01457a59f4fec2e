import { expect, test } from "vitest";
import type { AnswerWriter } from "#lib/apis/completion-api.ts";
import { responses } from "#lib/apis/responses/read.ts";
import { responsesSchema } from "#lib/apis/responses/schema.ts";
import { AnswerBuilder } from "#lib/chat/answer.ts";
import type { AnswerEvent, ChatEvent, ToolRun } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { JsonObject } from "#lib/shared/json.ts";
import { readEvents } from "../support/response-events.ts";
import { type TypedValue, typeMistakes } from "../support/type-check.ts";

/*
 * W34: what the route writes has the types of OpenAI's SDK. Three exceptions: the SDK itself adds `output_text`, and
 * OpenAI's own answers say `"user": null` and `"usage": null` where its types say that the field is missing.
 */
const PRELUDE = `
import type { Response, ResponseStreamEvent, ResponseUsage } from "openai/resources/responses/responses";
type Whole = Omit<Response, "output_text" | "user" | "usage"> & { user: string | null; usage: ResponseUsage | null };
type Fixed<Event> = Event extends { response: Response } ? Omit<Event, "response"> & { response: Whole } : Event;
type StreamEvent = Fixed<ResponseStreamEvent>;
`;

const USAGE: TokenUsage = {
  promptTokens: 10,
  completionTokens: 5,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 2,
  source: "exact",
};
const TOOLS = [
  { type: "function", name: "f" },
  { type: "function", name: "g", description: "d", parameters: { type: "object" }, strict: true },
  { type: "function", name: "h", parameters: null, strict: null },
  { type: "custom", name: "c", format: { type: "grammar", syntax: "lark", definition: "start: /x/" } },
  { type: "namespace", name: "n", tools: [{ type: "function", name: "inner" }] },
  { type: "local_shell" },
  { type: "shell", environment: null },
  { type: "apply_patch" },
  { type: "tool_search", execution: "client", description: "d", parameters: { type: "object" } },
  { type: "web_search" },
];

type Case = { what: string; body?: JsonObject; events: AnswerEvent[]; error?: GatewayError };
const text = (value: string, more: object = {}): ChatEvent => ({ type: "text", text: value, ...more });
const finish = (reason: "stop" | "length" | "content_filter" | "tool_calls"): ChatEvent => ({
  type: "finish",
  reason,
  native: reason,
});
const call = (index: number, name: string, args: string, custom?: boolean): ChatEvent => ({
  type: "tool_call",
  index,
  id: `call_${index}`,
  name,
  arguments: args,
  ...(custom === undefined ? {} : { custom }),
});

const run = (id: string, state: { status: "running" | "needs_approval" } | Ended): AnswerEvent => ({
  type: "tool_run",
  run: { id, name: "notes__read", origin: undefined, arguments: "{}", ...state } as ToolRun,
});
type Ended = { status: "done" | "failed"; output: string };
const listed = (label: string, error?: string): AnswerEvent => ({
  type: "tool_list",
  list: {
    ...{ label, error },
    tools: [
      {
        ...{ name: "read", description: "", inputSchema: { type: "object" } },
        annotations: error === undefined ? { readOnlyHint: true } : undefined,
      },
    ],
  },
});

const CASES: Case[] = [
  {
    what: "tools of MCP servers",
    body: {
      input: [
        { type: "mcp_call", id: "mcp_1", server_label: "notes", name: "read", arguments: "{}", output: "" },
      ],
      tools: [
        { type: "mcp", server_label: "notes", authorization: "secret", allowed_tools: ["read"] },
        {
          type: "mcp",
          server_label: "more",
          server_url: "https://more.example/mcp",
          require_approval: "never",
        },
      ],
      tool_choice: { type: "mcp", server_label: "notes", name: "read" },
    },
    events: [
      listed("notes"),
      listed("more", "It cannot be reached."),
      run("a", { status: "running" }),
      run("b", { status: "running" }),
      run("b", { status: "failed", output: "No." }),
      run("a", { status: "done", output: "Yes." }),
      run("c", { status: "needs_approval" }),
      finish("stop"),
    ],
  },
  { what: "text", events: [text("Hi"), finish("stop")] },
  { what: "nothing", events: [finish("stop")] },
  { what: "a half", events: [text("Hi"), finish("length")] },
  { what: "a filtered answer", events: [text("Hi"), finish("content_filter")] },
  { what: "a refusal", events: [{ type: "refusal", text: "No." }, finish("stop")] },
  {
    what: "sources and probabilities",
    body: { include: ["message.output_text.logprobs"], top_logprobs: 2 },
    events: [
      { type: "sources", sources: [{ uri: "https://a.example" }, { title: "B", uri: "https://b.example" }] },
      text("Hi", {
        logprobs: { content: [{ token: "Hi", logprob: -1, bytes: null, top_logprobs: [{ token: "Hi" }] }] },
      }),
      finish("stop"),
    ],
  },
  {
    what: "reasoning, with and without text",
    events: [
      { type: "reasoning", text: "Hm." },
      { type: "reasoning", text: "", signature: { issuer: "openai", value: { type: "reasoning" } } },
      { type: "reasoning", text: "", signature: { issuer: "anthropic", value: "s" } },
      text("Hi"),
      finish("stop"),
    ],
  },
  {
    what: "phases and a search",
    events: [
      text("Looking.", { phase: "commentary" }),
      {
        type: "block",
        dialect: "openai-responses",
        value: {
          id: "ws_1",
          type: "web_search_call",
          status: "completed",
          action: { type: "search", query: "q" },
        },
      },
      text("\n\nFound.", { phase: "final_answer" }),
      text("\n\nBye.", { phase: "" }),
      finish("stop"),
    ],
  },
  {
    what: "calls of every kind",
    events: [
      call(0, "f", "{}"),
      call(1, "c", "x y", true),
      call(2, "n__inner", '{"a":1}'),
      call(3, "local_shell", '{"command":["ls"],"timeout_ms":5}'),
      call(4, "shell", '{"commands":["ls"]}'),
      call(5, "apply_patch", '{"type":"create_file","path":"a","diff":"+x"}'),
      call(6, "apply_patch", '{"type":"delete_file","path":"a"}'),
      call(7, "tool_search", '{"query":"q"}'),
      call(8, "local_shell", "not JSON"),
      finish("tool_calls"),
    ],
  },
  {
    what: "an answer that breaks off",
    events: [text("Hi"), call(0, "f", '{"a')],
    error: new GatewayError("engines_unavailable", "It broke off."),
  },
  {
    what: "every field of a request",
    body: {
      instructions: "Be brief.",
      metadata: { a: "b" },
      max_output_tokens: 100,
      parallel_tool_calls: false,
      prompt_cache_key: "k",
      reasoning: { effort: "low", summary: "auto" },
      safety_identifier: "s",
      service_tier: "flex",
      temperature: 0.5,
      text: {
        format: { type: "json_schema", name: "a", schema: { type: "object" }, strict: true },
        verbosity: "low",
      },
      tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "f" }] },
      top_p: 0.5,
      truncation: "disabled",
      user: "u",
    },
    events: [text("Hi"), finish("stop")],
  },
];

function writerOf(body: JsonObject = {}): AnswerWriter {
  const parsed = responsesSchema.parse({ model: "smart", input: "Hi", tools: TOOLS, ...body });
  return responses
    .read(parsed, new Headers())
    .createWriter({ id: "1", model: "smart", createdAt: 1_765_000_000 });
}

function valuesOf({ body, events, error }: Case): TypedValue[] {
  const streamed = writerOf(body);
  const begun = events.map((event) => streamed.batch([event])).join("");
  const frames = begun + (error === undefined ? streamed.end(USAGE) : streamed.fail(error));
  const values: TypedValue[] = readEvents(frames).map((value) => ({ type: "StreamEvent", value }));
  if (error !== undefined) return values;
  const builder = new AnswerBuilder();
  builder.push(events);
  const gathering = writerOf(body);
  gathering.batch(events);
  return [
    ...values,
    { type: "Whole", value: writerOf(body).whole(builder.build(), USAGE) },
    { type: "Whole", value: gathering.gathered?.(USAGE) },
  ];
}

test("W34: answers and events have the types of the official SDK", { timeout: 60_000 }, () => {
  expect(typeMistakes(PRELUDE, CASES.flatMap(valuesOf), "any")).toEqual([]);
});

test("the check finds a field that is missing", { timeout: 60_000 }, () => {
  const whole = CASES.flatMap(valuesOf).find(({ type }) => type === "Whole");
  const { tools: _tools, ...cut } = (whole?.value ?? {}) as JsonObject;
  expect(typeMistakes(PRELUDE, [{ type: "Whole", value: cut }], "any")).toHaveLength(1);
});
