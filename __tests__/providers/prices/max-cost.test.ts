import { findProvider } from "@pydantic/genai-prices";
import { describe, expect, test } from "vitest";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { createPriceBook } from "#lib/providers/cost.ts";
import { loadLibraryPrices } from "#lib/providers/prices/library-prices.ts";
import { type BoundedEngine, estimateMaxCostUsd } from "#lib/providers/prices/max-cost.ts";
import { createRegistry } from "#lib/providers/registry.ts";
import { fc } from "../../support/properties.ts";

/** As docs/COSTS.md says. */
const DEFAULT_MAX_OUTPUT_TOKENS = 131_072;

const book = createPriceBook({ library: await loadLibraryPrices(), wallNow: Date.now });

const registry = createRegistry((name) =>
  name === "PAID_PROVIDERS"
    ? "gemini-grounded, mistral"
    : /_(?:KEY|MODELS_TOKEN)$/.test(name)
      ? "k"
      : undefined,
);

function engine(provider: string, model: string): BoundedEngine {
  const [found] = registry.resolve([{ provider, model, label: model }]);
  if (found === undefined) throw new Error("no engine");
  return found;
}

describe("an upper estimate of a request's cost", () => {
  const opus = engine("anthropic", "claude-opus-4-7");
  const mini = engine("openai", "gpt-4o-mini");
  const free = engine("groq", "llama-3.3-70b-versatile");

  test("is the prompt at the price of a cache write for an hour, and the answer at the request's cap", () => {
    const usd = estimateMaxCostUsd([opus], { promptTokens: 1_000, maxOutputTokens: 500 }, book);
    // 1,000 × $10 + 500 × $25 a million
    expect(usd).toBeCloseTo(0.01 + 0.0125, 12);
  });

  test("has the engine's ceiling if the request has no cap, or a higher one", () => {
    // gpt-4o-mini writes 16,384 tokens at $0.60; 1,000 × $0.15
    for (const maxOutputTokens of [undefined, 1_000_000]) {
      const usd = estimateMaxCostUsd([mini], { promptTokens: 1_000, maxOutputTokens }, book);
      expect(usd).toBeCloseTo(0.00015 + 0.0098304, 12);
    }
  });

  test("has every answer that a request asks for, each as long as it may be", () => {
    const size = { promptTokens: 1_000, maxOutputTokens: 500, answers: 8 };
    expect(estimateMaxCostUsd([opus], size, book)).toBeCloseTo(0.01 + 8 * 0.0125, 12);
    const uncapped = { promptTokens: 1_000, answers: 8 };
    expect(estimateMaxCostUsd([mini], uncapped, book)).toBeCloseTo(0.00015 + 8 * 0.0098304, 12);
  });

  test("has a default for an engine without a known ceiling, but no more than its context", () => {
    const unlimited = { ...mini, maxOutputTokens: undefined, contextTokens: undefined };
    const size = { promptTokens: 0 };
    expect(estimateMaxCostUsd([unlimited], size, book)).toBeCloseTo(
      (DEFAULT_MAX_OUTPUT_TOKENS * 0.6) / 1e6,
      12,
    );
    expect(estimateMaxCostUsd([{ ...unlimited, contextTokens: 1_000 }], size, book)).toBeCloseTo(0.0006, 12);
  });

  test("is that of the dearest engine of the chain; free ones cost nothing", () => {
    const size = { promptTokens: 100, maxOutputTokens: 100 };
    expect(estimateMaxCostUsd([free, mini, opus], size, book)).toBe(estimateMaxCostUsd([opus], size, book));
    expect(estimateMaxCostUsd([free], size, book)).toBe(0);
    expect(estimateMaxCostUsd([], size, book)).toBe(0);
  });

  test("is unknown if one of the engines bills at an unknown price, or reports costs nobody can foresee", () => {
    const size = { promptTokens: 1 };
    expect(estimateMaxCostUsd([mini, engine("openai", "gpt-nobody-knows")], size, book)).toBeUndefined();
    expect(estimateMaxCostUsd([engine("openrouter", "nobody/knows-it")], size, book)).toBeUndefined();
    expect(estimateMaxCostUsd([engine("openrouter", "nobody/knows-it:free")], size, book)).toBe(0);
  });

  test("has the price of a long prompt", () => {
    const gemini = engine("gemini-grounded", "gemini-2.5-pro");
    const at = (promptTokens: number) =>
      estimateMaxCostUsd([gemini], { promptTokens, maxOutputTokens: 0 }, book);
    expect(at(200_000)).toBeCloseTo(0.25, 12);
    expect(at(200_001)).toBeCloseTo((200_001 * 2.5) / 1e6, 12);
  });
});

test("no call of any engine of a chain costs more than the estimate", () => {
  const models = ["anthropic", "openai", "google", "mistral", "openrouter"].flatMap((pricedAs) =>
    (findProvider({ providerId: pricedAs })?.models ?? []).map(({ id }) => [pricedAs, id] as const),
  );
  const engines = fc
    .array(fc.constantFrom(...models), { minLength: 1, maxLength: 5 })
    .map((chosen) =>
      chosen.flatMap(([pricedAs, model]) => {
        const provider = pricedAs === "google" ? "gemini-grounded" : pricedAs;
        return registry.resolve([{ provider, model, label: model }]);
      }),
    )
    .filter((chain) => chain.length > 0);
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const size = fc.record({
    promptTokens: fc.integer({ min: 0, max: 2_000_000 }),
    maxOutputTokens: fc.option(fc.integer({ min: 0, max: 300_000 }), { nil: undefined }),
  });
  const parts = fc.record({
    engine: fc.nat(),
    prompt: share,
    answer: share,
    cached: share,
    written: share,
    hour: share,
    reasoned: share,
    heard: share,
    spoken: share,
  });
  fc.assert(
    fc.property(engines, size, parts, (chain, request, part) => {
      const estimate = estimateMaxCostUsd(chain, request, book);
      if (estimate === undefined) return;
      const one = chain[part.engine % chain.length];
      if (one === undefined) return;
      const ceiling = Math.min(
        request.maxOutputTokens ?? Number.POSITIVE_INFINITY,
        one.maxOutputTokens ?? Math.min(one.contextTokens ?? 1e9, DEFAULT_MAX_OUTPUT_TOKENS),
      );
      const promptTokens = Math.round(request.promptTokens * part.prompt);
      const completionTokens = Math.round(ceiling * part.answer);
      const cacheWriteTokens = Math.round(promptTokens * part.written);
      const usage: TokenUsage = {
        promptTokens,
        completionTokens,
        cachedTokens: Math.round(promptTokens * part.cached),
        cacheWriteTokens,
        cacheWriteHourTokens: Math.round(cacheWriteTokens * part.hour),
        reasoningTokens: Math.round(completionTokens * part.reasoned),
        audioPromptTokens: Math.round(promptTokens * part.heard),
        audioCompletionTokens: Math.round(completionTokens * part.spoken),
        source: "exact",
      };
      expect(book.costUsd(one, usage) ?? 0).toBeLessThanOrEqual(estimate * (1 + 1e-12));
    }),
    { numRuns: 2_000 },
  );
});
