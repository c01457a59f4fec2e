import { describe, expect, test } from "vitest";
import type { AssistantPart, ChatMessage, ChatRequest, ContentPart } from "#lib/chat/request.ts";
import { chatPowerOf } from "#lib/providers/protocols/index.ts";
import { createRegistry, type Engine } from "#lib/providers/registry.ts";
import { fc } from "../../../support/properties.ts";

type Json = Record<string, unknown>;

const registry = createRegistry(
  (name) => (name.endsWith("_KEY") || name.endsWith("_MODELS_TOKEN") ? "k" : undefined),
  [{ id: "own", baseUrl: "http://127.0.0.1:9/v1", apiKeyEnv: undefined, protocol: "openai-compatible" }],
);

function engine(provider: string, model: string): Engine {
  const [found] = registry.resolve([{ provider, model, label: model }]);
  if (found === undefined) throw new Error(`There is no ${provider}.`);
  return found;
}

function bodyOf(target: Engine, messages: ChatMessage[]): Json {
  const request: ChatRequest = { messages, stream: true };
  const { body } = chatPowerOf(target).encode(request, target, { promptCache: true });
  return JSON.parse(JSON.stringify(body)) as Json;
}

const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

/** What each API says about a history that it refuses, written from its documentation and reports. */
const CHECKS: Readonly<Record<string, (body: Json) => string[]>> = {
  openai: checkOpenAi,
  template: (body) => [...checkOpenAi(body), ...checkTemplate(body)],
  mistral: (body) => [...checkOpenAi(body), ...checkTemplate(body), ...checkMistral(body)],
  anthropic: checkAnthropic,
  gemini: checkGemini,
};

function checkOpenAi({ messages }: Json): string[] {
  const wrong: string[] = [];
  let open: string[] = [];
  for (const message of list(messages)) {
    if (message["role"] === "tool") {
      const id = String(message["tool_call_id"]);
      if (!open.includes(id)) wrong.push("a tool message must follow its call");
      open = open.filter((other) => other !== id);
      continue;
    }
    if (open.length > 0) wrong.push("tool_calls must be followed by tool messages");
    open = [];
    for (const call of list(message["tool_calls"])) {
      const id = String(call["id"]);
      if (id === "" || id.length > 40) wrong.push(`id ${id}`);
      const name = String((call["function"] as Json)["name"]);
      if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) wrong.push(`name ${name}`);
      open.push(id);
    }
    if (new Set(open).size < open.length) wrong.push("repeated id");
    if (message["role"] === "assistant" && !message["content"] && open.length === 0)
      wrong.push("an assistant message needs content or tool_calls");
  }
  if (open.length > 0) wrong.push("tool_calls without results");
  return wrong;
}

/** Qwen's, Gemma's and Mistral's chat templates. */
function checkTemplate({ messages }: Json): string[] {
  const all = list(messages);
  const wrong = all.some(({ role }, index) => index > 0 && (role === "system" || role === "developer"))
    ? ["System message must be at the beginning"]
    : [];
  if (!all.some(({ role }) => role === "user")) wrong.push("No user query found");
  return wrong;
}

function checkMistral({ messages }: Json): string[] {
  const all = list(messages);
  const wrong: string[] = [];
  for (const [index, message] of all.entries()) {
    const before = all[index - 1]?.["role"];
    if (message["role"] === "user" && before === "tool")
      wrong.push("Unexpected role 'user' after role 'tool'");
    if (message["role"] === "user" && before === "user") wrong.push("roles must alternate");
    for (const call of list(message["tool_calls"]))
      if (!/^[a-zA-Z0-9]{9}$/.test(String(call["id"]))) wrong.push(`id ${String(call["id"])}`);
  }
  const last = all.at(-1);
  if (last?.["role"] === "assistant" && last["prefix"] !== true)
    wrong.push("Expected last role User or Tool");
  return wrong;
}

function checkAnthropic({ messages, system }: Json): string[] {
  const wrong: string[] = [];
  const all = list(messages);
  const ids = new Set<string>();
  const checkText = (block: Json): void => {
    if (block["type"] === "text" && String(block["text"]).trim() === "")
      wrong.push("text content blocks must contain non-whitespace text");
  };
  list(system).forEach(checkText);
  if (all[0]?.["role"] !== "user") wrong.push("first message must use the user role");
  if (all.at(-1)?.["role"] === "assistant") wrong.push("does not support assistant message prefill");
  for (const [index, message] of all.entries()) {
    const blocks = list(message["content"]);
    if (blocks.length === 0) wrong.push("all messages must have non-empty content");
    if (message["role"] === "system") {
      const next = all[index + 1];
      if (all[index - 1]?.["role"] !== "user" || (next !== undefined && next["role"] !== "assistant"))
        wrong.push("system message in a place where it is refused");
    }
    if (message["role"] === all[index - 1]?.["role"]) wrong.push("roles must alternate");
    const called = blocks.filter(({ type }) => type === "tool_use").map(({ id }) => String(id));
    for (const id of called) {
      if (!/^[a-zA-Z0-9_-]+$/.test(id)) wrong.push(`id ${id}`);
      if (ids.has(id)) wrong.push("tool_use ids must be unique");
      ids.add(id);
    }
    const results = blocks.filter(({ type }) => type === "tool_result");
    const before = list(all[index - 1]?.["content"]).filter(({ type }) => type === "tool_use");
    if (
      results
        .map(({ tool_use_id: id }) => id)
        .sort()
        .join() !==
      before
        .map(({ id }) => id)
        .sort()
        .join()
    )
      wrong.push("tool_use and tool_result do not correspond");
    if (results.length > 0 && blocks.slice(0, results.length).some(({ type }) => type !== "tool_result"))
      wrong.push("tool results must come first");
    for (const result of results) {
      list(result["content"]).forEach(checkText);
      if (result["is_error"] === true && result["content"]?.toString() === "")
        wrong.push("content cannot be empty if is_error is true");
    }
    blocks.forEach(checkText);
  }
  const last = list(all.at(-1)?.["content"]);
  if (last.some(({ type }) => type === "tool_use")) wrong.push("tool_use without tool_result");
  return wrong;
}

function checkGemini({ contents }: Json): string[] {
  const wrong: string[] = [];
  const all = list(contents);
  if (all[0]?.["role"] !== "user") wrong.push("begins with the model");
  if (all.at(-1)?.["role"] !== "user") wrong.push("ends with the model");
  for (const [index, content] of all.entries()) {
    const parts = list(content["parts"]);
    if (parts.length === 0) wrong.push("contents.parts must not be empty");
    const responses = parts.filter((part) => part["functionResponse"] !== undefined);
    if (responses.length > 0 && responses.length < parts.length) wrong.push("something beside a response");
    const before = list(all[index - 1]?.["parts"]);
    const names = (items: Json[], key: string): string =>
      items.flatMap((part) => (part[key] === undefined ? [] : [(part[key] as Json)["name"]])).join();
    if (names(responses, "functionResponse") !== names(before, "functionCall"))
      wrong.push("function responses must be equal to the function calls");
    if (content["role"] === "model" && all[index - 1]?.["role"] === "model")
      wrong.push("function call turn must come after a user turn");
    for (const { text } of parts)
      if (typeof text === "string" && text.trim() === "") wrong.push("blank text");
  }
  return wrong;
}

const PNG = "iVBORw0KGgoAAAANSUhEUg==";
const texts = fc.constantFrom("", " ", "\n\t", "words", "\u00a0", "more words\n");
const ids = fc.constantFrom(
  "",
  "a",
  "b",
  "call:1",
  "call_1",
  "x".repeat(90),
  `${"x".repeat(89)}y`,
  "toolu_01 é",
);
const names = fc.constantFrom("f", "g", "1st", "mcp.server:tool", "n".repeat(100), "");
const image: ContentPart = { type: "image", url: `data:image/jpg;base64,${PNG}` };
const parts = fc.oneof(
  texts.map((text): ContentPart => ({ type: "text", text })),
  fc.constant(image),
  fc.constant<ContentPart>({ type: "opaque", dialect: "openai", value: { type: "input_audio" } }),
);
const contents = fc.oneof(texts, fc.array(parts, { maxLength: 3 }));
const assistantParts: fc.Arbitrary<AssistantPart> = fc.oneof(
  texts.map((text): AssistantPart => ({ type: "text", text })),
  fc.record({
    type: fc.constant("tool_call" as const),
    id: ids,
    name: names,
    arguments: fc.constantFrom("{}", "", "{broken", '{"a":1}'),
  }),
  fc.constant<AssistantPart>({ type: "reasoning", text: "hm" }),
);
const messages: fc.Arbitrary<ChatMessage> = fc.oneof(
  contents.map((content): ChatMessage => ({ role: "system", content })),
  contents.map((content): ChatMessage => ({ role: "user", content })),
  fc.array(assistantParts, { maxLength: 4 }).map((all): ChatMessage => ({ role: "assistant", parts: all })),
  fc.record({
    role: fc.constant("tool" as const),
    toolCallId: ids,
    content: contents,
    isError: fc.boolean(),
  }),
);

const ENGINES: readonly [string, string, keyof typeof CHECKS][] = [
  ["openai", "gpt-4o", "openai"],
  ["groq", "openai/gpt-oss-120b", "template"],
  ["own", "qwen3.6-27b", "template"],
  ["own", "gemma-3-27b-it", "template"],
  ["mistral", "mistral-large-latest", "mistral"],
  ["own", "devstral-small", "template"],
  ["openrouter", "anthropic/claude-opus-5", "template"],
  ["anthropic", "claude-opus-4-7", "anthropic"],
  ["anthropic", "claude-opus-4-8", "anthropic"],
  ["anthropic", "claude-of-tomorrow", "anthropic"],
  ["gemini-grounded", "gemini-2.5-flash", "gemini"],
  ["gemini-grounded", "gemini-3.8-flash", "gemini"],
];

describe("W16, W20, W21, W22, W23: any history becomes one that the API accepts", () => {
  test.each(ENGINES)("%s/%s", (provider, model, check) => {
    const target = engine(provider, model);
    fc.assert(
      fc.property(fc.array(messages, { minLength: 1, maxLength: 12 }), (history) => {
        const before = JSON.stringify(history);
        const body = bodyOf(target, history);
        expect(CHECKS[check]?.(body)).toEqual([]);
        // Deterministic, for prompt caches, and without an effect on the client's request.
        expect(bodyOf(target, history)).toEqual(body);
        expect(JSON.stringify(history)).toBe(before);
        // No image with the wrong label.
        expect(JSON.stringify(body)).not.toContain("image/jpg");
        // Every text that shows something arrives.
        if (JSON.stringify(history).includes("more words"))
          expect(JSON.stringify(body)).toContain("more words");
      }),
      { numRuns: 300 },
    );
  });
});

describe("an ordinary history is sent as it is", () => {
  const ordinary: ChatMessage[] = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Look." },
    {
      role: "assistant",
      parts: [
        { type: "text", text: "I do." },
        { type: "tool_call", id: "call00001", name: "look", arguments: '{"at":1}' },
        { type: "tool_call", id: "call00002", name: "look", arguments: '{"at":2}' },
      ],
    },
    { role: "tool", toolCallId: "call00001", content: "one" },
    { role: "tool", toolCallId: "call00002", content: "two" },
    { role: "assistant", parts: [{ type: "text", text: "Done." }] },
    { role: "user", content: "Thanks." },
  ];
  test.each(["openai", "groq", "cerebras", "own", "mistral", "openrouter"])("%s", (provider) => {
    expect(bodyOf(engine(provider, "m"), ordinary)["messages"]).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Look." },
      {
        role: "assistant",
        content: "I do.",
        tool_calls: [
          { id: "call00001", type: "function", function: { name: "look", arguments: '{"at":1}' } },
          { id: "call00002", type: "function", function: { name: "look", arguments: '{"at":2}' } },
        ],
      },
      { role: "tool", tool_call_id: "call00001", content: "one" },
      { role: "tool", tool_call_id: "call00002", content: "two" },
      { role: "assistant", content: "Done." },
      { role: "user", content: "Thanks." },
    ]);
  });
});
