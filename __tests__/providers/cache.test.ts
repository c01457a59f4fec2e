import { expect, test } from "vitest";
import type { ChatRequest } from "#lib/chat/request.ts";
import { type CachePlan, type PromptCaching, planPromptCache } from "#lib/providers/cache.ts";
import { openAiPromptCaching } from "#lib/providers/protocols/openai-compatible/dialect-of.ts";
import { createRegistry, type Engine } from "#lib/providers/registry.ts";

const LONG = "word ".repeat(2_000);
const registry = createRegistry((name) =>
  /_(?:KEY|MODELS_TOKEN)$|^OLLAMA_URL$/.test(name) ? "http://key.example" : undefined,
);

type Case = {
  name: string;
  provider: string;
  model: string;
  system: string;
  message: string;
  conversationId?: string;
  kind: CachePlan["kind"];
};
const CASES: Case[] = [
  {
    name: "a short prompt is left alone",
    provider: "openai",
    model: "gpt-5.5",
    system: "Hi",
    message: "Hi",
    conversationId: "c",
    kind: "none",
  },
  {
    name: "a long system prompt gets a key",
    provider: "openai",
    model: "gpt-5.5",
    system: LONG,
    message: "Hi",
    kind: "key",
  },
  {
    name: "a long conversation gets a key",
    provider: "mistral",
    model: "codestral-latest",
    system: "Hi",
    message: LONG,
    conversationId: "c",
    kind: "key",
  },
  {
    name: "a long message of no conversation gets none",
    provider: "openai",
    model: "gpt-5.5",
    system: "Hi",
    message: LONG,
    kind: "none",
  },
  {
    name: "Anthropic gets marks",
    provider: "anthropic",
    model: "claude-opus-4-7",
    system: LONG,
    message: "Hi",
    kind: "breakpoints",
  },
  {
    name: "Claude on OpenRouter gets marks",
    provider: "openrouter",
    model: "anthropic/claude-sonnet-4.6",
    system: LONG,
    message: "Hi",
    kind: "breakpoints",
  },
  {
    name: "Anthropic's short system prompt gets none",
    provider: "anthropic",
    model: "claude-opus-4-7",
    system: "Hi",
    message: LONG,
    conversationId: "c",
    kind: "none",
  },
  {
    name: "Gemini caches by itself",
    provider: "gemini-grounded",
    model: "gemini-2.5-flash",
    system: LONG,
    message: "Hi",
    kind: "implicit",
  },
  {
    name: "Groq, which rejects the field, never gets it",
    provider: "groq",
    model: "openai/gpt-oss-120b",
    system: LONG,
    message: "Hi",
    conversationId: "c",
    kind: "implicit",
  },
];

/** How each protocol wants its caches addressed. */
function cachingOf(engine: Engine): PromptCaching {
  switch (engine.provider.protocol) {
    case "anthropic":
      return "breakpoints";
    case "gemini":
      return "implicit";
    case "openai-compatible":
    case "openai-responses":
      return openAiPromptCaching(engine);
    case "tavily":
    case "cloudflare":
      throw new Error("It does not chat.");
  }
}

function plan(
  current: Pick<Case, "provider" | "model" | "system" | "message" | "conversationId">,
): CachePlan {
  const [engine] = registry.resolve([{ provider: current.provider, model: current.model, label: "x" }]);
  if (engine === undefined) throw new Error(`${current.provider} is not configured`);
  const request: ChatRequest = {
    stream: true,
    messages: [
      { role: "system", content: current.system },
      { role: "user", content: current.message },
    ],
  };
  if (current.conversationId !== undefined) request.conversationId = current.conversationId;
  return planPromptCache(request, engine, cachingOf(engine));
}

test.each(CASES)("$name", (current) => {
  expect(plan(current).kind).toBe(current.kind);
});

test("users who share a long system prompt share its key, whatever their conversation", () => {
  const one = plan({ provider: "openai", model: "gpt-5.5", system: LONG, message: "a", conversationId: "1" });
  const two = plan({ provider: "openai", model: "gpt-5.5", system: LONG, message: "b", conversationId: "2" });
  expect(two).toEqual(one);
});

test("a conversation keeps its key from turn to turn, and it is not another's", () => {
  const turn = { provider: "openai", model: "gpt-5.5", system: "Hi" };
  const first = plan({ ...turn, message: LONG, conversationId: "1" });
  expect(plan({ ...turn, message: `${LONG} and more`, conversationId: "1" })).toEqual(first);
  expect(plan({ ...turn, message: LONG, conversationId: "2" })).not.toEqual(first);
});
