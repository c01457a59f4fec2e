import { readFileSync } from "node:fs";
import { createOpenAI } from "@ai-sdk/openai";
import { type AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, Output, stepCountIs, streamText, tool } from "ai";
import OpenAI, { APIError, BadRequestError, NotFoundError, RateLimitError } from "openai";
import { zodResponsesFunction, zodTextFormat } from "openai/helpers/zod";
import type { ResponseInputItem, ResponseStreamEvent } from "openai/resources/responses/responses";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { arrayField, field, isJsonObject, stringField } from "#lib/shared/json.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { type JsonBody, ResponseReader, readEvents } from "../support/response-events.ts";
import {
  breaksAfter,
  failsWith,
  inTurn,
  type Said,
  says,
  saysThenWaits,
} from "../support/scripted-answers.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, eventually } from "../support/test-gateway.ts";

let database: TestSupabase;
let key: string;
let proxy: ProxyGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  key = await createKey(database, (await database.signUp()).userId);
});

afterAll(async () => {
  await database.stop();
});

beforeEach(async () => {
  proxy = await startProxyGateway(database);
});

afterEach(() => proxy.stop());

/** The body of the latest request that the first engine saw. */
const arrived = (): unknown => proxy.first.requests.at(-1)?.json;
const messagesArrived = (): unknown[] => arrayField(arrived(), "messages");

const city = z.object({ city: z.string() });
const londonCall: Said = {
  text: ["Let me ", "see."],
  calls: [{ id: "call_1", name: "get_weather", pieces: ['{"ci', 'ty":"London"}'] }],
};

describe.each(["in process", "over HTTP"] as const)("the openai SDK, %s", (transport) => {
  let client: OpenAI;

  beforeEach(async () => {
    const where =
      transport === "in process"
        ? { baseURL: proxy.baseUrl, fetch: proxy.fetch }
        : { baseURL: `${(await proxy.overHttp()).url}/api/v1` };
    client = new OpenAI({ apiKey: key, maxRetries: 0, ...where });
  });

  test("reads an answer, its text and its usage", async () => {
    proxy.first.script = says({ reasoning: ["Hm."], text: ["Hel", "lo"] });
    const response = await client.responses.create({
      model: "gpt-4o-mini",
      instructions: "Be brief.",
      input: "Hi",
      max_output_tokens: 50,
      store: true,
    });
    expect(response).toMatchObject({
      id: expect.stringMatching(/^resp_\w+$/),
      object: "response",
      status: "completed",
      model: "gpt-4o-mini",
      output_text: "Hello",
      store: false,
      instructions: "Be brief.",
      max_output_tokens: 50,
      output: [
        { type: "reasoning", summary: [{ text: "Hm." }] },
        { type: "message", role: "assistant" },
      ],
      usage: {
        input_tokens: 10,
        output_tokens: 5,
        total_tokens: 15,
        input_tokens_details: { cached_tokens: 4 },
        output_tokens_details: { reasoning_tokens: 2 },
      },
    });
    expect(arrived()).toMatchObject({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
      ],
      max_tokens: 50,
      stream: false,
    });
  });

  test("reads a stream, event by event", async () => {
    proxy.first.script = says({ reasoning: ["Hm."], text: ["Hel", "lo"] });
    const stream = await client.responses.create({ model: "smart", input: "Hi", stream: true });
    const events: ResponseStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    const deltas = events.flatMap((event) =>
      event.type === "response.output_text.delta" ? [event.delta] : [],
    );
    expect(deltas.join("")).toBe("Hello");
    expect(events.at(-1)?.type).toBe("response.completed");
  });

  test("puts a stream together", async () => {
    proxy.first.script = says(londonCall);
    const stream = client.responses.stream({ model: "smart", input: "Weather?" });
    const snapshots: string[] = [];
    stream.on("response.output_text.delta", ({ snapshot }) => snapshots.push(snapshot));
    const response = await stream.finalResponse();
    expect(snapshots.at(-1)).toBe("Let me see.");
    expect(response.output).toMatchObject([
      { type: "message", content: [{ text: "Let me see." }] },
      { type: "function_call", call_id: "call_1", name: "get_weather", arguments: '{"city":"London"}' },
    ]);
  });

  test("parses a text with a schema, and the arguments of a function", async () => {
    proxy.first.script = inTurn(says({ text: ['{"city":', '"Kyiv"}'] }), says(londonCall));
    const parsed = await client.responses.parse({
      model: "smart",
      input: "Where?",
      text: { format: zodTextFormat(city, "place") },
    });
    expect(parsed.output_parsed).toEqual({ city: "Kyiv" });
    expect(arrived()).toMatchObject({
      response_format: { type: "json_schema", json_schema: { name: "place", strict: true } },
    });
    const called = await client.responses.parse({
      model: "smart",
      input: "Weather?",
      tools: [zodResponsesFunction({ name: "get_weather", parameters: city })],
    });
    const call = called.output.find((item) => item.type === "function_call");
    expect(call).toMatchObject({ parsed_arguments: { city: "London" } });
  });

  test.each([false, true])("goes through a loop of tools (stream: %s)", async (stream) => {
    proxy.first.script = inTurn(says({ reasoning: ["Hm."], ...londonCall }), says({ text: ["20C"] }));
    const tools = [
      { type: "function" as const, name: "get_weather", parameters: { type: "object" }, strict: false },
    ];
    const ask = (input: ResponseInputItem[]) =>
      stream
        ? client.responses.stream({ model: "smart", input, tools }).finalResponse()
        : client.responses.create({ model: "smart", input, tools });
    const input: ResponseInputItem[] = [{ role: "user", content: "Weather?" }];
    const first = await ask(input);
    for (const item of first.output) {
      input.push(item as ResponseInputItem);
      if (item.type !== "function_call") continue;
      input.push({ type: "function_call_output", call_id: item.call_id, output: "20 degrees" });
    }
    const second = await ask(input);
    expect(second.output_text).toBe("20C");
    expect(messagesArrived()).toMatchObject([
      { role: "user", content: "Weather?" },
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: [
          {
            id: "call_1",
            type: "function",
            function: { name: "get_weather", arguments: '{"city":"London"}' },
          },
        ],
      },
      { role: "tool", tool_call_id: "call_1", content: "20 degrees" },
    ]);
  });

  test("is told what is wrong, in errors of its own kinds", async () => {
    await expect(
      client.responses.create({ model: "smart", input: "Hi", previous_response_id: "resp_1" }),
    ).rejects.toMatchObject({
      constructor: BadRequestError,
      param: "previous_response_id",
      message: expect.stringContaining("in `input`") as string,
    });
    await expect(client.responses.create({ model: "groq/x", input: "Hi" })).rejects.toBeInstanceOf(
      NotFoundError,
    );
    await expect(
      client.responses.create({ model: "smart", input: [{ role: "tool" } as never] }),
    ).rejects.toBeInstanceOf(BadRequestError);
    expect(proxy.first.requests).toEqual([]);
    proxy.first.script = failsWith(503, { error: { message: "busy" } });
    proxy.second.script = failsWith(503, { error: { message: "busy" } });
    await expect(
      client.responses.create({ model: "smart", input: "Hi", stream: true }),
    ).rejects.toMatchObject({
      status: 503,
    });
  });

  test("is told in the stream that an answer broke off", async () => {
    // A call that has begun cannot be continued by another engine.
    proxy.first.script = breaksAfter({
      text: ["Let me see."],
      calls: [{ id: "call_1", name: "f", pieces: ['{"a"'] }],
    });
    const stream = await client.responses.create({ model: "smart", input: "Hi", stream: true });
    const events: ResponseStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events.at(-1)).toMatchObject({
      type: "response.failed",
      response: { status: "failed", error: { code: "server_error" } },
    });
    const done = events.flatMap((event) =>
      event.type === "response.output_item.done" ? [event.item.type] : [],
    );
    expect(done).toEqual(["message"]);
  });

  test("that leaves closes the upstream within a second", async () => {
    proxy.first.script = saysThenWaits("Hello ");
    const stream = await client.responses.create({ model: "smart", input: "Hi", stream: true });
    for await (const event of stream) if (event.type === "response.output_text.delta") break;
    const left = performance.now();
    stream.controller.abort();
    await eventually("the upstream is closed", () => proxy.first.requests[0]?.closedAt !== undefined);
    expect(performance.now() - left).toBeLessThan(1_000);
    expect(proxy.second.requests).toEqual([]);
  });

  test("is told when an answer was cut", async () => {
    proxy.first.script = says({ text: ["Hel"], finish: "length" });
    const body = { model: "smart", input: "Hi" };
    for (const response of [
      await client.responses.create(body),
      await client.responses.stream(body).finalResponse(),
    ]) {
      expect(response).toMatchObject({
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
        output_text: "Hel",
      });
    }
  });
});

test("an engine's limit is told as a limit", async () => {
  const client = new OpenAI({ apiKey: key, maxRetries: 0, baseURL: proxy.baseUrl, fetch: proxy.fetch });
  const limited = failsWith(429, { error: { message: "slow" } }, { "retry-after": "7" });
  proxy.first.script = limited;
  proxy.second.script = limited;
  const error: unknown = await client.responses
    .create({ model: "smart", input: "Hi" })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(APIError);
  // All engines are benched, which is the gateway's being unavailable, not this client's limit.
  expect(error).not.toBeInstanceOf(RateLimitError);
});

describe("the AI SDK, whose default is this API", () => {
  const model = () => createOpenAI({ apiKey: key, baseURL: proxy.baseUrl, fetch: proxy.fetch })("smart");

  test("streams text and reasoning, with usage and finish", async () => {
    proxy.first.script = says({ reasoning: ["Hm."], text: ["Hel", "lo"] });
    const result = streamText({ model: model(), prompt: "Hi", system: "Be brief.", maxRetries: 0 });
    expect(await result.text).toBe("Hello");
    expect(await result.reasoningText).toBe("Hm.");
    expect(await result.finishReason).toBe("stop");
    expect(await result.usage).toMatchObject({ inputTokens: 10, outputTokens: 5 });
    expect(messagesArrived()).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
    ]);
  });

  test.each([false, true])("makes objects (stream: %s)", async (stream) => {
    proxy.first.script = says({ text: ['{"city":', '"Kyiv"}'] });
    const options = {
      model: model(),
      prompt: "Where?",
      output: Output.object({ schema: city }),
      maxRetries: 0,
    };
    const object = stream ? await streamText(options).output : (await generateText(options)).output;
    expect(object).toEqual({ city: "Kyiv" });
    expect(arrived()).toMatchObject({ response_format: { type: "json_schema" } });
  });

  test.each([false, true])("goes through a loop of tools (stream: %s)", async (stream) => {
    proxy.first.script = inTurn(says(londonCall), says({ text: ["20C"] }));
    const options = {
      model: model(),
      prompt: "Weather?",
      tools: { get_weather: tool({ inputSchema: city, execute: async () => "20 degrees" }) },
      stopWhen: stepCountIs(3),
      providerOptions: { openai: { store: false } },
      maxRetries: 0,
    };
    const text = stream ? await streamText(options).text : (await generateText(options)).text;
    expect(text).toBe("20C");
    expect(messagesArrived()).toMatchObject([
      { role: "user" },
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: [{ id: "call_1", function: { name: "get_weather" } }],
      },
      { role: "tool", tool_call_id: "call_1", content: "20 degrees" },
    ]);
  });

  test("refers to what it thinks is stored, unless told otherwise: the loop of tools works all the same", async () => {
    proxy.first.script = inTurn(says(londonCall), says({ text: ["20C"] }));
    const { text, steps } = await generateText({
      model: model(),
      prompt: "Weather?",
      tools: { get_weather: tool({ inputSchema: city, execute: async () => "20 degrees" }) },
      stopWhen: stepCountIs(3),
      maxRetries: 0,
    });
    expect(text).toBe("20C");
    expect(messagesArrived()).toMatchObject([
      { role: "user" },
      { role: "assistant", content: null, tool_calls: [{ id: "call_1" }] },
      { role: "tool", tool_call_id: "call_1" },
    ]);
    expect(steps.at(-1)?.response.headers?.["x-sarmalink-dropped"]).toBe("input.item_reference");
  });

  test("is told that an answer broke off", async () => {
    proxy.first.script = breaksAfter({ calls: [{ id: "call_1", name: "f", pieces: ['{"a"'] }] });
    const errors: unknown[] = [];
    const result = streamText({
      model: model(),
      prompt: "Hi",
      tools: { f: tool({ inputSchema: z.object({ a: z.number() }) }) },
      maxRetries: 0,
      onError: ({ error }) => void errors.push(error),
    });
    await result.consumeStream();
    expect(errors.length).toBeGreaterThan(0);
    expect(await result.toolCalls).toEqual([]);
  });
});

describe("LangChain with useResponsesApi", () => {
  const model = () =>
    new ChatOpenAI({
      model: "smart",
      apiKey: key,
      useResponsesApi: true,
      maxRetries: 0,
      configuration: { baseURL: proxy.baseUrl, fetch: proxy.fetch },
    });
  const weather = {
    name: "get_weather",
    description: "The weather.",
    schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  };

  test("answers and streams", async () => {
    proxy.first.script = says({ text: ["Hel", "lo"] });
    const answer = await model().invoke("Hi");
    expect(answer.text).toBe("Hello");
    expect(answer.usage_metadata).toMatchObject({ input_tokens: 10, output_tokens: 5, total_tokens: 15 });
    let streamed = "";
    for await (const chunk of await model().stream("Hi")) streamed += chunk.text;
    expect(streamed).toBe("Hello");
  });

  test.each([false, true])("goes through a loop of tools (stream: %s)", async (stream) => {
    proxy.first.script = inTurn(says({ reasoning: ["Hm."], ...londonCall }), says({ text: ["20C"] }));
    const bound = model().bindTools([weather]);
    const ask = async (messages: (HumanMessage | AIMessage | ToolMessage)[]) => {
      if (!stream) return bound.invoke(messages);
      const chunks = [];
      for await (const chunk of await bound.stream(messages)) chunks.push(chunk);
      return chunks.reduce((all, chunk) => all.concat(chunk));
    };
    const question = new HumanMessage("Weather?");
    const first = await ask([question]);
    expect(first.tool_calls).toMatchObject([{ name: "get_weather", args: { city: "London" }, id: "call_1" }]);
    const result = new ToolMessage({ content: "20 degrees", tool_call_id: "call_1" });
    const second = await ask([question, first as AIMessage, result]);
    expect(second.text).toBe("20C");
    expect(messagesArrived()).toMatchObject([
      { role: "user", content: "Weather?" },
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: [{ id: "call_1", function: { name: "get_weather" } }],
      },
      { role: "tool", tool_call_id: "call_1", content: "20 degrees" },
    ]);
  });
});

describe("what Codex sent", () => {
  type Sent = { input: Record<string, unknown>[]; tools: Record<string, unknown>[] };
  const FOLDER = new URL("../fixtures/clients/", import.meta.url);
  const recorded = (number: string): Sent & JsonBody => {
    const file = readFileSync(new URL(`codex-${number}-POST-v1_responses.json`, FOLDER), "utf8");
    return (JSON.parse(file) as { body: Sent & JsonBody }).body;
  };
  const send = (body: object): Promise<Response> =>
    proxy.fetch(`${proxy.baseUrl}/responses`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        authorization: `Bearer ${key}`,
      },
      body: JSON.stringify(body),
    });
  /** The texts of a message that was sent. */
  const textsOf = (item: unknown): unknown => {
    const parts = arrayField(item, "content").map((part) => ({ type: "text", text: field(part, "text") }));
    return parts.length === 1 ? parts[0]?.text : parts;
  };

  test.each(["001", "002"])("%s arrives as a chat, field by field", async (number) => {
    const body = recorded(number);
    const response = await send(body);
    expect(response.status).toBe(200);
    await response.text();
    const [dev1, dev2, user1, user2] = body.input;
    const turn =
      number === "001"
        ? []
        : [
            {
              role: "assistant",
              content: null,
              tool_calls: [
                {
                  id: "call_mock1",
                  type: "function",
                  function: { name: "exec_command", arguments: body.input[4]?.["arguments"] },
                },
              ],
            },
            { role: "tool", tool_call_id: "call_mock1", content: body.input[5]?.["output"] },
          ];
    const functionOf = (tool: unknown, namespace = ""): unknown => ({
      type: "function",
      function: {
        name: `${namespace}${String(field(tool, "name"))}`,
        description: field(tool, "description"),
        parameters: field(tool, "parameters"),
        strict: false,
      },
    });
    expect(arrived()).toEqual({
      model: "m",
      messages: [
        // System messages at the head are one text: many templates take one only.
        {
          role: "system",
          content: [
            textsOf(dev1),
            ...arrayField(dev2, "content").map((part) => stringField(part, "text")),
          ].join("\n\n"),
        },
        { role: "user", content: textsOf(user1) },
        { role: "user", content: textsOf(user2) },
        ...turn,
      ],
      tools: body.tools.flatMap((tool) => {
        if (tool["type"] === "function") return [functionOf(tool)];
        return arrayField(tool, "tools").map((inner) => functionOf(inner, `${String(tool["name"])}__`));
      }),
      tool_choice: "auto",
      parallel_tool_calls: true,
      prompt_cache_key: body["prompt_cache_key"],
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(response.headers.get("x-sarmalink-dropped")).toBe("tools.web_search");
  });

  test("and what it gets back is what it reads: items that are done, and a response that is completed", async () => {
    proxy.first.script = says({
      reasoning: ["Hm."],
      text: ["On it."],
      calls: [
        { id: "call_1", name: "exec_command", pieces: ['{"cmd":', '"ls"}'] },
        { id: "call_2", name: "multi_agent_v1__close_agent", pieces: ['{"target":"a"}'] },
      ],
    });
    const events = readEvents(await (await send(recorded("001"))).text());
    const { done, terminal } = ResponseReader.read(events);
    expect(done).toMatchObject([
      { type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "On it." }] },
      { type: "function_call", call_id: "call_1", name: "exec_command", arguments: '{"cmd":"ls"}' },
      { type: "function_call", call_id: "call_2", name: "close_agent", namespace: "multi_agent_v1" },
    ]);
    expect(done[2]).not.toHaveProperty("namespace");
    const response = terminal?.["response"];
    expect(isJsonObject(response) && response).toMatchObject({
      id: expect.stringMatching(/^resp_/) as string,
      usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
    });
  });
});
