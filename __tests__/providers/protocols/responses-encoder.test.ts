import { describe, expect, test } from "vitest";
import type { ChatMessage, ChatRequest, ExtraFields, Tool } from "#lib/chat/request.ts";
import { chatPowerOf } from "#lib/providers/protocols/index.ts";
import type { EncodedRequest } from "#lib/providers/protocols/protocol.ts";
import { createRegistry, type Engine } from "#lib/providers/registry.ts";
import { arrayField, field, type JsonObject } from "#lib/shared/json.ts";
import { fc } from "../../support/properties.ts";
import { typeMistakes } from "../../support/type-check.ts";

const registry = createRegistry(
  (name) => ({ OPENAI_API_KEY: "k", GITHUB_MODELS_TOKEN: "k", OPENROUTER_API_KEY: "k" })[name],
  [
    { id: "own", baseUrl: "http://127.0.0.1:9/v1", protocol: "openai-responses" },
    { id: "chat", baseUrl: "http://127.0.0.1:9/v1", protocol: "openai-compatible" },
  ],
);

function engine(
  provider: string,
  model: string,
  protocol?: "openai-compatible" | "openai-responses",
): Engine {
  const [found] = registry.resolve([{ provider, model, label: model, protocol }]);
  if (found === undefined) throw new Error(`There is no ${provider}.`);
  return found;
}

function encode(
  request: Partial<ChatRequest>,
  target = engine("openai", "gpt-5.6"),
  withoutAdditions = false,
): EncodedRequest {
  const whole: ChatRequest = { messages: [{ role: "user", content: "Hi" }], stream: true, ...request };
  return chatPowerOf(target).encode(whole, target, { promptCache: true, withoutAdditions });
}

describe("W13: by which API a model of OpenAI's is called", () => {
  test.each([
    ...[
      "gpt-5.4",
      "gpt-5.4-mini",
      "gpt-5.4-2026-03-05",
      "gpt-5.5",
      "gpt-5.6",
      "gpt-5.6-sol",
      "gpt-5.6-terra",
    ],
    ...["gpt-5.10", "gpt-6", "gpt-6-astra", "gpt-6.1", "gpt-10", "gpt-5-codex", "gpt-5.1-codex-max"],
    ...["gpt-5.2-codex", "gpt-5.3-codex-spark", "codex-mini-latest", "gpt-5-pro", "gpt-5-pro-2025-10-06"],
    ...["gpt-5.2-pro", "o1-pro", "o1-pro-2025-03-19", "o3-pro", "o3-deep-research"],
    ...["o4-mini-deep-research-2025-06-26", "computer-use-preview"],
  ])("%s: responses", (model) => {
    expect(engine("openai", model).protocol).toBe("openai-responses");
    // The same name at another provider says nothing of its API.
    expect(engine("openrouter", `openai/${model}`).protocol).toBe("openai-compatible");
    expect(engine("chat", model).protocol).toBe("openai-compatible");
  });

  test.each([
    ...["gpt-4o", "gpt-4.1-mini", "gpt-3.5-turbo", "chatgpt-4o-latest", "gpt-5", "gpt-5-mini", "gpt-5-nano"],
    ...["gpt-5-2025-08-07", "gpt-5-chat-latest", "gpt-5.1", "gpt-5.2", "gpt-5.3-chat-latest", "o1", "o3"],
    ...["o3-mini", "o4-mini", "gpt-4o-search-preview", "gpt-5-search-api", "gpt-oss-120b", "gpt-35-turbo"],
    "text-embedding-3-small",
  ])("%s: chat completions", (model) => {
    expect(engine("openai", model).protocol).toBe("openai-compatible");
  });

  test("GitHub's successor is OpenAI, by the same rule", () => {
    const engines = registry.resolve([
      { provider: "github-models", model: "gpt-5.5", label: "GitHub GPT-5.5" },
    ]);
    expect(engines.map(({ id, protocol }) => [id, protocol])).toEqual([
      ["github-models/openai/gpt-5.5", "openai-compatible"],
      ["openai/gpt-5.5", "openai-responses"],
    ]);
  });

  test("an operator chooses for a provider, and for a row", () => {
    expect(engine("own", "m").protocol).toBe("openai-responses");
    expect(engine("own", "m", "openai-compatible").protocol).toBe("openai-compatible");
    expect(engine("chat", "m", "openai-responses").protocol).toBe("openai-responses");
    expect(engine("openai", "gpt-5.6", "openai-compatible").protocol).toBe("openai-compatible");
    expect(encode({}, engine("own", "m", "openai-compatible")).path).toBe("/chat/completions");
    expect(encode({}, engine("chat", "m", "openai-responses")).path).toBe("/responses");
  });
});

const openAi = (fields: JsonObject, more: Partial<ExtraFields> = {}): ExtraFields => ({
  dialect: "openai",
  fields,
  ...more,
});

const CLOSED = { type: "object", properties: {}, additionalProperties: false } as const;

describe("fields", () => {
  test.each<{
    what: string;
    request: Partial<ChatRequest>;
    body: JsonObject;
    dropped?: string[];
    model?: string;
  }>([
    { what: "length", request: { maxOutputTokens: 500 }, body: { max_output_tokens: 500 } },
    { what: "the shortest length", request: { maxOutputTokens: 1 }, body: { max_output_tokens: 16 } },
    { what: "effort", request: { reasoningEffort: "high" }, body: { reasoning: { effort: "high" } } },
    {
      what: "the nearest effort",
      request: { reasoningEffort: "minimal" },
      body: { reasoning: { effort: "low" } },
    },
    {
      what: "effort and summary",
      request: {
        reasoningEffort: "low",
        extra: openAi({}, { responsesFields: { reasoning: { summary: "auto" } } }),
      },
      body: { reasoning: { summary: "auto", effort: "low" } },
    },
    {
      what: "Claude Code's wish to see the thoughts",
      request: {
        reasoningEffort: "low",
        extra: { dialect: "anthropic", fields: {}, details: { "thinking.display": "summarized" } },
      },
      body: { reasoning: { summary: "auto", effort: "low" } },
    },
    {
      what: "sampling at a model that always thinks",
      request: { temperature: 0.5, topP: 0.5, logprobs: true, topLogprobs: 2 },
      body: {},
      dropped: ["temperature", "top_p", "top_logprobs", "logprobs"],
    },
    {
      what: "sampling without thinking",
      request: { temperature: 0.5, topP: 0.5, reasoningEffort: "none", logprobs: true, topLogprobs: 2 },
      body: {
        temperature: 0.5,
        top_p: 0.5,
        top_logprobs: 2,
        reasoning: { effort: "none" },
        include: ["message.output_text.logprobs", "reasoning.encrypted_content"],
      },
    },
    {
      what: "what the API has not",
      request: {
        stop: ["x"],
        n: 2,
        seed: 1,
        frequencyPenalty: 1,
        presencePenalty: 1,
        logitBias: { "1": 1 },
        topK: 5,
      },
      body: {},
      dropped: ["stop", "n", "seed", "frequency_penalty", "presence_penalty", "logit_bias", "top_k"],
    },
    { what: "one alternative", request: { n: 1 }, body: {} },
    {
      what: "fields of OpenAI's clients",
      request: {
        user: "u",
        extra: openAi(
          {
            verbosity: "low",
            prompt_cache_key: "key",
            prompt_cache_retention: "24h",
            safety_identifier: "s",
            service_tier: "flex",
            store: false,
            prediction: { type: "content", content: "x" },
            modalities: ["text"],
          },
          { responsesFields: { metadata: { a: "b" } }, details: { truncation: "auto" } },
        ),
      },
      body: {
        user: "u",
        text: { verbosity: "low" },
        prompt_cache_key: "key",
        prompt_cache_retention: "24h",
        safety_identifier: "s",
        service_tier: "flex",
        metadata: { a: "b" },
        truncation: "auto",
      },
      dropped: ["prediction", "modalities"],
    },
    { what: "a wish to store", request: { extra: openAi({ store: true }) }, body: {}, dropped: ["store"] },
    {
      what: "fields of Anthropic's clients",
      request: {
        extra: {
          dialect: "anthropic",
          fields: { service_tier: "auto" },
          details: { "metadata.user_id": "u" },
        },
      },
      body: {},
      dropped: ["service_tier", "metadata.user_id"],
    },
    {
      what: "a schema",
      request: {
        responseFormat: { type: "json_schema", name: "a", schema: CLOSED, strict: true },
      },
      body: { text: { format: { type: "json_schema", name: "a", schema: CLOSED, strict: true } } },
    },
    {
      what: "a schema that strict mode refuses, with a name that the API refuses",
      request: {
        responseFormat: { type: "json_schema", name: "my schema", schema: { type: "object" }, strict: true },
      },
      body: {
        text: {
          format: { type: "json_schema", name: "my_schema", schema: { type: "object" }, strict: false },
        },
      },
      dropped: ["response_format.strict"],
    },
    {
      what: "JSON",
      request: { responseFormat: { type: "json_object" } },
      body: { text: { format: { type: "json_object" } } },
    },
    {
      what: "tools of all kinds",
      request: {
        tools: [
          {
            type: "function",
            name: "f",
            parameters: { type: "object", properties: {}, additionalProperties: false },
            strict: true,
          },
          { type: "function", name: "g", description: "d" },
          {
            type: "custom",
            name: "c",
            format: { type: "grammar", grammar: { syntax: "lark", definition: "start: /x/" } },
          },
          { type: "opaque", dialect: "anthropic", value: { type: "bash_20250124" } },
        ],
        toolChoice: { type: "tool", name: "c", custom: true },
        singleToolCall: true,
        webSearch: true,
        webSearchTool: { type: "web_search", search_context_size: "low" },
      },
      body: {
        tools: [
          {
            type: "function",
            name: "f",
            parameters: { type: "object", properties: {}, additionalProperties: false },
            strict: true,
          },
          {
            type: "function",
            name: "g",
            description: "d",
            parameters: { type: "object", properties: {} },
            strict: false,
          },
          {
            type: "custom",
            name: "c",
            format: { type: "grammar", syntax: "lark", definition: "start: /x/" },
          },
          { type: "web_search", search_context_size: "low" },
        ],
        tool_choice: { type: "custom", name: "c" },
        parallel_tool_calls: false,
      },
      dropped: ["tools (bash_20250124)"],
    },
    {
      what: "allowed tools, beside the others",
      request: {
        tools: [
          { type: "function", name: "f" },
          { type: "custom", name: "c" },
        ],
        toolChoice: { type: "allowed", names: ["c", "unknown"], required: true },
      },
      body: {
        tools: [
          { type: "function", name: "f", parameters: { type: "object", properties: {} }, strict: false },
          { type: "custom", name: "c" },
        ],
        tool_choice: { type: "allowed_tools", mode: "required", tools: [{ type: "custom", name: "c" }] },
      },
    },
    {
      what: "a choice without tools",
      request: { toolChoice: "required", parallelToolCalls: true },
      body: {},
    },
    {
      what: "a model that does not think",
      model: "gpt-4o",
      request: { reasoningEffort: "low", temperature: 1.5 },
      body: { temperature: 1.5, include: undefined as never },
      dropped: ["reasoning_effort"],
    },
  ])("$what", ({ request, body, dropped = [], model = "gpt-5.6" }) => {
    const encoded = encode(request, engine("openai", model, "openai-responses"));
    expect(encoded.path).toBe("/responses");
    expect(encoded.dropped).toEqual(dropped);
    expect(JSON.parse(JSON.stringify(encoded.body))).toEqual(
      JSON.parse(
        JSON.stringify({
          model,
          input: [{ type: "message", role: "user", content: "Hi" }],
          stream: true,
          store: false,
          include: ["reasoning.encrypted_content"],
          ...body,
        }),
      ),
    );
  });

  test("an own server gets custom tools as functions, no search, and its system prompt as such", () => {
    const encoded = encode(
      {
        messages: [
          { role: "system", content: "S", developer: true },
          { role: "user", content: "Hi" },
          { role: "system", content: "T", developer: true },
        ],
        tools: [{ type: "custom", name: "c" }],
        webSearchTool: { type: "web_search" },
      },
      engine("own", "qwen3"),
    );
    expect(encoded.body).toMatchObject({
      instructions: "S",
      input: [{ role: "user" }, { role: "system", content: "T" }],
      tools: [{ type: "function", name: "c", parameters: { required: ["input"] } }],
    });
    expect(encoded.dropped).toEqual(["tools.web_search"]);
    expect(encoded.restorations?.get("c")).toMatchObject({ name: "c", custom: true });
  });

  test("content: images, documents, files that OpenAI stores, and what it has not", () => {
    const encoded = encode({
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "See" },
            { type: "image", url: "data:image/png;base64,AA==", detail: "low" },
            {
              type: "document",
              source: { kind: "url", url: "data:application/pdf;base64,AA==", mediaType: "application/pdf" },
              name: "a.pdf",
            },
            {
              type: "document",
              source: { kind: "url", url: "https://x.example/a.pdf", mediaType: "application/pdf" },
            },
            { type: "document", source: { kind: "text", text: "Plain" }, name: "a.txt" },
            { type: "opaque", dialect: "openai", value: { type: "file", file: { file_id: "file_1" } } },
            { type: "opaque", dialect: "openai", value: { type: "input_audio", input_audio: {} } },
            { type: "opaque", dialect: "anthropic", value: { type: "search_result" } },
          ],
        },
      ],
    });
    expect(arrayField(arrayField(encoded.body, "input")[0], "content")).toEqual([
      { type: "input_text", text: "See" },
      { type: "input_image", image_url: "data:image/png;base64,AA==", detail: "low" },
      { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" },
      { type: "input_file", file_url: "https://x.example/a.pdf" },
      { type: "input_text", text: expect.stringContaining("Plain") as string },
      { type: "input_file", file_id: "file_1" },
    ]);
    expect(encoded.dropped).toEqual(["messages (input_audio)", "messages (search_result)"]);
  });

  test("only a system prompt is an item, since the API requires one", () => {
    const { body } = encode({ messages: [{ role: "system", content: "S" }] });
    expect(body).toMatchObject({ input: [{ type: "message", role: "system", content: "S" }] });
    expect(body).not.toHaveProperty("instructions");
  });
});

const ids = fc.constantFrom("call_1", "call_2", "call_3", "x".repeat(80), `${"x".repeat(79)}y`, "");
const texts = fc.constantFrom("", "Hello", "More", "  ");
const ownToken = fc.record({
  id: fc.constantFrom("rs_1", "rs_2"),
  next: fc.constantFrom("message", "reasoning", "block", "call:call_1", "call:call_2", undefined),
});
const part = fc.oneof(
  texts.map((text) => ({ type: "text" as const, text })),
  texts.map((text) => ({ type: "text" as const, text, phase: "commentary" })),
  texts.map((text) => ({ type: "refusal" as const, text })),
  fc.tuple(ids, fc.boolean()).map(([id, custom]) => ({
    type: "tool_call" as const,
    id,
    name: "f",
    arguments: "{}",
    ...(custom ? { custom } : {}),
  })),
  ownToken.map(({ id, next }) => ({
    type: "reasoning" as const,
    text: "",
    signature: {
      issuer: "openai",
      value: {
        type: "reasoning",
        id,
        summary: [],
        encrypted_content: `enc-${id}`,
        ...(next === undefined ? {} : { next }),
      },
    },
  })),
  texts.map((text) => ({ type: "reasoning" as const, text, signature: { issuer: "anthropic", value: "s" } })),
);
const historyMessage: fc.Arbitrary<ChatMessage> = fc.oneof(
  texts.map((content): ChatMessage => ({ role: "user", content })),
  texts.map((content): ChatMessage => ({ role: "system", content, developer: true })),
  fc.array(part, { maxLength: 5 }).map((parts): ChatMessage => ({ role: "assistant", parts })),
  fc.tuple(ids, texts).map(([toolCallId, content]): ChatMessage => ({ role: "tool", toolCallId, content })),
);
const history = fc.array(historyMessage, { minLength: 1, maxLength: 10 });

/** The rules of the API for a list of items. */
function historyMistakes(items: readonly unknown[]): string[] {
  const mistakes: string[] = [];
  const open = new Set<string>();
  const seen = new Set<string>();
  items.forEach((item, index) => {
    const type = String(field(item, "type"));
    const id = String(field(item, "call_id"));
    const next = String(field(items[index + 1], "type"));
    if (type === "reasoning") {
      const isAssistants = next === "message" && field(items[index + 1], "role") === "assistant";
      if (!isAssistants && !["reasoning", "function_call", "custom_tool_call"].includes(next)) {
        mistakes.push("reasoning without its following item");
      }
    } else if (type === "function_call" || type === "custom_tool_call") {
      if (seen.has(id)) mistakes.push(`the call ${id} is there twice`);
      if (id.length > 64 || id === "") mistakes.push(`the id ${id} is too long or empty`);
      seen.add(id);
      open.add(`${type}_output ${id}`);
    } else if (type.endsWith("_output")) {
      if (!open.delete(`${type} ${id}`)) mistakes.push(`no tool call found for ${type} ${id}`);
    } else if (field(item, "content") === "") mistakes.push("an empty message");
    else if (open.size > 0 && field(item, "role") !== "assistant")
      mistakes.push("a message between a call and its output");
  });
  return [...mistakes, ...[...open].map((one) => `no tool output found for ${one}`)];
}

describe("any history", () => {
  test("keeps to the API's rules, with and without its reasoning", () => {
    fc.assert(
      fc.property(history, fc.boolean(), (messages, isBare) => {
        const items = arrayField(encode({ messages }, undefined, isBare).body, "input");
        expect(historyMistakes(items)).toEqual([]);
        if (isBare) expect(items.map((item) => field(item, "type"))).not.toContain("reasoning");
      }),
      { numRuns: 1_000 },
    );
  });

  test("has the types of the official SDK", { timeout: 60_000 }, () => {
    const tools: Tool[] = [
      { type: "custom", name: "c" },
      { type: "function", name: "f" },
    ];
    const values = fc.sample(history, 150).map((messages) => ({
      type: "ResponseCreateParamsStreaming",
      value: encode({ messages, tools, reasoningEffort: "low", responseFormat: { type: "json_object" } })
        .body,
    }));
    const prelude =
      'import type { ResponseCreateParamsStreaming } from "openai/resources/responses/responses";';
    expect(typeMistakes(prelude, values)).toEqual([]);
    // The check itself can fail.
    expect(
      typeMistakes(prelude, [
        { type: "ResponseCreateParamsStreaming", value: { stream: true, input: [{ type: "reasoning" }] } },
      ]),
    ).toHaveLength(1);
  });
});
