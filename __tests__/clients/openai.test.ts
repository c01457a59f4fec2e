import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from "openai";
import { zodFunction, zodResponseFormat } from "openai/helpers/zod";
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
  ChatCompletionTool,
} from "openai/resources/chat/completions";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { field } from "#lib/shared/json.ts";
import { answers } from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import {
  breaksAfter,
  failsWith,
  inTurn,
  type Said,
  says,
  saysThenWaits,
} from "../support/scripted-answers.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, eventually } from "../support/test-gateway.ts";

let database: TestSupabase;
let user: TestUser;
let key: string;

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
  key = await createKey(database, user.userId);
});

afterAll(async () => {
  await database.stop();
});

const hi: ChatCompletionMessageParam[] = [{ role: "user", content: "Hi" }];
const city = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const weather: ChatCompletionTool = {
  type: "function",
  function: { name: "get_weather", description: "The weather.", parameters: city, strict: true },
};
const time: ChatCompletionTool = { type: "function", function: { name: "get_time", parameters: city } };
const twoCalls: Said = {
  calls: [
    { id: "call_1", name: "get_weather", pieces: ['{"ci', 'ty":"Lon', 'don"}'] },
    { id: "call_2", name: "get_time", pieces: ['{"city":', '"Kyiv"}'] },
  ],
};

async function collect(stream: AsyncIterable<ChatCompletionChunk>): Promise<ChatCompletionChunk[]> {
  const chunks: ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const textOf = (chunks: readonly ChatCompletionChunk[], choice = 0): string =>
  chunks
    .flatMap(({ choices }) => choices)
    .filter(({ index }) => index === choice)
    .map(({ delta }) => delta.content ?? "")
    .join("");

describe.each(["in process", "over HTTP"] as const)("the openai SDK, %s", (transport) => {
  let proxy: ProxyGateway;
  let client: OpenAI;
  /** A client with other options, of the same gateway. */
  let clientWith: (changes: ConstructorParameters<typeof OpenAI>[0]) => OpenAI;

  beforeEach(async () => {
    proxy = await startProxyGateway(database);
    const where =
      transport === "in process"
        ? { baseURL: proxy.baseUrl, fetch: proxy.fetch }
        : { baseURL: `${(await proxy.overHttp()).url}/api/v1` };
    clientWith = (changes) => new OpenAI({ apiKey: key, maxRetries: 0, ...where, ...changes });
    client = clientWith({});
  });

  afterEach(() => proxy.stop());

  /** The body of the latest request that the first engine saw. */
  const arrived = (): unknown => proxy.first.requests.at(-1)?.json;

  describe("an answer", () => {
    test("has the text, the name that was asked for, the finish and the usage", async () => {
      proxy.first.script = says({ text: ["Hel", "lo"] });
      const answer = await client.chat.completions.create({ model: "gpt-4o-mini", messages: hi });
      expect(answer).toMatchObject({
        id: expect.stringMatching(/^chatcmpl-\w+$/),
        object: "chat.completion",
        created: expect.closeTo(Date.now() / 1_000, -2),
        model: "gpt-4o-mini",
        choices: [
          {
            index: 0,
            message: { role: "assistant", content: "Hello", refusal: null },
            logprobs: null,
            finish_reason: "stop",
          },
        ],
        usage: {
          prompt_tokens: 10,
          completion_tokens: 5,
          total_tokens: 15,
          prompt_tokens_details: { cached_tokens: 4 },
          completion_tokens_details: { reasoning_tokens: 2 },
        },
      });
      expect(answer.choices[0]?.message.tool_calls).toBeUndefined();
    });

    test("tells in its headers who answered, and its request id", async () => {
      proxy.first.script = failsWith(500, { error: { message: "down" } });
      const { data, response, request_id } = await client.chat.completions
        .create({ model: "gpt-4o-mini", messages: hi })
        .withResponse();
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "x-sarmalink-engine": "second/m",
        "x-sarmalink-provider": "second",
        "x-sarmalink-attempts": "2",
        "x-sarmalink-mode": "fast",
        "cache-control": "no-store",
      });
      expect(request_id).toBe(response.headers.get("x-request-id"));
      expect(field(data, "_request_id")).toBe(request_id);
    });

    test("in a stream begins with the role, ends with the finish, and has one id", async () => {
      proxy.first.script = says({ text: ["Hel", "lo"] });
      const chunks = await collect(
        await client.chat.completions.create({ model: "claude-opus-4-7", messages: hi, stream: true }),
      );
      expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
      expect(textOf(chunks)).toBe("Hello");
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
      expect(
        chunks.flatMap(({ choices }) => choices).filter((one) => one.finish_reason !== null),
      ).toHaveLength(1);
      expect(new Set(chunks.map(({ id, model, object }) => `${id} ${model} ${object}`)).size).toBe(1);
      expect(chunks[0]?.model).toBe("claude-opus-4-7");
      expect(chunks.every((chunk) => chunk.usage === undefined)).toBe(true);
    });

    test("has its usage in a last chunk without choices, when asked for", async () => {
      proxy.first.script = says({ text: ["Hello"] });
      const chunks = await collect(
        await client.chat.completions.create({
          model: "smart",
          messages: hi,
          stream: true,
          stream_options: { include_usage: true },
        }),
      );
      expect(chunks.at(-1)).toMatchObject({
        choices: [],
        usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      });
      expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    });

    test("is put together by the stream helper", async () => {
      proxy.first.script = says({ text: ["Hel", "lo"] });
      const stream = client.chat.completions.stream({
        model: "smart",
        messages: hi,
        stream_options: { include_usage: true },
      });
      const pieces: string[] = [];
      stream.on("content", (piece) => pieces.push(piece));
      expect(await stream.finalContent()).toBe("Hello");
      expect(pieces).toEqual(["Hel", "lo"]);
      expect((await stream.finalChatCompletion()).choices[0]?.finish_reason).toBe("stop");
      expect(await stream.totalUsage()).toMatchObject({ total_tokens: 15 });
    });

    test("has as many alternatives as were asked for", async () => {
      proxy.first.script = says({ text: ["One"] }, { text: ["Two"], finish: "length" });
      const ask = { model: "smart", messages: hi, n: 2 };
      const whole = await client.chat.completions.create(ask);
      expect(whole.choices.map(({ index, message }) => [index, message.content])).toEqual([
        [0, "One"],
        [1, "Two"],
      ]);
      expect(whole.choices.map((choice) => choice.finish_reason)).toEqual(["stop", "length"]);
      const chunks = await collect(await client.chat.completions.create({ ...ask, stream: true }));
      expect([textOf(chunks, 0), textOf(chunks, 1)]).toEqual(["One", "Two"]);
      expect(arrived()).toMatchObject({ n: 2 });
    });

    test("has the log probabilities of its tokens", async () => {
      const logprobs = ["Hel", "lo"].map((token) => ({
        token,
        logprob: -0.5,
        bytes: null,
        top_logprobs: [],
      }));
      proxy.first.script = says({ text: ["Hel", "lo"], logprobs });
      const ask = { model: "smart", messages: hi, logprobs: true, top_logprobs: 2 };
      const whole = await client.chat.completions.create(ask);
      expect(whole.choices[0]?.logprobs?.content).toEqual(logprobs);
      const chunks = await collect(await client.chat.completions.create({ ...ask, stream: true }));
      expect(
        chunks.flatMap(({ choices }) => choices.flatMap((choice) => choice.logprobs?.content ?? [])),
      ).toEqual(logprobs);
      expect(arrived()).toMatchObject({ logprobs: true, top_logprobs: 2 });
    });

    test("that is a refusal says so, and has no content", async () => {
      proxy.first.script = says({ refusal: ["I ", "won't."] });
      const whole = await client.chat.completions.create({ model: "smart", messages: hi });
      expect(whole.choices[0]?.message).toMatchObject({ content: null, refusal: "I won't." });
      const stream = client.chat.completions.stream({ model: "smart", messages: hi });
      expect((await stream.finalMessage()).refusal).toBe("I won't.");
    });

    test("has the reasoning apart from the text", async () => {
      proxy.first.script = says({ reasoning: ["Let me ", "think."], text: ["Four"] });
      const whole = await client.chat.completions.create({ model: "o3", messages: hi });
      expect(whole.choices[0]?.message).toMatchObject({
        content: "Four",
        reasoning_content: "Let me think.",
      });
      const chunks = await collect(
        await client.chat.completions.create({ model: "o3", messages: hi, stream: true }),
      );
      const reasoning = chunks.map(({ choices }) => field(choices[0]?.delta, "reasoning_content") ?? "");
      expect(reasoning.join("")).toBe("Let me think.");
      expect(textOf(chunks)).toBe("Four");
    });

    test("cut short says length; filtered says content_filter; a word of the provider's own says stop", async () => {
      for (const [finish, expected] of [
        ["length", "length"],
        ["content_filter", "content_filter"],
        ["eos_token_of_ours", "stop"],
      ]) {
        proxy.first.script = says({ text: ["Hello"], finish: finish ?? "" });
        const whole = await client.chat.completions.create({ model: "smart", messages: hi });
        expect(whole.choices[0]?.finish_reason).toBe(expected);
      }
    });
  });

  describe("tools", () => {
    test("are called in parallel, in an answer and in the fragments of a stream", async () => {
      proxy.first.script = says(twoCalls);
      const ask = { model: "smart", messages: hi, tools: [weather, time], parallel_tool_calls: true };
      const expected = [
        { id: "call_1", type: "function", function: { name: "get_weather", arguments: '{"city":"London"}' } },
        { id: "call_2", type: "function", function: { name: "get_time", arguments: '{"city":"Kyiv"}' } },
      ];
      const whole = await client.chat.completions.create(ask);
      expect(whole.choices[0]).toMatchObject({
        finish_reason: "tool_calls",
        message: { content: null, tool_calls: expected },
      });
      const stream = client.chat.completions.stream(ask);
      expect((await stream.finalMessage()).tool_calls).toMatchObject(expected);
      expect(arrived()).toMatchObject({ tools: [weather, time], parallel_tool_calls: true });
    });

    test("in a raw stream name id, type and name once, at the beginning of each call", async () => {
      proxy.first.script = says(twoCalls);
      const chunks = await collect(
        await client.chat.completions.create({
          model: "smart",
          messages: hi,
          tools: [weather],
          stream: true,
        }),
      );
      const fragments = chunks.flatMap(({ choices }) =>
        choices.flatMap(({ delta }) => delta.tool_calls ?? []),
      );
      const named = fragments.filter(({ id }) => id !== undefined);
      expect(named.map(({ index, id, type, function: fn }) => [index, id, type, fn?.name])).toEqual([
        [0, "call_1", "function", "get_weather"],
        [1, "call_2", "function", "get_time"],
      ]);
      for (const index of [0, 1]) {
        const own = fragments.filter((fragment) => fragment.index === index);
        expect(own.map(({ function: fn }) => fn?.arguments ?? "").join("")).toBe(
          index === 0 ? '{"city":"London"}' : '{"city":"Kyiv"}',
        );
      }
    });

    test("whose fragments take turns are put together all the same", async () => {
      proxy.first.script = async (exchange) => {
        await exchange.startStream();
        const fragment = (index: number, words: Record<string, unknown>) =>
          exchange.event({
            choices: [{ index: 0, delta: { tool_calls: [{ index, ...words }] }, finish_reason: null }],
          });
        await fragment(0, { id: "call_1", function: { name: "get_weather", arguments: "" } });
        await fragment(1, { id: "call_2", function: { name: "get_time", arguments: "" } });
        await fragment(0, { function: { arguments: '{"city":' } });
        await fragment(1, { function: { arguments: '{"city":' } });
        await fragment(0, { function: { arguments: '"London"}' } });
        await fragment(1, { function: { arguments: '"Kyiv"}' } });
        await exchange.event({ choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] });
        await exchange.event("[DONE]");
        await exchange.endStream();
      };
      const plain = { ...weather, function: { name: "get_weather", parameters: city } };
      const stream = client.chat.completions.stream({ model: "smart", messages: hi, tools: [plain, time] });
      expect((await stream.finalMessage()).tool_calls).toMatchObject([
        { id: "call_1", function: { name: "get_weather", arguments: '{"city":"London"}' } },
        { id: "call_2", function: { name: "get_time", arguments: '{"city":"Kyiv"}' } },
      ]);
    });

    test("are run by runTools until there is an answer", async () => {
      proxy.first.script = inTurn(says(twoCalls), says({ text: ["Rain in London."] }));
      const asked: string[] = [];
      const run = (name: string) => ({
        type: "function" as const,
        function: {
          name,
          description: name,
          parameters: city,
          parse: (text: string) => JSON.parse(text) as { city: string },
          function: ({ city: where }: { city: string }) => {
            asked.push(`${name} ${where}`);
            return `${name} of ${where}`;
          },
        },
      });
      const runner = client.chat.completions.runTools({
        model: "smart",
        messages: hi,
        tools: [run("get_weather"), run("get_time")],
      });
      expect(await runner.finalContent()).toBe("Rain in London.");
      expect(asked).toEqual(["get_weather London", "get_time Kyiv"]);
      expect(arrived()).toMatchObject({
        messages: [
          { role: "user", content: "Hi" },
          { role: "assistant", tool_calls: [{ id: "call_1" }, { id: "call_2" }] },
          { role: "tool", tool_call_id: "call_1", content: "get_weather of London" },
          { role: "tool", tool_call_id: "call_2", content: "get_time of Kyiv" },
        ],
      });
    });

    test("are run by a streaming runTools as well", async () => {
      proxy.first.script = inTurn(says(twoCalls), says({ text: ["Done."] }));
      const tool = (name: string) => ({
        type: "function" as const,
        function: { name, description: name, parameters: city, function: () => "fine" },
      });
      const runner = client.chat.completions.runTools({
        model: "smart",
        messages: hi,
        stream: true,
        tools: [tool("get_weather"), tool("get_time")],
      });
      expect(await runner.finalContent()).toBe("Done.");
      expect(proxy.first.requests).toHaveLength(2);
    });

    test("that are parsed by zod are strict, and come back parsed", async () => {
      proxy.first.script = says(twoCalls);
      const schema = z.object({ city: z.string() });
      const answer = await client.chat.completions.parse({
        model: "smart",
        messages: hi,
        tools: [
          zodFunction({ name: "get_weather", parameters: schema }),
          zodFunction({ name: "get_time", parameters: schema }),
        ],
      });
      const calls = answer.choices[0]?.message.tool_calls ?? [];
      expect(calls.map((call) => field(field(call, "function"), "parsed_arguments"))).toEqual([
        { city: "London" },
        { city: "Kyiv" },
      ]);
      expect(arrived()).toMatchObject({
        tools: [{ function: { strict: true } }, { function: { strict: true } }],
      });
    });

    test.each([
      ["none", "none"],
      ["auto", "auto"],
      ["required", "required"],
      [
        { type: "function" as const, function: { name: "get_time" } },
        { type: "function", function: { name: "get_time" } },
      ],
    ] as const)("tool_choice %j arrives", async (choice, expected) => {
      await client.chat.completions.create({
        model: "smart",
        messages: hi,
        tools: [weather, time],
        tool_choice: choice,
      });
      expect(arrived()).toMatchObject({ tools: [weather, time], tool_choice: expected });
    });

    test("that are allowed are the only ones the engine is given", async () => {
      await client.chat.completions.create({
        model: "smart",
        messages: hi,
        tools: [weather, time],
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "get_time" } }] },
        },
      });
      expect(arrived()).toMatchObject({ tools: [time], tool_choice: "required" });
    });

    test("of free text go out and come back as such", async () => {
      const sql = {
        type: "custom" as const,
        custom: { name: "sql", description: "SQL", format: { type: "text" as const } },
      };
      // An engine without custom tools calls a function of one string.
      proxy.first.script = says({
        calls: [{ id: "call_1", name: "sql", pieces: ['{"inp', 'ut": "sel', 'ect 1"}'] }],
      });
      const ask = { model: "smart", messages: hi, tools: [sql] };
      const whole = await client.chat.completions.create(ask);
      const expected = { id: "call_1", type: "custom", custom: { name: "sql", input: "select 1" } };
      expect(whole.choices[0]?.message.tool_calls).toEqual([expected]);
      expect(arrived()).toMatchObject({
        tools: [{ type: "function", function: { name: "sql", parameters: { required: ["input"] } } }],
      });
      const chunks = await collect(await client.chat.completions.create({ ...ask, stream: true }));
      const fragments = chunks.flatMap(({ choices }) =>
        choices.flatMap(({ delta }) => delta.tool_calls ?? []),
      );
      expect(fragments.map((one) => field(field(one, "custom"), "input") ?? "").join("")).toBe("select 1");
      await client.chat.completions.create({
        ...ask,
        messages: [
          ...hi,
          { role: "assistant", tool_calls: whole.choices[0]?.message.tool_calls ?? [] },
          { role: "tool", tool_call_id: "call_1", content: "1" },
        ],
      });
      const sent = { type: "function", function: { name: "sql", arguments: '{"input":"select 1"}' } };
      expect(arrived()).toMatchObject({ messages: [{}, { tool_calls: [sent] }, { content: "1" }] });
    });

    test("in the older form are functions, and come back as a function_call", async () => {
      const call = { id: "call_1", name: "get_weather", pieces: ['{"city":', '"London"}'] };
      proxy.first.script = says({ calls: [call] });
      const functions = [{ name: "get_weather", description: "The weather.", parameters: city }];
      const ask = { model: "smart", messages: hi, functions, function_call: { name: "get_weather" } };
      const whole = await client.chat.completions.create(ask);
      const expected = { name: "get_weather", arguments: '{"city":"London"}' };
      expect(whole.choices[0]).toMatchObject({
        finish_reason: "function_call",
        message: { content: null, function_call: expected },
      });
      expect(whole.choices[0]?.message.tool_calls).toBeUndefined();
      expect(arrived()).toMatchObject({
        tools: [{ type: "function", function: functions[0] }],
        tool_choice: { type: "function", function: { name: "get_weather" } },
      });
      const stream = client.chat.completions.stream(ask);
      expect((await stream.finalMessage()).function_call).toMatchObject(expected);
      await client.chat.completions.create({
        model: "smart",
        messages: [
          ...hi,
          { role: "assistant", content: null, function_call: expected },
          { role: "function", name: "get_weather", content: "Rain" },
        ],
        functions,
      });
      expect(arrived()).toMatchObject({
        messages: [
          {},
          { role: "assistant", tool_calls: [{ id: "function_call_0", function: expected }] },
          { role: "tool", tool_call_id: "function_call_0", content: "Rain" },
        ],
      });
    });
  });

  describe("formats", () => {
    const Event = z.object({ name: z.string(), guests: z.array(z.string()) });
    const party = { name: "Party", guests: ["Ann", "Bo"] };

    test("a zod schema goes out as a strict JSON schema and comes back parsed", async () => {
      proxy.first.script = says({ text: ['{"name":"Party",', '"guests":["Ann","Bo"]}'] });
      const ask = { model: "smart", messages: hi, response_format: zodResponseFormat(Event, "event") };
      const whole = await client.chat.completions.parse(ask);
      expect(whole.choices[0]?.message.parsed).toEqual(party);
      expect(arrived()).toMatchObject({
        response_format: {
          type: "json_schema",
          json_schema: { name: "event", strict: true, schema: { required: ["name", "guests"] } },
        },
      });
      const stream = client.chat.completions.stream(ask);
      expect((await stream.finalChatCompletion()).choices[0]?.message.parsed).toEqual(party);
    });

    test("a JSON object and plain text go out as they are", async () => {
      for (const type of ["json_object", "text"] as const) {
        await client.chat.completions.create({ model: "smart", messages: hi, response_format: { type } });
        expect(arrived()).toMatchObject({ response_format: { type } });
      }
    });
  });

  describe("what is asked arrives", () => {
    const rows: readonly [
      what: string,
      ask: Partial<ChatCompletionCreateParamsNonStreaming>,
      expected: Record<string, unknown>,
    ][] = [
      ["one stop", { stop: "END" }, { stop: ["END"] }],
      ["several stops", { stop: ["END", "FIN"] }, { stop: ["END", "FIN"] }],
      ["a seed of 0", { seed: 0 }, { seed: 0 }],
      ["a temperature of 0", { temperature: 0 }, { temperature: 0 }],
      [
        "images, by URL and as data, with their detail",
        {
          messages: [
            {
              role: "user",
              content: [
                { type: "text", text: "What?" },
                { type: "image_url", image_url: { url: "https://img.example/a.png", detail: "low" } },
                { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
              ],
            },
          ],
        },
        {
          messages: [
            {
              role: "user",
              content: [
                { type: "text", text: "What?" },
                { type: "image_url", image_url: { url: "https://img.example/a.png", detail: "low" } },
                { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
              ],
            },
          ],
        },
      ],
      [
        "developer instructions, as system ones",
        { messages: [{ role: "developer", content: "Be terse." }, ...hi] },
        {
          messages: [
            { role: "system", content: "Be terse." },
            { role: "user", content: "Hi" },
          ],
        },
      ],
      [
        "text in parts, and names",
        {
          messages: [
            {
              role: "system",
              content: [
                { type: "text", text: "Be " },
                { type: "text", text: "terse." },
              ],
            },
            { role: "user", name: "ann", content: [{ type: "text", text: "Hi" }] },
          ],
        },
        {
          messages: [
            { role: "system", content: "Be terse." },
            { role: "user", name: "ann", content: "Hi" },
          ],
        },
      ],
      [
        "an assistant without content, and with a refusal",
        {
          messages: [
            ...hi,
            { role: "assistant", content: null, refusal: "No." },
            { role: "user", content: "Why?" },
            { role: "assistant", content: [{ type: "refusal", refusal: "Because." }] },
            { role: "user", content: "Oh." },
          ],
        },
        {
          messages: [
            { role: "user", content: "Hi" },
            { role: "assistant", content: "No." },
            { role: "user", content: "Why?" },
            { role: "assistant", content: "Because." },
            { role: "user", content: "Oh." },
          ],
        },
      ],
      [
        "a tool's result in parts",
        {
          messages: [
            ...hi,
            {
              role: "assistant",
              tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
            },
            { role: "tool", tool_call_id: "c", content: [{ type: "text", text: "fine" }] },
          ],
        },
        {
          messages: [
            {},
            { role: "assistant", content: null },
            { role: "tool", tool_call_id: "c", content: "fine" },
          ],
        },
      ],
    ];

    test.each(rows)("%s", async (_, ask, expected) => {
      await client.chat.completions.create({ model: "smart", messages: hi, ...ask });
      const [request] = [...proxy.first.requests, ...proxy.second.requests];
      expect(request?.json).toMatchObject(expected);
    });
  });

  describe("errors", () => {
    const ask = (changes: Partial<ChatCompletionCreateParamsNonStreaming> = {}) => ({
      model: "smart",
      messages: hi,
      ...changes,
    });
    const failure = async (work: PromiseLike<unknown>): Promise<unknown> => {
      try {
        await work;
      } catch (error) {
        return error;
      }
      throw new Error("There should have been an error.");
    };

    test("a key that is none is an AuthenticationError, in a list of models too", async () => {
      const stranger = clientWith({ apiKey: "sk-sarmalink-nobody" });
      for (const work of [() => stranger.chat.completions.create(ask()), () => stranger.models.list()]) {
        const error = await failure(work());
        expect(error).toBeInstanceOf(AuthenticationError);
        expect(error).toMatchObject({ status: 401, code: "invalid_api_key", type: "authentication_error" });
        expect(field(error, "requestID")).toMatch(/^[0-9a-f-]{36}$/);
      }
      expect(proxy.first.requests).toEqual([]);
    });

    test("a key's limit is a RateLimitError that says when to come back", async () => {
      const slow = clientWith({ apiKey: await createKey(database, user.userId, { requestsPerMinute: 1 }) });
      await slow.chat.completions.create(ask());
      const error = await failure(slow.chat.completions.create(ask()));
      expect(error).toBeInstanceOf(RateLimitError);
      expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
      expect(error instanceof APIError && Number(error.headers?.get("retry-after"))).toBeGreaterThan(0);
      expect(proxy.first.requests).toHaveLength(1);
    });

    test("a mode that a key may not use is a PermissionDeniedError", async () => {
      const narrow = clientWith({ apiKey: await createKey(database, user.userId, { modes: ["fast"] }) });
      expect(await failure(narrow.chat.completions.create(ask()))).toBeInstanceOf(PermissionDeniedError);
      await narrow.chat.completions.create(ask({ model: "gpt-4o-mini" }));
    });

    test("a bad field is a BadRequestError that names it", async () => {
      const error = await failure(client.chat.completions.create(ask({ temperature: 3 })));
      expect(error).toBeInstanceOf(BadRequestError);
      expect(error).toMatchObject({ status: 400, param: "temperature", type: "invalid_request_error" });
      expect(proxy.first.requests).toEqual([]);
    });

    test("what every engine refuses is a BadRequestError with the first one's reason and param", async () => {
      const refusal = (message: string) =>
        failsWith(400, { error: { message, type: "invalid_request_error", param: "stop", code: null } });
      proxy.first.script = refusal("The first cannot stop there.");
      proxy.second.script = refusal("Nor can the second.");
      const error = await failure(client.chat.completions.create(ask({ stop: "x" })));
      expect(error).toBeInstanceOf(BadRequestError);
      expect(error).toMatchObject({
        param: "stop",
        message: expect.stringContaining("The first cannot stop"),
      });
    });

    test("an answer that a provider's policy forbids is a BadRequestError of one call", async () => {
      proxy.first.script = failsWith(400, {
        error: { message: "Not that.", type: "invalid_request_error", code: "content_policy_violation" },
      });
      const error = await failure(client.chat.completions.create(ask()));
      expect(error).toBeInstanceOf(BadRequestError);
      expect(error).toMatchObject({ code: "content_policy_violation" });
      expect(proxy.second.requests).toEqual([]);
    });

    test("an engine whose provider is not configured is a NotFoundError", async () => {
      const error = await failure(client.chat.completions.create(ask({ model: "openai/gpt-4o" })));
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error).toMatchObject({ status: 404, code: "model_not_found", param: "model" });
      const unknown = await failure(client.models.retrieve("openai/gpt-4o"));
      expect(unknown).toMatchObject({ status: 404, code: "model_not_found" });
    });

    test.each([false, true])(
      "engines that are all down are an InternalServerError (stream: %s)",
      async (stream) => {
        const down = failsWith(500, { error: { message: "secret trouble at https://internal" } });
        proxy.first.script = down;
        proxy.second.script = down;
        const error = await failure(client.chat.completions.create({ ...ask(), stream }));
        expect(error).toBeInstanceOf(InternalServerError);
        expect(error).toMatchObject({ status: 503, code: "engines_unavailable", type: "server_error" });
        expect(error instanceof APIError && Number(error.headers?.get("retry-after"))).toBeGreaterThan(0);
        expect(String(error)).not.toContain("secret trouble");
      },
    );

    test("the SDK's own retries come back when they are told to", async () => {
      proxy.first.script = failsWith(503, {}, { "retry-after": "1" });
      proxy.second.script = inTurn(failsWith(429, {}, { "retry-after": "1" }), answers("At last."));
      const answer = await clientWith({ maxRetries: 2 }).chat.completions.create(ask());
      expect(answer.choices[0]?.message.content).toMatch(/At last/);
    });

    test("a stream that breaks during a tool call throws, and says nothing of success", async () => {
      proxy.first.script = breaksAfter({ calls: [{ id: "call_1", name: "get_weather", pieces: ['{"ci'] }] });
      const stream = await client.chat.completions.create({ ...ask({ tools: [weather] }), stream: true });
      const chunks: ChatCompletionChunk[] = [];
      const error = await failure(
        (async () => {
          for await (const chunk of stream) chunks.push(chunk);
        })(),
      );
      expect(error).toBeInstanceOf(APIError);
      expect(error).toMatchObject({ code: "stream_interrupted", type: "server_error" });
      expect(chunks.length).toBeGreaterThan(0);
      expect(chunks.every(({ choices }) => choices.every((choice) => choice.finish_reason === null))).toBe(
        true,
      );
      const helped = client.chat.completions.stream(ask({ tools: [weather] }) as never);
      expect(await failure(helped.finalChatCompletion())).toBeInstanceOf(APIError);
    });

    test("an answer that breaks in JSON mode is an InternalServerError where it is not streamed", async () => {
      proxy.first.script = async (exchange) => {
        await exchange.head(200, { "content-type": "application/json", "content-length": "1000" });
        await exchange.raw('{"choices":[{"index":0,"message":{"content":"{');
        exchange.reset();
      };
      const answer = await client.chat.completions.create(ask({ response_format: { type: "json_object" } }));
      expect(answer.choices[0]?.message.content).toBe("Hello from second.");
    });

    test("text that breaks off goes on at the next engine, and nothing is said twice", async () => {
      proxy.first.script = breaksAfter({ text: ["Hello ", "wor"] });
      proxy.second.script = says({ text: ["ld!"] });
      const chunks = await collect(await client.chat.completions.create({ ...ask(), stream: true }));
      expect(textOf(chunks)).toBe("Hello world!");
      expect(chunks.flatMap(({ choices }) => choices.flatMap((one) => one.finish_reason ?? []))).toEqual([
        "stop",
      ]);
    });

    test("text that goes on at the next engine ends with the finish", async () => {
      proxy.first.script = breaksAfter({ text: ["Hello ", "wor"] });
      proxy.second.script = says({ text: ["ld!"] });
      const chunks = await collect(await client.chat.completions.create({ ...ask(), stream: true }));
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    });
  });

  describe("a client that leaves", () => {
    test("in the middle of a stream closes the upstream within a second", async () => {
      proxy.first.script = saysThenWaits("Hello ");
      const stream = await client.chat.completions.create({ model: "smart", messages: hi, stream: true });
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
      const left = performance.now();
      stream.controller.abort();
      await eventually("the upstream is closed", () => proxy.first.requests[0]?.closedAt !== undefined);
      expect(performance.now() - left).toBeLessThan(1_000);
      expect(proxy.second.requests).toEqual([]);
    });

    test.each([false, true])("before the first content does so too (stream: %s)", async (stream) => {
      proxy.first.script = (exchange) => exchange.closed();
      const abort = new AbortController();
      const work = client.chat.completions
        .create({ model: "smart", messages: hi, stream }, { signal: abort.signal })
        .then(
          () => "answered",
          (error: unknown) => error,
        );
      await eventually("the upstream is asked", () => proxy.first.requests.length === 1);
      const left = performance.now();
      abort.abort();
      expect(await work).toBeInstanceOf(APIError);
      await eventually("the upstream is closed", () => proxy.first.requests[0]?.closedAt !== undefined);
      expect(performance.now() - left).toBeLessThan(1_000);
      expect(proxy.second.requests).toEqual([]);
    });
  });

  test("the models are listed, page by page, and found one by one", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual(expect.arrayContaining(["auto", "smart", "fast", "first/m", "second/m"]));
    for (const id of ids) expect((await client.models.retrieve(id)).id).toBe(id);
  });
});
