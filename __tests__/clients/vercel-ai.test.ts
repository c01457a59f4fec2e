import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  APICallError,
  generateObject,
  generateText,
  isStepCount,
  type LanguageModel,
  Output,
  streamText,
  type TextStreamPart,
  type ToolSet,
  tool,
} from "ai";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { breaksAfter, failsWith, inTurn, says, saysThenWaits } from "../support/scripted-answers.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { eventually } from "../support/test-gateway.ts";

let database: TestSupabase;

beforeAll(async () => {
  database = await startTestSupabase();
});

afterAll(async () => {
  await database.stop();
});

type Connection = { baseURL: string; fetch?: typeof fetch };
type Sdk = {
  name: string;
  model(id: string, connection: Connection): LanguageModel;
  /** Where OpenAI's own SDK has no place for something. */
  hasReasoning: boolean;
};

const SDKS: readonly Sdk[] = [
  {
    name: "@ai-sdk/openai-compatible",
    model: (id, connection) =>
      createOpenAICompatible({
        name: "sarmalink",
        apiKey: "any",
        includeUsage: true,
        supportsStructuredOutputs: true,
        ...connection,
      })(id),
    hasReasoning: true,
  },
  {
    name: "@ai-sdk/openai, .chat()",
    model: (id, connection) => createOpenAI({ apiKey: "any", ...connection }).chat(id),
    hasReasoning: false,
  },
];
const TRANSPORTS = ["in process", "over HTTP"] as const;
const ROWS = SDKS.flatMap((sdk) => TRANSPORTS.map((transport) => ({ ...sdk, transport })));

const Party = z.object({ name: z.string(), guests: z.array(z.string()) });
const party = { name: "Party", guests: ["Ann", "Bo"] };
const call = { id: "call_1", name: "weather", pieces: ['{"city":', '"London"}'] };

async function collect(stream: AsyncIterable<TextStreamPart<ToolSet>>): Promise<TextStreamPart<ToolSet>[]> {
  const parts: TextStreamPart<ToolSet>[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

describe.each(ROWS)("$name, $transport", ({ model, transport, hasReasoning }) => {
  let proxy: ProxyGateway;
  let connection: Connection;
  let smart: LanguageModel;

  beforeEach(async () => {
    proxy = await startProxyGateway(database);
    connection =
      transport === "in process"
        ? { baseURL: proxy.baseUrl, fetch: proxy.fetch }
        : { baseURL: `${(await proxy.overHttp()).url}/api/v1` };
    smart = model("gpt-4o", connection);
  });

  afterEach(() => proxy.stop());

  const arrived = (): unknown => proxy.first.requests.at(-1)?.json;
  const weather = (asked: string[]) =>
    tool({
      description: "The weather.",
      inputSchema: z.object({ city: z.string() }),
      execute: ({ city }) => {
        asked.push(city);
        return `Rain in ${city}.`;
      },
    });

  test("generateText has the text, the usage and the finish", async () => {
    proxy.first.script = says({ text: ["Hello"] });
    const answer = await generateText({
      model: smart,
      instructions: "Be terse.",
      prompt: "Hi",
      maxRetries: 0,
    });
    expect(answer.text).toBe("Hello");
    expect(answer.finishReason).toBe("stop");
    expect(answer.usage).toMatchObject({ inputTokens: 10, outputTokens: 5 });
    expect(answer.response).toMatchObject({ modelId: "gpt-4o" });
    expect(arrived()).toMatchObject({
      messages: [{ role: "system", content: "Be terse." }, { role: "user" }],
    });
  });

  test("settings arrive", async () => {
    await generateText({
      model: smart,
      prompt: "Hi",
      temperature: 0,
      topP: 0.5,
      maxOutputTokens: 7,
      seed: 3,
      stopSequences: ["END"],
      frequencyPenalty: 0.1,
      presencePenalty: 0.2,
    });
    expect(arrived()).toMatchObject({
      temperature: 0,
      top_p: 0.5,
      max_tokens: 7,
      seed: 3,
      stop: ["END"],
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
    });
  });

  test("streamText has the text in pieces, the usage and the finish", async () => {
    proxy.first.script = says({ text: ["Hel", "lo"] });
    const answer = streamText({ model: smart, prompt: "Hi" });
    const pieces: string[] = [];
    for await (const piece of answer.textStream) pieces.push(piece);
    expect(pieces).toEqual(["Hel", "lo"]);
    expect(await answer.finishReason).toBe("stop");
    expect(await answer.usage).toMatchObject({ inputTokens: 10, outputTokens: 5 });
  });

  test("reasoning is a part of its own", async () => {
    proxy.first.script = says({ reasoning: ["Let me ", "think."], text: ["Four"] });
    const whole = await generateText({ model: smart, prompt: "Two and two?" });
    expect(whole.text).toBe("Four");
    const streamed = streamText({ model: smart, prompt: "Two and two?" });
    expect(await streamed.text).toBe("Four");
    if (!hasReasoning) return;
    expect(whole.reasoningText).toBe("Let me think.");
    expect(await streamed.reasoningText).toBe("Let me think.");
  });

  test("an object of a schema comes back parsed, whole and streamed", async () => {
    proxy.first.script = says({ text: ['{"name":"Party",', '"guests":["Ann","Bo"]}'] });
    const output = Output.object({ schema: Party });
    const whole = await generateText({ model: smart, prompt: "A party.", output });
    expect(whole.output).toEqual(party);
    expect(arrived()).toMatchObject({ response_format: { type: "json_schema" } });
    expect((await generateObject({ model: smart, prompt: "A party.", schema: Party })).object).toEqual(party);
    const streamed = streamText({ model: smart, prompt: "A party.", output });
    const partial: unknown[] = [];
    for await (const value of streamed.partialOutputStream) partial.push(value);
    expect(partial.at(-1)).toEqual(party);
    expect(await streamed.output).toEqual(party);
  });

  test.each(["whole", "streamed"] as const)("tools loop until there is an answer (%s)", async (form) => {
    proxy.first.script = inTurn(
      says({ calls: [call, { ...call, id: "call_2", pieces: ['{"city":"Ky', 'iv"}'] }] }),
      says({ text: ["It rains."] }),
    );
    const asked: string[] = [];
    const options = {
      model: smart,
      prompt: "Weather?",
      tools: { weather: weather(asked) },
      stopWhen: isStepCount(5),
    };
    const answer =
      form === "whole"
        ? await generateText(options).then(({ text, steps }) => ({ text, steps }))
        : await (async () => {
            const streamed = streamText(options);
            return { text: await streamed.text, steps: await streamed.steps };
          })();
    expect(answer.text).toBe("It rains.");
    expect(answer.steps.map(({ finishReason }) => finishReason)).toEqual(["tool-calls", "stop"]);
    expect(asked).toEqual(["London", "Kyiv"]);
    expect(arrived()).toMatchObject({
      messages: [
        { role: "user" },
        { role: "assistant", tool_calls: [{ id: "call_1" }, { id: "call_2" }] },
        { role: "tool", tool_call_id: "call_1", content: expect.stringContaining("Rain in London.") },
        { role: "tool", tool_call_id: "call_2", content: expect.stringContaining("Rain in Kyiv.") },
      ],
    });
  });

  test("a forced tool arrives as such", async () => {
    proxy.first.script = says({ calls: [call] });
    await generateText({
      model: smart,
      prompt: "Hi",
      tools: { weather: weather([]) },
      toolChoice: "required",
    });
    expect(arrived()).toMatchObject({ tool_choice: "required" });
    await generateText({
      model: smart,
      prompt: "Hi",
      tools: { weather: weather([]) },
      toolChoice: { type: "tool", toolName: "weather" },
    });
    expect(arrived()).toMatchObject({ tool_choice: { type: "function", function: { name: "weather" } } });
  });

  test("an image arrives", async () => {
    await generateText({
      model: smart,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What?" },
            { type: "file", data: new Uint8Array([137, 80, 78, 71]), mediaType: "image/png" },
          ],
        },
      ],
    });
    expect(arrived()).toMatchObject({
      messages: [
        {
          content: [
            { type: "text" },
            { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw==" } },
          ],
        },
      ],
    });
  });

  test("errors have the status, and say whether to come back", async () => {
    const failed = async (id: string): Promise<unknown> =>
      generateText({ model: model(id, connection), prompt: "Hi", maxRetries: 0 }).then(
        () => undefined,
        (error: unknown) => error,
      );
    const missing = await failed("openai/gpt-4o");
    expect(APICallError.isInstance(missing)).toBe(true);
    expect(missing).toMatchObject({
      statusCode: 404,
      isRetryable: false,
      message: expect.stringContaining("openai/gpt-4o"),
    });
    proxy.first.script = failsWith(500, {});
    proxy.second.script = failsWith(500, {});
    expect(await failed("smart")).toMatchObject({ statusCode: 503, isRetryable: true });
  });

  test("a stream that never begins is an error part, not an empty success", async () => {
    proxy.first.script = failsWith(500, {});
    proxy.second.script = failsWith(500, {});
    const answer = streamText({ model: smart, prompt: "Hi", maxRetries: 0, onError: () => undefined });
    const parts = await collect(answer.fullStream);
    expect(parts.find((part) => part.type === "error")).toMatchObject({ error: { statusCode: 503 } });
  });

  test("a stream that breaks off has an error part, and does not finish as a success", async () => {
    proxy.first.script = breaksAfter({ calls: [{ ...call, pieces: ['{"ci'] }] });
    const asked: string[] = [];
    const answer = streamText({
      model: smart,
      prompt: "Weather?",
      tools: { weather: weather(asked) },
      maxRetries: 0,
      onError: () => undefined,
    });
    const parts = await collect(answer.fullStream);
    expect(parts.filter(({ type }) => type === "error")).not.toEqual([]);
    expect(parts.flatMap((part) => (part.type === "finish" ? [part.finishReason] : []))).not.toContain(
      "stop",
    );
    expect(asked).toEqual([]);
  });

  test("a signal closes the upstream within a second", async () => {
    proxy.first.script = saysThenWaits("Hello ");
    const abort = new AbortController();
    const answer = streamText({
      model: smart,
      prompt: "Hi",
      abortSignal: abort.signal,
      onError: () => undefined,
    });
    let left = 0;
    for await (const part of answer.fullStream) {
      if (part.type !== "text-delta") continue;
      left = performance.now();
      abort.abort();
    }
    await eventually("the upstream is closed", () => proxy.first.requests[0]?.closedAt !== undefined);
    expect(performance.now() - left).toBeLessThan(1_000);
    expect(proxy.second.requests).toEqual([]);
  });
});
