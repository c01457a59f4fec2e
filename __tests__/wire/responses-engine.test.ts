import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { arrayField, field, isJsonObject, type JsonObject } from "#lib/shared/json.ts";
import { answers, type Script } from "../support/fake-upstream.ts";
import {
  type Ending,
  eventsOf,
  functionCall,
  message,
  reasoning,
  responds,
  USAGE,
} from "../support/responses-upstream.ts";
import {
  PROXY_ROUTES,
  type Reply,
  ROUTES,
  startWireGateway,
  type WireGateway,
  type WireRoute,
} from "./wire-gateway.ts";

/** W13: OpenAI's newer models are called by /v1/responses. The second engine knows chat completions only. */
let wire: WireGateway;

beforeAll(async () => {
  wire = await startWireGateway([
    { vendor: "openai", model: "gpt-5.6-sol" },
    { vendor: "groq", model: "llama-3.3-70b-versatile" },
  ]);
});
afterAll(() => wire.stop());
beforeEach(() => {
  openAi().requests.length = 0;
  openAi().script = responds([message("Hello.")]);
  other().script = answers("Hello from groq.");
});

const upstream = (index: number): WireGateway["upstreams"][number] => {
  const found = wire.upstreams[index];
  if (found === undefined) throw new Error("The upstream is missing.");
  return found;
};
const openAi = () => upstream(0);
const other = () => upstream(1);
const bodies = (): JsonObject[] =>
  openAi().requests.flatMap(({ json }) => (isJsonObject(json) ? [json as JsonObject] : []));
const lastBody = (): JsonObject => bodies().at(-1) ?? {};
const inputTypes = (body: JsonObject): unknown[] =>
  arrayField(body, "input").map((item) => field(item, "type"));

/** A question with one tool, in the form of each route. */
const withTool = (route: WireRoute): JsonObject => {
  const schema = { type: "object", properties: { city: { type: "string" } } };
  switch (route) {
    case "v1/chat/completions":
      return { tools: [{ type: "function", function: { name: "weather", parameters: schema } }] };
    case "v1/responses":
      return { tools: [{ type: "function", name: "weather", parameters: schema }] };
    case "v1/messages":
      return { tools: [{ name: "weather", input_schema: schema }] };
    case "ai-chat":
      return {};
  }
};

/** The second request of a tool loop: what the first answer said comes back as this route's clients send it. */
function nextTurn(route: WireRoute, reply: Reply): JsonObject {
  const results = reply.calls.map(({ id }) => id);
  const user = { role: "user", content: "Hi" };
  switch (route) {
    case "v1/responses": {
      const last = reply.frames.at(-1);
      const output = arrayField(field(last, "response") ?? last, "output");
      return {
        ...withTool(route),
        input: [
          user,
          ...output,
          ...results.map((id) => ({ type: "function_call_output", call_id: id, output: "Sunny" })),
        ],
      } as JsonObject;
    }
    case "v1/messages":
      return {
        ...withTool(route),
        messages: [
          user,
          { role: "assistant", content: blocksOf(reply) },
          {
            role: "user",
            content: results.map((id) => ({ type: "tool_result", tool_use_id: id, content: "Sunny" })),
          },
        ],
      } as JsonObject;
    default:
      return {
        ...withTool(route),
        messages: [
          user,
          completionMessage(reply),
          ...results.map((id) => ({ role: "tool", tool_call_id: id, content: "Sunny" })),
        ],
      } as JsonObject;
  }
}

/** The blocks of a whole or a streamed message. */
function blocksOf(reply: Reply): unknown[] {
  const whole = arrayField(reply.frames[0], "content");
  if (whole.length > 0) return whole;
  const blocks: JsonObject[] = [];
  const json: string[] = [];
  for (const frame of reply.frames) {
    const index = Number(field(frame, "index"));
    const started = field(frame, "content_block");
    if (isJsonObject(started)) blocks[index] = { ...(started as JsonObject) };
    const delta = field(frame, "delta");
    const block = blocks[index];
    if (block === undefined || !isJsonObject(delta)) continue;
    for (const name of ["text", "thinking", "signature"]) {
      const piece = delta[name];
      if (typeof piece === "string") block[name] = `${String(block[name] ?? "")}${piece}`;
    }
    if (typeof delta["partial_json"] === "string") json[index] = (json[index] ?? "") + delta["partial_json"];
  }
  for (const [index, text] of json.entries()) {
    const block = blocks[index];
    if (text !== undefined && block !== undefined) block["input"] = JSON.parse(text) as JsonObject;
  }
  return blocks;
}

function completionMessage(reply: Reply): unknown {
  const details = reply.frames.flatMap((frame) => {
    const choice = arrayField(frame, "choices")[0];
    return arrayField(field(choice, "delta") ?? field(choice, "message"), "reasoning_details");
  });
  return {
    role: "assistant",
    content: reply.text === "" ? null : reply.text,
    reasoning_details: details,
    tool_calls: reply.calls.map(({ id, name, arguments: args }) => ({
      id,
      type: "function",
      function: { name, arguments: args },
    })),
  };
}

const STREAMED = [true, false];
const EACH = PROXY_ROUTES.flatMap((route) => STREAMED.map((stream) => [route, stream] as const));

describe("W13: an answer", () => {
  test.each(ROUTES)(
    "with reasoning, text, sources and usage arrives at %s, streamed and whole",
    async (route) => {
      const annotations = [
        { type: "url_citation", url: "https://a.example", title: "A", start_index: 0, end_index: 1 },
      ];
      const content = [{ type: "output_text", text: "Hello.", annotations, logprobs: [] }];
      openAi().script = responds([reasoning("rs_1", "Thinking."), message("", { content })]);
      for (const stream of STREAMED) {
        const reply = await wire.ask(route, stream);
        expect(reply, reply.raw).toMatchObject({ status: 200, text: "Hello.", error: undefined, calls: [] });
        expect(reply.thinking).toBe("Thinking.");
        expect(reply.finish).toMatch(/^(?:done|stop|end_turn|completed)$/);
        expect(JSON.stringify(reply.usage)).toMatch(/:40\b|:32\b/);
        expect(JSON.stringify(reply.usage)).toMatch(/:20\b/);
        expect(reply.headers.get("x-sarmalink-engine") ?? "openai/gpt-5.6-sol").toBe("openai/gpt-5.6-sol");
      }
      expect(openAi().requests.map(({ path }) => path)).toEqual(["/v1/responses", "/v1/responses"]);
      expect(lastBody()).toMatchObject({
        model: "gpt-5.6-sol",
        store: false,
        include: ["reasoning.encrypted_content"],
      });
    },
  );

  test.each<[string, Ending, Record<WireRoute, string>]>([
    [
      "too long",
      { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
      {
        "ai-chat": "done",
        "v1/chat/completions": "length",
        "v1/responses": "incomplete: max_output_tokens",
        "v1/messages": "max_tokens",
      },
    ],
    [
      "broken off for a reason that nobody names",
      { status: "incomplete", incomplete_details: null },
      {
        "ai-chat": "done",
        "v1/chat/completions": "length",
        "v1/responses": "incomplete: max_output_tokens",
        "v1/messages": "max_tokens",
      },
    ],
    [
      "filtered",
      { status: "incomplete", incomplete_details: { reason: "content_filter" } },
      {
        "ai-chat": "done",
        "v1/chat/completions": "content_filter",
        "v1/responses": "incomplete: content_filter",
        "v1/messages": "refusal",
      },
    ],
  ])("that is %s says so", async (_what, ending, finishes) => {
    openAi().script = responds([message("Half")], ending);
    for (const route of PROXY_ROUTES) {
      for (const stream of STREAMED) {
        const reply = await wire.ask(route, stream);
        expect(reply, reply.raw).toMatchObject({ status: 200, text: "Half", finish: finishes[route] });
      }
    }
  });

  test("with a refusal, and with two messages", async () => {
    openAi().script = responds([
      message("Looking.", { id: "msg_a", phase: "commentary" }),
      message("", { id: "msg_b", content: [{ type: "refusal", refusal: "No." }] }),
    ]);
    for (const [route, stream] of EACH) {
      const reply = await wire.ask(route, stream);
      expect(reply.status, reply.raw).toBe(200);
      expect(reply.text.replace(/\s+/g, " ")).toMatch(/^Looking\. ?(?:No\.)?$/);
    }
  });
});

describe("W13: a loop of tool calls", () => {
  test.each(EACH)("at %s, streamed: %s, keeps each reasoning item before its call", async (route, stream) => {
    openAi().script = responds([
      reasoning("rs_1", "First."),
      message("I look it up."),
      reasoning("rs_2", ""),
      functionCall("call_1", "weather", { city: "Paris" }),
      functionCall("call_2", "weather", { city: "Rome" }),
    ]);
    const first = await wire.ask(route, stream, withTool(route));
    expect(first.status, first.raw).toBe(200);
    expect(first.calls.map(({ name, arguments: args }) => [name, JSON.parse(args)])).toEqual([
      ["weather", { city: "Paris" }],
      ["weather", { city: "Rome" }],
    ]);
    openAi().script = responds([message("It is sunny.")]);
    const second = await wire.ask(route, stream, nextTurn(route, first));
    expect(second, second.raw).toMatchObject({ status: 200, text: "It is sunny." });
    const sent = lastBody();
    expect(inputTypes(sent)).toEqual([
      "message",
      "reasoning",
      "message",
      "reasoning",
      "function_call",
      "function_call",
      "function_call_output",
      "function_call_output",
    ]);
    const items = arrayField(sent, "input");
    expect(items[1]).toEqual(reasoning("rs_1", "First."));
    expect(items[3]).toEqual(reasoning("rs_2", ""));
    expect(items[4]).toEqual({
      type: "function_call",
      call_id: first.calls[0]?.id,
      name: "weather",
      arguments: '{"city":"Paris"}',
    });
    expect(items[6]).toMatchObject({ call_id: first.calls[0]?.id, output: "Sunny" });
  });

  test("a client that drops the reasoning, or what followed it, is answered", async () => {
    openAi().script = responds([reasoning("rs_1", "Hm."), functionCall("call_1", "weather", {})]);
    const first = await wire.ask("v1/responses", false, withTool("v1/responses"));
    const input = arrayField(nextTurn("v1/responses", first), "input") as JsonObject[];
    openAi().script = responds([message("Done.")]);
    const without = (type: string): JsonObject => ({
      ...withTool("v1/responses"),
      input: input.filter((item) => item["type"] !== type),
    });
    await wire.ask("v1/responses", false, without("reasoning"));
    expect(inputTypes(lastBody())).toEqual(["message", "function_call", "function_call_output"]);
    expect(arrayField(lastBody(), "input")[1]).not.toHaveProperty("id");
    await wire.ask("v1/responses", false, without("function_call"));
    expect(inputTypes(lastBody())).not.toContain("reasoning");
    expect(inputTypes(lastBody())).not.toContain("function_call_output");
    await wire.ask("v1/responses", false, without("function_call_output"));
    expect(inputTypes(lastBody())).toEqual(["message", "reasoning", "function_call", "function_call_output"]);
  });

  test("reasoning goes to no other engine", async () => {
    openAi().script = responds([reasoning("rs_1", "Hm."), functionCall("call_1", "weather", {})]);
    const first = await wire.ask("v1/messages", false, withTool("v1/messages"));
    openAi().script = (exchange) => exchange.json(503, { error: { message: "Overloaded" } });
    const second = await wire.ask("v1/messages", false, nextTurn("v1/messages", first));
    expect(second).toMatchObject({ status: 200, text: "Hello from groq." });
    expect(JSON.stringify(other().requests.at(-1)?.json)).not.toContain("enc-rs_1");
  });
});

const refusal = (text: string, code: string | null): JsonObject => ({
  error: { message: text, type: "invalid_request_error", param: null, code },
});
const NOT_VERIFIED = "The encrypted content gAAA could not be verified.";

describe("W13: reasoning that OpenAI refuses is left out in one repetition", () => {
  const refuseReasoning = (refuse: (exchange: Parameters<Script>[0]) => Promise<void>): Script => {
    const answer = responds([message("Still here.")]);
    return (exchange) =>
      inputTypes(exchange.request.json as JsonObject).includes("reasoning")
        ? refuse(exchange)
        : answer(exchange);
  };
  const inStream = (event: JsonObject) => async (exchange: Parameters<Script>[0]) => {
    await exchange.startStream();
    for (const one of eventsOf([])) await exchange.event(one);
    await exchange.event(event);
    await exchange.endStream();
  };
  test.each<[string, Script]>([
    ["with its code", (exchange) => exchange.json(400, refusal(NOT_VERIFIED, "invalid_encrypted_content"))],
    [
      "of another organisation",
      (exchange) =>
        exchange.json(
          400,
          refusal(`${NOT_VERIFIED} Reason: Encrypted content organization_id did not match.`, null),
        ),
    ],
    ["within the stream", inStream({ type: "error", ...refusal(NOT_VERIFIED, null) })],
    [
      "as a failed response",
      inStream({
        type: "response.failed",
        response: {
          object: "response",
          status: "failed",
          output: [],
          error: { code: "invalid_encrypted_content", message: NOT_VERIFIED },
        },
      }),
    ],
    [
      "without its follower",
      (exchange) =>
        exchange.json(
          400,
          refusal("Item 'rs_1' of type 'reasoning' was provided without its required following item.", null),
        ),
    ],
    [
      "that its call misses",
      (exchange) =>
        exchange.json(
          400,
          refusal(
            "Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1'.",
            null,
          ),
        ),
    ],
  ])("%s", async (_what, refuse) => {
    openAi().script = responds([reasoning("rs_1", "Hm."), functionCall("call_1", "weather", {})]);
    const first = await wire.ask("v1/messages", true, withTool("v1/messages"));
    openAi().requests.length = 0;
    openAi().script = refuseReasoning(async (exchange) => refuse(exchange));
    const second = await wire.ask("v1/messages", true, nextTurn("v1/messages", first));
    expect(second, second.raw).toMatchObject({ status: 200, text: "Still here." });
    expect(bodies().map((body) => inputTypes(body).includes("reasoning"))).toEqual([true, false]);
    expect(second.headers.get("x-sarmalink-engine")).toBe("openai/gpt-5.6-sol");
  });
});

describe("W13: counts of tokens", () => {
  test("are OpenAI's own, on both routes", async () => {
    openAi().script = (exchange) =>
      exchange.json(200, { object: "response.input_tokens", input_tokens: 1_234 });
    const counted = await wire.post("v1/responses/input_tokens", {
      model: "openai/gpt-5.6-sol",
      input: "Hi",
      instructions: "Be brief.",
      ...withTool("v1/responses"),
      reasoning: { effort: "low" },
    });
    expect(await counted.json()).toEqual({ object: "response.input_tokens", input_tokens: 1_234 });
    expect(openAi().requests.at(-1)?.path).toBe("/v1/responses/input_tokens");
    expect(Object.keys(lastBody()).sort()).toEqual(["input", "instructions", "model", "reasoning", "tools"]);
    const messages = await wire.post("v1/messages/count_tokens", {
      model: "openai/gpt-5.6-sol",
      messages: [{ role: "user", content: "Hi" }],
    });
    expect(await messages.json()).toEqual({ input_tokens: 1_234 });
  });

  test("are estimated where the engine does not count, and refused in OpenAI's shape", async () => {
    const estimated = await wire.post("v1/responses/input_tokens", {
      model: "groq/llama-3.3-70b-versatile",
      input: "Hello there",
    });
    expect(await estimated.json()).toEqual({ object: "response.input_tokens", input_tokens: 3 });
    openAi().script = (exchange) => exchange.json(404, { error: { message: "no" } });
    const missing = await wire.post("v1/responses/input_tokens", {
      model: "openai/gpt-5.6-sol",
      input: "Hello",
    });
    expect(await missing.json()).toMatchObject({ input_tokens: 2 });
    const refused = await wire.post("v1/responses/input_tokens", { input: "Hello" });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { type: "invalid_request_error", param: "model" } });
  });
});

test("the usage is billed as reported", async () => {
  const reply = await wire.ask("v1/responses", false);
  expect(reply.usage).toEqual(USAGE);
});

// The last, because failures open the breaker.
test.each(PROXY_ROUTES)("W13: a response that fails at %s lets the next engine answer", async (route) => {
  openAi().script = async (exchange) => {
    await exchange.startStream();
    for (const event of eventsOf([])) await exchange.event(event);
    const error = { code: "server_error", message: "Oops" };
    await exchange.event({ type: "response.failed", response: { status: "failed", output: [], error } });
    await exchange.endStream();
  };
  const reply = await wire.ask(route, true);
  expect(reply, reply.raw).toMatchObject({ status: 200, text: "Hello from groq." });
  expect(openAi().requests).toHaveLength(1);
});
