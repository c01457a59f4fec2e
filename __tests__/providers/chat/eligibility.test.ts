import { describe, expect, test } from "vitest";
import type { EngineSpec } from "#lib/ai-models.ts";
import type { Capability } from "#lib/chat/capabilities.ts";
import type { ChatRequest, Tool } from "#lib/chat/request.ts";
import { eligibleEngines, hasCapability } from "#lib/providers/chat/eligibility.ts";
import { createRegistry, type Engine } from "#lib/providers/registry.ts";
import { aRequest } from "../../support/engines.ts";

const registry = createRegistry(
  (name) => (/_API_KEY$/.test(name) ? "key" : name === "OLLAMA_URL" ? "http://127.0.0.1:1" : undefined),
  [{ id: "own", baseUrl: "http://127.0.0.1:1/v1", protocol: "openai-compatible" }],
);

function engines(...names: (string | [string, EngineSpec["capabilities"]])[]): Engine[] {
  return names.flatMap((entry) => {
    const [name, capabilities] = typeof entry === "string" ? [entry, undefined] : entry;
    const slash = name.indexOf("/");
    const spec = { provider: name.slice(0, slash), model: name.slice(slash + 1), label: name, capabilities };
    return registry.resolve([spec]);
  });
}

const call: Tool = { type: "function", name: "f" };
const custom: Tool = { type: "custom", name: "c" };
const image: ChatRequest["messages"] = [
  { role: "user", content: [{ type: "image", url: "data:image/png;base64,AAAA" }] },
];
const schema: ChatRequest["responseFormat"] = { type: "json_schema", name: "a", schema: {} };

type Row = {
  what: string;
  request: Partial<ChatRequest>;
  chain: Parameters<typeof engines>;
  able: readonly string[];
  missing?: Capability;
};

const GROQ_LLAMA = "groq/llama-3.3-70b-versatile";
const ROWS: readonly Row[] = [
  {
    what: "plain text is for every engine",
    request: {},
    chain: [GROQ_LLAMA, "cohere/command-r", "own/m"],
    able: [GROQ_LLAMA, "cohere/command-r", "own/m"],
  },
  {
    what: "an image passes by engines without eyes",
    request: { messages: image },
    chain: [GROQ_LLAMA, "openai/gpt-4o", "groq/openai/gpt-oss-120b", "own/m"],
    able: ["openai/gpt-4o", "own/m"],
  },
  {
    what: "an image that nobody sees",
    request: { messages: image },
    chain: [GROQ_LLAMA, "mistral/codestral-latest"],
    able: [],
    missing: "images",
  },
  {
    what: "the catalogue's word that an engine is blind",
    request: { messages: image },
    chain: [["own/m", { images: false }], "openai/gpt-4o"],
    able: ["openai/gpt-4o"],
  },
  {
    what: "the catalogue's word that an engine sees",
    request: { messages: image },
    chain: [[GROQ_LLAMA, { images: true }]],
    able: [GROQ_LLAMA],
  },
  {
    what: "a JSON schema passes by engines that have none",
    request: { responseFormat: schema },
    chain: [GROQ_LLAMA, "groq/openai/gpt-oss-120b", "own/m"],
    able: ["groq/openai/gpt-oss-120b", "own/m"],
  },
  {
    what: "a JSON schema that nobody keeps",
    request: { responseFormat: schema },
    chain: [GROQ_LLAMA],
    able: [],
    missing: "json_schema",
  },
  {
    what: "a JSON object where only the schema is not taken",
    request: { responseFormat: { type: "json_object" } },
    chain: [GROQ_LLAMA],
    able: [GROQ_LLAMA],
  },
  {
    what: "a JSON object passes by engines that the catalogue says cannot",
    request: { responseFormat: { type: "json_object" } },
    chain: [["own/a", { json_object: false }], "own/b"],
    able: ["own/b"],
  },
  {
    what: "the text format asks for nothing",
    request: { responseFormat: { type: "text" } },
    chain: [["own/a", { json_object: false, json_schema: false }]],
    able: ["own/a"],
  },
  {
    what: "a custom tool is a function at engines without them",
    request: { tools: [custom] },
    chain: [
      GROQ_LLAMA,
      "mistral/mistral-large-latest",
      "gemini-grounded/gemini-2.5-pro",
      "openai/gpt-5",
      "own/m",
    ],
    able: [
      GROQ_LLAMA,
      "mistral/mistral-large-latest",
      "gemini-grounded/gemini-2.5-pro",
      "openai/gpt-5",
      "own/m",
    ],
  },
  {
    what: "a custom tool passes by engines without any tools",
    request: { tools: [custom] },
    chain: [["own/a", { tools: false }], "own/b"],
    able: ["own/b"],
  },
  {
    what: "functions pass by engines that the catalogue says have none",
    request: { tools: [call] },
    chain: [["own/a", { tools: false }], "own/b"],
    able: ["own/b"],
  },
  {
    what: "a forced tool prefers engines that can be forced",
    request: { tools: [call], toolChoice: "required" },
    chain: ["ollama/llama3.2", "cohere/command-a-03-2025", GROQ_LLAMA],
    able: [GROQ_LLAMA],
  },
  {
    what: "a named tool prefers them as well",
    request: { tools: [call], toolChoice: { type: "tool", name: "f" } },
    chain: ["ollama/llama3.2", "own/m"],
    able: ["own/m"],
  },
  {
    what: "allowed tools that must be used prefer them as well",
    request: { tools: [call], toolChoice: { type: "allowed", names: ["f"], required: true } },
    chain: ["ollama/llama3.2", "own/m"],
    able: ["own/m"],
  },
  {
    what: "a forced tool takes what there is when none can be forced",
    request: { tools: [call], toolChoice: "required" },
    chain: ["ollama/llama3.2", "cohere/command-a-03-2025"],
    able: ["ollama/llama3.2", "cohere/command-a-03-2025"],
  },
  {
    what: "a free choice forces nobody",
    request: { tools: [call], toolChoice: "auto" },
    chain: ["ollama/llama3.2", GROQ_LLAMA],
    able: ["ollama/llama3.2", GROQ_LLAMA],
  },
  {
    what: "what must be had goes before what should be",
    request: { tools: [call], toolChoice: "required", messages: image },
    chain: [GROQ_LLAMA, "ollama/llava"],
    able: ["ollama/llava"],
  },
  {
    what: "of several needs, the one that nobody meets is named",
    request: { messages: image, responseFormat: schema },
    chain: [
      ["own/a", { json_schema: false }],
      ["own/b", { json_schema: false }],
    ],
    able: [],
    missing: "json_schema",
  },
];

describe("which engines are called", () => {
  test.each(ROWS)("$what", ({ request, chain, able, missing }) => {
    const found = eligibleEngines(engines(...chain), aRequest(request));
    expect(found.engines.map(({ id }) => id)).toEqual(able);
    expect(found.missing).toBe(missing);
  });
});

test("an empty chain lacks no capability", () => {
  expect(eligibleEngines([], aRequest())).toEqual({ engines: [], missing: undefined });
});

test("the catalogue's word goes before what the name and the provider tell", () => {
  const [plain, told] = engines("groq/openai/gpt-oss-120b", ["groq/openai/gpt-oss-120b", { images: true }]);
  expect(plain !== undefined && hasCapability(plain, "images")).toBe(false);
  expect(told !== undefined && hasCapability(told, "images")).toBe(true);
});
