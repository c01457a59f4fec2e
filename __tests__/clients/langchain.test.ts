import type { AIMessageChunk } from "@langchain/core/messages";
import { AIMessage, HumanMessage, SystemMessage, type ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, type ChatOpenAIFields } from "@langchain/openai";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { field } from "#lib/shared/json.ts";
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

const weather = tool(({ city }) => `Rain in ${city}.`, {
  name: "get_weather",
  description: "The weather.",
  schema: z.object({ city: z.string() }),
});
const Party = z.object({ name: z.string(), guests: z.array(z.string()) });
const party = { name: "Party", guests: ["Ann", "Bo"] };
const call = { id: "call_1", name: "get_weather", pieces: ['{"city":', '"London"}'] };

describe.each(["in process", "over HTTP"] as const)("@langchain/openai, %s", (transport) => {
  let proxy: ProxyGateway;
  let model: ChatOpenAI;
  let modelWith: (changes: ChatOpenAIFields) => ChatOpenAI;

  beforeEach(async () => {
    proxy = await startProxyGateway(database);
    const configuration =
      transport === "in process"
        ? { baseURL: proxy.baseUrl, fetch: proxy.fetch }
        : { baseURL: `${(await proxy.overHttp()).url}/api/v1` };
    modelWith = (changes) =>
      new ChatOpenAI({ model: "gpt-4o-mini", apiKey: "any", maxRetries: 0, configuration, ...changes });
    model = modelWith({});
  });

  afterEach(() => proxy.stop());

  const arrived = (): unknown => proxy.first.requests.at(-1)?.json;

  test("invoke has the text, the usage and the finish", async () => {
    proxy.first.script = says({ text: ["Hello"] });
    const answer = await model.invoke([new SystemMessage("Be terse."), new HumanMessage("Hi")]);
    expect(answer.text).toBe("Hello");
    expect(answer.usage_metadata).toMatchObject({ input_tokens: 10, output_tokens: 5, total_tokens: 15 });
    expect(answer.response_metadata).toMatchObject({ finish_reason: "stop", model_name: "gpt-4o-mini" });
    expect(arrived()).toMatchObject({
      messages: [
        { role: "system", content: "Be terse." },
        { role: "user", content: "Hi" },
      ],
    });
  });

  test("options arrive", async () => {
    const options = {
      temperature: 0,
      topP: 0.5,
      maxTokens: 7,
      stop: ["END"],
      frequencyPenalty: 0.1,
      presencePenalty: 0.2,
    };
    await modelWith({ ...options, modelKwargs: { seed: 3 } }).invoke("Hi");
    expect(arrived()).toMatchObject({
      temperature: 0,
      top_p: 0.5,
      max_tokens: 7,
      stop: ["END"],
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      seed: 3,
    });
  });

  test("stream has the text in pieces, and the usage", async () => {
    proxy.first.script = says({ text: ["Hel", "lo"] });
    const pieces: string[] = [];
    let whole: AIMessageChunk | undefined;
    for await (const chunk of await model.stream("Hi")) {
      if (chunk.text !== "") pieces.push(chunk.text);
      whole = whole === undefined ? chunk : whole.concat(chunk);
    }
    expect(pieces).toEqual(["Hel", "lo"]);
    expect(whole?.usage_metadata).toMatchObject({ input_tokens: 10, output_tokens: 5 });
    expect(whole?.response_metadata).toMatchObject({ finish_reason: "stop" });
  });

  test("bound tools are called, and their results go back", async () => {
    proxy.first.script = inTurn(says({ calls: [call] }), says({ text: ["It rains."] }));
    const bound = model.bindTools([weather]);
    const question = new HumanMessage("Weather?");
    const asked = await bound.invoke([question]);
    expect(asked.tool_calls).toMatchObject([{ id: "call_1", name: "get_weather", args: { city: "London" } }]);
    const result = await weather.invoke({ ...(asked.tool_calls?.[0] ?? {}), type: "tool_call" } as never);
    expect((await bound.invoke([question, asked, result as ToolMessage])).text).toBe("It rains.");
    expect(arrived()).toMatchObject({
      messages: [
        { role: "user", content: "Weather?" },
        {
          role: "assistant",
          tool_calls: [{ id: "call_1", type: "function", function: { name: "get_weather" } }],
        },
        { role: "tool", tool_call_id: "call_1", content: "Rain in London." },
      ],
    });
  });

  test("bound tools are called in a stream, in fragments", async () => {
    proxy.first.script = says({ calls: [call, { ...call, id: "call_2", pieces: ['{"city":"Ky', 'iv"}'] }] });
    let whole: AIMessageChunk | undefined;
    for await (const chunk of await model.bindTools([weather]).stream("Hi")) {
      whole = whole === undefined ? chunk : whole.concat(chunk);
    }
    expect(whole?.tool_calls).toMatchObject([
      { id: "call_1", args: { city: "London" } },
      { id: "call_2", args: { city: "Kyiv" } },
    ]);
  });

  describe("structured output", () => {
    test.each([
      {
        method: "functionCalling" as const,
        said: { calls: [{ id: "call_1", name: "party", pieces: [JSON.stringify(party)] }] },
        sent: { tool_choice: { type: "function", function: { name: "party" } } },
      },
      {
        method: "jsonSchema" as const,
        said: { text: [JSON.stringify(party)] },
        sent: { response_format: { type: "json_schema", json_schema: { name: "party" } } },
      },
      {
        method: "jsonMode" as const,
        said: { text: [JSON.stringify(party)] },
        sent: { response_format: { type: "json_object" } },
      },
    ])("by $method", async ({ method, said, sent }) => {
      proxy.first.script = says(said);
      const structured = model.withStructuredOutput(Party, { name: "party", method });
      expect(await structured.invoke("A party, as JSON.")).toEqual(party);
      expect(arrived()).toMatchObject(sent);
    });

    test("in a stream, too", async () => {
      proxy.first.script = says({ text: ['{"name":"Party",', '"guests":["Ann","Bo"]}'] });
      const structured = model.withStructuredOutput(Party, { name: "party", method: "jsonMode" });
      let last: unknown;
      for await (const value of await structured.stream("A party, as JSON.")) last = value;
      expect(last).toEqual(party);
    });
  });

  test("reasoning comes apart from the text", async () => {
    proxy.first.script = says({ reasoning: ["Let me think."], text: ["Four"] });
    const answer = await model.invoke("Two and two?");
    expect(answer.text).toBe("Four");
    expect(answer.additional_kwargs["reasoning_content"]).toBe("Let me think.");
  });

  test("an earlier answer goes back as it was", async () => {
    await model.invoke([new HumanMessage("Hi"), new AIMessage("Hello"), new HumanMessage("Again")]);
    expect(arrived()).toMatchObject({
      messages: [{ content: "Hi" }, { role: "assistant", content: "Hello" }, { content: "Again" }],
    });
  });

  test("errors keep their status", async () => {
    proxy.first.script = failsWith(500, {});
    proxy.second.script = failsWith(500, {});
    await expect(model.invoke("Hi")).rejects.toMatchObject({ status: 503 });
    await expect(modelWith({ model: "openai/gpt-4o" }).invoke("Hi")).rejects.toMatchObject({ status: 404 });
    await expect(modelWith({ temperature: 7 }).invoke("Hi")).rejects.toMatchObject({ status: 400 });
  });

  test("a stream that breaks off throws", async () => {
    proxy.first.script = breaksAfter({ calls: [{ ...call, pieces: ['{"ci'] }] });
    const stream = await model.bindTools([weather]).stream("Hi");
    const read = async (): Promise<void> => {
      for await (const chunk of stream) expect(field(chunk.response_metadata, "finish_reason")).toBeFalsy();
    };
    await expect(read()).rejects.toThrow(/interrupted/);
  });

  test("a signal closes the upstream within a second", async () => {
    proxy.first.script = saysThenWaits("Hello ");
    const abort = new AbortController();
    const read = async (): Promise<void> => {
      for await (const chunk of await model.stream("Hi", { signal: abort.signal })) {
        if (chunk.text !== "") abort.abort();
      }
    };
    await read().catch((error: unknown) => expect(String(error)).toMatch(/abort/i));
    const left = performance.now();
    await eventually("the upstream is closed", () => proxy.first.requests[0]?.closedAt !== undefined);
    expect(performance.now() - left).toBeLessThan(1_000);
    expect(proxy.second.requests).toEqual([]);
  });
});
