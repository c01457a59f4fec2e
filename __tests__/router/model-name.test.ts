import { describe, expect, test } from "vitest";
import { MODE_IDS, type ModeId } from "#lib/ai-models.ts";
import { parseModelName } from "#lib/router/model-name.ts";

const isKnown = (id: string): boolean => ["openai", "groq", "openrouter", "ollama", "my-vllm"].includes(id);

describe("a mode by its own name", () => {
  test.each([...MODE_IDS, "auto" as const])("%s is itself", (mode) => {
    expect(parseModelName(mode, isKnown)).toEqual({ kind: "mode", mode });
  });
});

describe("names that clients have built in", () => {
  const NAMES: Readonly<Record<ModeId, readonly string[]>> = {
    coder: [
      "codestral",
      "codestral-latest",
      "mistral/codestral-2508",
      "gpt-5-codex",
      "gpt-5.1-codex-mini",
      "o3-code",
      "qwen3-coder-flash",
      "deepseek-coder",
      "claude-code",
      "Qwen/Qwen2.5-Coder-32B-Instruct",
      "code",
    ],
    reasoner: [
      "o1",
      "o3",
      "o3-mini",
      "o1-mini",
      "o1-preview",
      "O3-MINI",
      "openai-o3",
      "deepseek-reasoner",
      "grok-4-fast-reasoning",
      "kimi-k2-thinking",
      "gemini-2.0-flash-thinking",
      "thinking-8b",
      "azure/o3-mini",
    ],
    vision: ["gpt-4-vision-preview", "pixtral-12b", "llama-4-scout", "llama-3.2-11b-vision", "vision-8b"],
    fast: [
      "gpt-4o-mini",
      "gpt-5-mini",
      "GPT-4o-Mini",
      "gpt-4o-mini-2024-07-18",
      "o4-mini",
      "gemini-2.5-flash",
      "gemini-flash-latest",
      "grok-4-fast",
      "llama-3.1-8b",
      "llama3.1:8b",
      "llama-3.1-8b-instant",
      "ministral-8b-latest",
      "mini",
    ],
    smart: [
      "gpt-4o",
      "gpt-4.1",
      "gpt-5",
      "gpt-5.5",
      "chatgpt-4o-latest",
      "claude",
      "claude-opus-4-7",
      "claude-sonnet-4-5",
      "opus",
      "gemini-2.5-pro",
      "gemini-pro",
      "mistral-large-latest",
      "minimax-m2",
      "llama-3.3-70b",
      "qwen3-18b",
      "foo1",
      "o10",
      "pro3-max",
      "gpt-oss-120b",
      "constructor",
      "__proto__",
      "toString",
      "Smart",
      "a model of my own",
      "模型",
    ],
    live: [],
  };
  const rows = MODE_IDS.flatMap((mode) => NAMES[mode].map((name) => ({ name, mode })));

  test.each(rows)("$name → $mode", ({ name, mode }) => {
    expect(parseModelName(name, isKnown)).toEqual({ kind: "mode", mode });
  });

  test("the first row wins: a coder that thinks fast is a coder", () => {
    expect(parseModelName("mini-vision-thinking-coder", isKnown)).toEqual({ kind: "mode", mode: "coder" });
    expect(parseModelName("mini-vision-thinking", isKnown)).toEqual({ kind: "mode", mode: "reasoner" });
    expect(parseModelName("mini-vision", isKnown)).toEqual({ kind: "mode", mode: "vision" });
  });
});

describe("an engine by name", () => {
  test.each([
    ["openai/gpt-4o-mini", "openai", "gpt-4o-mini"],
    ["groq/openai/gpt-oss-120b", "groq", "openai/gpt-oss-120b"],
    ["openrouter/deepseek/deepseek-r1:free", "openrouter", "deepseek/deepseek-r1:free"],
    ["ollama/llama3.2:3b", "ollama", "llama3.2:3b"],
    ["ollama/hf.co/bartowski/Llama-3.2-1B-GGUF:Q4_K_M", "ollama", "hf.co/bartowski/Llama-3.2-1B-GGUF:Q4_K_M"],
    ["my-vllm/@cf/meta/llama", "my-vllm", "@cf/meta/llama"],
    ["openai/..gpt", "openai", "..gpt"],
    [`openai/${"m".repeat(128)}`, "openai", "m".repeat(128)],
  ])("%s", (name, provider, model) => {
    expect(parseModelName(name, isKnown)).toEqual({ kind: "engine", provider, model });
  });

  test.each([
    "openai/",
    "openai//gpt-4o",
    "openai/../gpt-4o",
    "openai/..",
    "openai/a/../b",
    "openai/a/./b",
    "openai/a/",
    "openai/gpt 4o",
    "openai/gpt?x=1",
    "openai/gpt#x",
    "openai/gpt%2e%2e",
    "openai/gpt\\..",
    "openai/gpt\n",
    "openai/gpt-4ö",
    `openai/${"m".repeat(129)}`,
  ])("%j cannot be one, and is not taken for a mode instead", (name) => {
    expect(parseModelName(name, isKnown)).toBeUndefined();
  });

  test.each([
    "grok/llama",
    "acme/o3-mini",
    "opnai/gpt-4o-mini",
    "Groq/llama",
    "gorq/openai/gpt-oss-120b",
    "code/x",
    "smart/gpt-4o",
    "constructor/x",
    " openai/gpt-4o",
  ])("%j names a provider that nobody knows, and is not taken for a mode instead", (name) => {
    expect(parseModelName(name, isKnown)).toBeUndefined();
  });

  test.each<[string, ModeId]>([
    ["deepseek-ai/DeepSeek-V3", "smart"],
    ["google/gemini-2.5-pro", "smart"],
    ["google/gemini-2.5-flash", "fast"],
    ["anthropic/claude-sonnet-4.5", "smart"],
    ["meta-llama/llama-3.1-8b-instruct", "fast"],
    ["qwen/qwen3-coder:free", "coder"],
    ["OpenAI/gpt-4o", "smart"],
    ["/gpt-4o", "smart"],
  ])("%s is a model by its maker's name: it is read by its words", (name, mode) => {
    expect(parseModelName(name, isKnown)).toEqual({ kind: "mode", mode });
  });
});

test("a name of more than 256 characters is nobody's", () => {
  expect(parseModelName("x".repeat(256), isKnown)).toEqual({ kind: "mode", mode: "smart" });
  expect(parseModelName("x".repeat(257), isKnown)).toBeUndefined();
});
