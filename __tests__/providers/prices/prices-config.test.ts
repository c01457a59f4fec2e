import { describe, expect, test } from "vitest";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { createPriceBook, type PricedEngine } from "#lib/providers/cost.ts";
import { loadLibraryPrices } from "#lib/providers/prices/library-prices.ts";
import { parsePricesConfig } from "#lib/providers/prices/prices-config.ts";
import { createRegistry } from "#lib/providers/registry.ts";

const library = await loadLibraryPrices();
const registry = createRegistry(
  (name) => (/_(?:KEY|MODELS_TOKEN)$/.test(name) ? "k" : undefined),
  [{ id: "my-vllm", baseUrl: "http://vllm.invalid/v1", protocol: "openai-compatible" }],
);

function engine(provider: string, model: string): PricedEngine {
  const [found] = registry.resolve([{ provider, model, label: model }]);
  if (found === undefined) throw new Error("no engine");
  return found;
}

async function bookOf(text: string) {
  return createPriceBook({
    library,
    overrides: await parsePricesConfig(text, "prices.yaml"),
    wallNow: Date.now,
  });
}

const million: TokenUsage = {
  promptTokens: 1_000_000,
  completionTokens: 1_000_000,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  source: "exact",
};

describe("PRICES_CONFIG", () => {
  test("prices a model at one provider before the model anywhere, that before our own table, that before the library", async () => {
    const book = await bookOf(`
openai/gpt-5.5: { input: 1, output: 2, source: our contract, asOf: 2026-11-01 }
gpt-5.5: { input: 3, output: 4 }
gpt-4o-mini: { input: 5, output: 6 }
`);
    const origins = [
      ["openai", "gpt-5.5"],
      ["groq", "gpt-5.5"],
      ["openrouter", "openai/gpt-5.5"],
      ["openai", "gpt-4o-mini"],
      ["anthropic", "claude-opus-4-7"],
      ["openai", "gpt-4o"],
      ["sambanova", "DeepSeek-V3.2"],
    ].map(([provider = "", model = ""]) => {
      const found = book.priceOf(engine(provider, model));
      return found && [found.source, found.price.input, found.asOf];
    });
    expect(origins).toEqual([
      ["config", 1, "2026-11-01"],
      ["config", 3, undefined],
      ["config", 3, undefined],
      ["config", 5, undefined],
      ["own", 5, "2026-06-15"],
      ["library", 2.5, expect.stringMatching(/^\d{4}-\d\d-\d\d$/)],
      undefined,
    ]);
    expect(book.facts).toEqual({
      library: {
        name: "@pydantic/genai-prices",
        version: expect.any(String),
        asOf: expect.any(String),
        isLoaded: true,
      },
      overrides: 3,
    });
  });

  test("a price makes an engine bill that was free; `free: true` makes one free, with the price as its list price", async () => {
    const book = await bookOf(`{
      "my-vllm/qwen3-8b": { "input": 0.1, "output": 0.2 },
      "groq/llama-3.3-70b-versatile": { "input": 0.5, "output": 0.75, "free": true },
      "claude-opus-4-7": { "free": true }
    }`);
    const qwen = engine("my-vllm", "qwen3-8b");
    expect([book.isPaid(qwen), book.costUsd(qwen, million)]).toEqual([true, 0.3]);
    const llama = engine("groq", "llama-3.3-70b-versatile");
    expect([book.isPaid(llama), book.costUsd(llama, million), book.listPriceUsd(llama, million)]).toEqual([
      false,
      0,
      1.25,
    ]);
    const opus = engine("anthropic", "claude-opus-4-7");
    expect([book.isPaid(opus), book.costUsd(opus, million), book.listPriceUsd(opus, million)]).toEqual([
      false,
      0,
      30,
    ]);
  });

  test("has all kinds of prices", async () => {
    const book = await bookOf(`
openai/x:
  input: 10
  output: 20
  cachedInput: 1
  cacheWrite: 12
  cacheWriteHour: 30
  audioInput: 100
  audioOutput: 200
  reasoning: 40
  longPrompts:
    - { above: 1000000, input: 40, output: 80 }
    - { above: 500000, input: 20, output: 40 }
`);
    const priced = engine("openai", "x");
    const cost = (usage: Partial<TokenUsage>) =>
      book.costUsd(priced, { ...million, completionTokens: 0, promptTokens: 0, ...usage });
    const k100 = { promptTokens: 100_000 };
    expect(cost(k100)).toBeCloseTo(1, 12);
    expect(cost({ ...k100, cachedTokens: 100_000 })).toBeCloseTo(0.1, 12);
    expect(cost({ ...k100, cacheWriteTokens: 100_000 })).toBeCloseTo(1.2, 12);
    expect(cost({ ...k100, cacheWriteTokens: 100_000, cacheWriteHourTokens: 100_000 })).toBeCloseTo(3, 12);
    expect(cost({ ...k100, audioPromptTokens: 100_000 })).toBeCloseTo(10, 12);
    expect(cost({ completionTokens: 100_000, audioCompletionTokens: 100_000 })).toBeCloseTo(20, 12);
    expect(cost({ completionTokens: 100_000, reasoningTokens: 100_000 })).toBeCloseTo(4, 12);
    expect(
      [500_000, 500_001, 1_000_000, 1_000_001].map((promptTokens) => Math.round(cost({ promptTokens }) ?? 0)),
    ).toEqual([5, 10, 20, 40]);
  });

  test("knows aliases of providers and takes names in any case", async () => {
    const book = await bookOf("openrouter-free/Qwen/Qwen3-32B: { input: 1, output: 1 }");
    expect(book.priceOf(engine("openrouter-free", "qwen/qwen3-32b"))?.source).toBe("config");
    expect(book.priceOf(engine("openrouter", "qwen/QWEN3-32b"))?.source).toBe("config");
  });

  test("a model of a built-in provider is that provider's alone; another prefix may be a vendor's", async () => {
    const book = await bookOf(
      "openai/gpt-oss-120b: { input: 9, output: 9 }\nmeta-llama/llama-9: { input: 8, output: 8 }",
    );
    expect(book.priceOf(engine("groq", "openai/gpt-oss-120b"))?.source).toBe("library");
    expect(book.priceOf(engine("openrouter", "meta-llama/llama-9"))?.price.input).toBe(8);
  });

  test("reads thousands of prices without holding the gateway up", async () => {
    const text = Array.from({ length: 20_000 }, (_, n) => `m${n}: { input: 1, output: 2 }`).join("\n");
    const from = performance.now();
    expect((await parsePricesConfig(text, "p")).models.size).toBe(20_000);
    expect(performance.now() - from).toBeLessThan(10_000);
  });

  test.each([
    ["a: { input: 1 }", 1, 'a: needs "output", in USD for a million tokens'],
    ["a: {}", 1, 'a: needs "input", in USD for a million tokens, or "free: true"'],
    ["a: { input: 1, output: 1 }\nb:\n  input: -1\n  output: 1", 3, "b.input: "],
    ["a: { input: 1, output: 1, cached: 1 }", 1, "a: "],
    ["a:\n  input: 1\n  output: 1\n  inpt: 1", 4, "a: "],
    ["a: { input: 1, output: 1000000 }", 1, "a.output: "],
    ['a: { input: "1", output: 1 }', 1, "a.input: "],
    ["a: { input: .inf, output: 1 }", 1, "a.input: "],
    ["a: { input: 1, output: 1, asOf: yesterday }", 1, "a.asOf: "],
    ["a: { free: true, cachedInput: 1 }", 1, 'a: needs "input"'],
    ["a: { input: 1, output: 1 }\nA: { input: 2, output: 2 }", 2, '"A" has a price already'],
    ["a: { input: 1, output: 1 }\na: { input: 2, output: 2 }", 2, '"a" stands here twice'],
    ["a:\n  input: 1\n  output: 1\n  input: 2", 4, '"input" stands here twice'],
    ['{ "1": { "free": true }, 1: { "free": true } }', 1, '"1" stands here twice'],
    ['"a b": { input: 1, output: 1 }', 1, '"a b" is no name of a model'],
    ["openai/: { input: 1, output: 1 }", 1, '"openai/" is no name of a model'],
    ["- a", 1, "the configuration: "],
    ["", 1, "the configuration: "],
    ["a: { input: 1, output: 1", 1, ""],
    ["a: *b", 1, ""],
  ])("%j is refused with its line", async (text, line, problem) => {
    const error: unknown = await parsePricesConfig(text, "PRICES_CONFIG").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "not_configured" });
    const message = error instanceof Error ? error.message : "";
    expect(message.startsWith(`PRICES_CONFIG, line ${line}: ${problem}`), message).toBe(true);
  });
});
