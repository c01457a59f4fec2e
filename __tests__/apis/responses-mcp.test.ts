import { describe, expect, test } from "vitest";
import type { ReadRequest } from "#lib/apis/completion-api.ts";
import { approvalId, callOfApproval } from "#lib/apis/responses/approval-id.ts";
import { responses } from "#lib/apis/responses/read.ts";
import { responsesSchema } from "#lib/apis/responses/schema.ts";
import type { AnswerEvent, ToolRun } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { GatewayError } from "#lib/shared/errors.ts";
import type { JsonObject } from "#lib/shared/json.ts";
import { fc } from "../support/properties.ts";
import { ResponseReader, readEvents } from "../support/response-events.ts";

const NO_USAGE: TokenUsage = {
  ...{ promptTokens: 0, completionTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
  source: "exact",
};
const read = (body: JsonObject): ReadRequest =>
  responses.read(responsesSchema.parse({ model: "smart", input: "Hi", ...body }), new Headers());

const CALL = { type: "mcp_call", id: "mcp_1", server_label: "notes", name: "read", arguments: '{"a":1}' };
const ASKED = { ...CALL, type: "mcp_approval_request", id: "mcpr_1" };
const allows = (approve: boolean, more: JsonObject = {}): JsonObject => ({
  ...{ type: "mcp_approval_response", approval_request_id: "mcpr_1", approve, ...more },
});
const ID = approvalId("mcpr_1", { server_label: "notes", name: "read", arguments: '{"a":1}' });
const user = { role: "user", content: "Hi" };
const says = { type: "message", role: "assistant", content: [{ type: "output_text", text: "Yes." }] };

const called = (id: string) => ({
  role: "assistant",
  parts: [{ type: "tool_call", id, name: "notes__read", arguments: '{"a":1}' }],
});
const result = (toolCallId: string, content: string, isError?: true) => ({
  ...{ role: "tool", toolCallId, content },
  ...(isError === undefined ? {} : { isError }),
});
const assistant = { role: "assistant", parts: [{ type: "text", text: "Yes." }] };

describe("items of MCP servers are read back", () => {
  test.each<[what: string, items: JsonObject[], messages: object[], decisions?: object[]]>([
    [
      "a call and its result",
      [{ ...CALL, output: "Done.", error: null }],
      [called("mcp_1"), result("mcp_1", "Done.")],
    ],
    [
      "a call that failed, as the gateway tells it",
      [
        {
          ...CALL,
          error: {
            type: "mcp_tool_execution_error",
            content: [
              { type: "text", text: "No" },
              { type: "text", text: "ink." },
            ],
          },
        },
      ],
      [called("mcp_1"), result("mcp_1", "No\nink.", true)],
    ],
    [
      "a call that failed, as OpenAI tells it",
      [{ ...CALL, error: { type: "http_error", code: 500, message: "Gone." } }],
      [called("mcp_1"), result("mcp_1", "Gone.", true)],
    ],
    ["a call that was interrupted", [{ ...CALL, output: null, status: "incomplete" }], [called("mcp_1")]],
    ["a list", [user, { type: "mcp_list_tools", server_label: "notes", tools: [] }], [{ ...user }]],
    ["a question without an answer", [ASKED, user], [called("mcpr_1"), { ...user }]],
    [
      "a call that is allowed",
      [ASKED, allows(true)],
      [called("mcpr_1")],
      [{ id: "mcpr_1", approved: true, reason: undefined }],
    ],
    [
      "a call that is allowed behind another message",
      [ASKED, user, allows(true)],
      [called("mcpr_1"), { ...user }],
      [{ id: "mcpr_1", approved: true, reason: undefined }],
    ],
    [
      "a call that is declined",
      [ASKED, allows(false)],
      [called("mcpr_1"), result("mcpr_1", "The user did not allow this call.", true)],
    ],
    [
      "a call that is declined with a reason",
      [ASKED, allows(false, { reason: "no" })],
      [called("mcpr_1"), result("mcpr_1", "The user did not allow this call. The reason: no", true)],
    ],
    [
      "a call that was allowed and has run",
      [ASKED, allows(true), { ...CALL, output: "Done.", approval_request_id: "mcpr_1" }, says],
      [called("mcpr_1"), result("mcpr_1", "Done."), assistant],
    ],
    [
      "a call that was allowed, and of whose result nothing is left",
      [ASKED, allows(true), says, user],
      // Its message goes on with the text behind the call.
      [{ role: "assistant", parts: [...called("mcpr_1").parts, ...assistant.parts] }, { ...user }],
    ],
    [
      "an answer whose question was left out, by the id",
      [user, { ...allows(true), approval_request_id: ID }],
      [{ ...user }, called(ID)],
      [{ id: ID, approved: true, reason: undefined }],
    ],
    [
      "a call that was allowed before an answer that is only referred to",
      [ASKED, allows(true), { type: "item_reference", id: "msg_1" }, user],
      [called("mcpr_1"), { ...user }],
    ],
    [
      "a call that was allowed before a question of a later answer",
      [
        { ...ASKED, id: "mcpr_a_1" },
        { ...allows(true), approval_request_id: "mcpr_a_1" },
        { ...ASKED, id: "mcpr_b_1" },
        { ...allows(true), approval_request_id: "mcpr_b_1" },
      ],
      [{ role: "assistant", parts: [...called("mcpr_a_1").parts, ...called("mcpr_b_1").parts] }],
      [{ id: "mcpr_b_1", approved: true, reason: undefined }],
    ],
    [
      "two calls of one answer that are allowed one by one",
      [
        { ...ASKED, id: "mcpr_a_1" },
        { ...allows(true), approval_request_id: "mcpr_a_1" },
        { ...ASKED, id: "mcpr_a_2" },
        { ...allows(true), approval_request_id: "mcpr_a_2" },
      ],
      [{ role: "assistant", parts: [...called("mcpr_a_1").parts, ...called("mcpr_a_2").parts] }],
      [
        { id: "mcpr_a_1", approved: true, reason: undefined },
        { id: "mcpr_a_2", approved: true, reason: undefined },
      ],
    ],
    [
      "a call that is allowed beside another question that is only referred to",
      [ASKED, allows(true), { type: "item_reference", id: "mcpr_2" }],
      [called("mcpr_1")],
      [{ id: "mcpr_1", approved: true, reason: undefined }],
    ],
    [
      "a call whose question was left out",
      [{ ...CALL, output: "Done.", approval_request_id: "mcpr_9" }],
      [called("mcp_1"), result("mcp_1", "Done.")],
    ],
  ])("%s", (_, input, messages, decisions = []) => {
    const { chat, mcp } = read({ input });
    expect(chat.messages).toEqual(messages);
    expect(mcp?.decisions ?? []).toEqual(decisions);
  });

  test("results are known as those of servers, and their tools by name", () => {
    const { mcp } = read({ input: [{ ...CALL, output: "Done." }, ASKED, allows(false)] });
    expect(mcp?.results).toEqual(new Map([["mcp_1", "notes__read"]]));
    expect(mcp?.nameOf("notes", "read")).toBe("notes__read");
  });

  test("a list is known by its label, unless it could not be had", () => {
    const list = (label: string, error: string | null): JsonObject => ({
      ...{ type: "mcp_list_tools", server_label: label, tools: [], error },
    });
    const tools = [{ type: "mcp", server_label: "a" }];
    const { mcp } = read({ tools, input: [user, list("a", null), list("b", "Gone.")] });
    expect(mcp?.listed).toEqual(new Set(["a"]));
  });

  test.each<[string, JsonObject[], string]>([
    ["an answer to nothing", [user, allows(true)], "input[1].approval_request_id"],
    [
      "an id that holds no call",
      [user, { ...allows(true), approval_request_id: `mcpr_1.${Buffer.from("[1]").toString("base64url")}` }],
      "input[1].approval_request_id",
    ],
    ["an answer before its question", [allows(true), ASKED], "input[0].approval_request_id"],
    ["two answers", [ASKED, allows(false), allows(true)], "input[2].approval_request_id"],
  ])("%s is refused", (_, input, param) => {
    expect(() => read({ input })).toThrow(
      expect.objectContaining({ code: "invalid_request", details: { param } }) as GatewayError,
    );
  });
});

test("the id of a question holds its call, unless that is long", () => {
  const call = { server_label: "ü", name: "r.ead", arguments: '{"a":"💡"}' };
  expect(callOfApproval(approvalId("mcpr_1", call))).toEqual(call);
  expect(approvalId("mcpr_1", { ...call, arguments: "x".repeat(8_000) })).toBe("mcpr_1");
  for (const id of ["", ".", "mcpr_1", "mcpr_1.", "mcpr_1.e30", "mcpr_1.WyIiLCIiLCIiXQ"]) {
    expect(callOfApproval(id), id).toBeUndefined();
  }
});

describe("tools of MCP servers", () => {
  test("have names that no tool of the client's has", () => {
    const tools = [
      { type: "mcp", server_label: "notes" },
      { type: "function", name: "notes__read" },
      { type: "namespace", name: "notes", tools: [{ type: "function", name: "write" }] },
    ];
    const { chat, mcp } = read({ tools });
    const own = chat.tools?.map((tool) => (tool.type === "opaque" ? "" : tool.name)) ?? [];
    expect(own).toEqual(["notes__read", "notes__write"]);
    const names = ["read", "write", "read.all", "x".repeat(80)].map((name) => mcp?.nameOf("notes", name));
    expect(names[2]).toBe("notes__read_all");
    expect(new Set([...own, ...names]).size).toBe(6);
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });

  test("a request without them says nothing of them", () => {
    expect(read({ tools: [{ type: "function", name: "f" }] })).not.toHaveProperty("mcp");
  });

  test("in items of the conversation are among the others", () => {
    const input = [user, { type: "additional_tools", tools: [{ type: "mcp", server_label: "notes" }] }];
    expect(read({ input }).mcp?.servers).toMatchObject([{ label: "notes", path: "input" }]);
  });
});

describe("calls that run at once", () => {
  type Call = { waits: boolean; fails: boolean };
  const anyRound = fc.record({
    text: fc.constantFrom("", "Hm.", "Let me see."),
    calls: fc.array(fc.record({ waits: fc.boolean(), fails: fc.boolean() }), { minLength: 1, maxLength: 5 }),
    /** In which order they end. */
    order: fc.array(fc.nat(100), { minLength: 5, maxLength: 5 }),
  });

  /** The events of a round: a text, the beginnings of its calls, and their ends in any order. */
  function eventsOf(text: string, calls: readonly Call[], order: readonly number[], round: number) {
    const run = (call: number, state: object): AnswerEvent => ({
      type: "tool_run",
      run: {
        ...{ id: `${round}-${call}`, name: "notes__read", origin: undefined },
        ...{ arguments: JSON.stringify({ round, call }), ...state },
      } as ToolRun,
    });
    const begun = calls.map(({ waits }, call) => run(call, { status: waits ? "needs_approval" : "running" }));
    const ended = calls.flatMap(({ waits, fails }, call) =>
      waits ? [] : [{ at: order[call] ?? 0, event: run(call, outcome(fails, `${round}-${call}`)) }],
    );
    ended.sort((a, b) => a.at - b.at);
    const said: AnswerEvent[] = text === "" ? [] : [{ type: "text", text }];
    return [...said, ...begun, ...ended.map(({ event }) => event)];
  }
  const outcome = (fails: boolean, output: string) => ({ status: fails ? "failed" : "done", output });

  test("are items one after the other, each with its own result, in a stream as in a whole answer", () => {
    fc.assert(
      fc.property(fc.array(anyRound, { minLength: 1, maxLength: 4 }), (rounds) => {
        const events = rounds.flatMap(({ text, calls, order }, at) => eventsOf(text, calls, order, at));
        const writer = () =>
          read({ input: [{ ...CALL, output: "" }] }).createWriter({ id: "1", model: "m", createdAt: 1 });
        const streaming = writer();
        const frames = events.map((event) => streaming.batch([event])).join("") + streaming.end(NO_USAGE);
        const { output } = ResponseReader.read(readEvents(frames));
        const gathering = writer();
        gathering.batch(events);
        expect(gathering.gathered?.(NO_USAGE)?.["output"]).toEqual(output);
        const calls = output.filter(({ type }) => type !== "message");
        expect(calls.map(({ arguments: args }) => args)).toEqual(
          rounds.flatMap((round, at) => round.calls.map((_, call) => JSON.stringify({ round: at, call }))),
        );
        for (const { type, arguments: args, output: result, error } of calls) {
          if (type === "mcp_approval_request") continue;
          const { round, call } = JSON.parse(args ?? "") as { round: number; call: number };
          expect(result ?? JSON.stringify(error)).toContain(`${round}-${call}`);
        }
      }),
    );
  });
});
