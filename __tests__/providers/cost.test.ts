import { calcPrice, findProvider } from "@pydantic/genai-prices";
import { describe, expect, test } from "vitest";
import { estimatedUsage, type TokenUsage } from "#lib/chat/usage.ts";
import { createPriceBook, isBilled, isPaid, type PricedEngine } from "#lib/providers/cost.ts";
import { loadLibraryPrices } from "#lib/providers/prices/library-prices.ts";
import { mediaPrice } from "#lib/providers/prices/media-prices.ts";
import { PAID_MODEL_NAMES } from "#lib/providers/prices/own-prices.ts";
import { parsePricesConfig } from "#lib/providers/prices/prices-config.ts";
import { createRegistry } from "#lib/providers/registry.ts";
import { PROVIDERS } from "#lib/providers/vendors/providers.ts";
import { summarizeUsage } from "#lib/services/ledger/turn-usage.ts";

function usage(changes: Partial<TokenUsage> = {}): TokenUsage {
  return {
    promptTokens: 1_000_000,
    completionTokens: 0,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    source: "exact",
    ...changes,
  };
}

function engine(provider: string, model: string, paid: string = ""): PricedEngine & { label: string } {
  const settings: Record<string, string> = { PAID_PROVIDERS: paid, OLLAMA_URL: "http://x" };
  const registry = createRegistry(
    (name) => settings[name] ?? (name.endsWith("_KEY") || name.endsWith("_MODELS_TOKEN") ? "k" : undefined),
  );
  const found = registry.resolve([{ provider, model, label: "any label" }])[0];
  if (found === undefined) throw new Error("no engine");
  return found;
}

const book = createPriceBook({ library: await loadLibraryPrices(), wallNow: Date.now });
const withoutLibrary = createPriceBook({ wallNow: Date.now });

describe("prices, USD of a million tokens", () => {
  test.each([
    ["anthropic", "claude-opus-4-7", 5, 25, 0.5, 6.25],
    ["openai", "gpt-5.5", 5, 30, 0.5, undefined],
    ["gemini-grounded", "gemini-3.5-pro", 2.5, 10, 0.25, undefined],
    ["mistral", "codestral-latest", 0.3, 0.9, 0.3, undefined],
  ])("%s/%s", (provider, model, input, output, cached, written) => {
    const priced = engine(provider, model);
    expect(book.costUsd(priced, usage())).toBeCloseTo(input, 9);
    expect(book.costUsd(priced, usage({ promptTokens: 0, completionTokens: 1_000_000 }))).toBeCloseTo(
      output,
      9,
    );
    expect(book.costUsd(priced, usage({ cachedTokens: 1_000_000 }))).toBeCloseTo(cached, 9);
    expect(book.costUsd(priced, usage({ cachedTokens: 500_000 }))).toBeCloseTo((input + cached) / 2, 9);
    if (written !== undefined)
      expect(book.costUsd(priced, usage({ cacheWriteTokens: 1_000_000 }))).toBeCloseTo(written, 9);
  });

  test("the library's own, cached tokens at the cached rate", () => {
    const priced = engine("openai", "gpt-4o-mini");
    expect(
      book.costUsd(priced, usage({ promptTokens: 1_000, cachedTokens: 400, completionTokens: 10 })),
    ).toBeCloseTo(0.000126, 9);
  });
});

describe("prices are looked up once, and computed here if they are fixed per token", () => {
  const PRICED = [
    ["openai", "openai"],
    ["anthropic", "anthropic"],
    ["mistral", "mistral"],
    ["groq", "groq"],
    ["cohere", "cohere"],
    ["cerebras", "cerebras"],
    ["gemini-grounded", "google"],
    ["openrouter", "openrouter"],
  ] as const;
  const USAGES = [
    usage({ promptTokens: 1_234, completionTokens: 567 }),
    usage({ promptTokens: 300_000, completionTokens: 1, cachedTokens: 250_000 }),
    usage({ promptTokens: 9_000, cachedTokens: 2_000, cacheWriteTokens: 5_000, completionTokens: 80 }),
    usage({ promptTokens: 0, completionTokens: 0 }),
    usage({ promptTokens: 3, cachedTokens: 900, cacheWriteTokens: 900, completionTokens: 1 }),
  ];

  test.each(PRICED)("of every model of %s as the library says", (provider, providerId) => {
    const models = findProvider({ providerId })?.models ?? [];
    expect(models.length).toBeGreaterThan(5);
    const wrong: string[] = [];
    for (const { id } of [...models, { id: "nobody-knows-it" }]) {
      const priced = { ...engine(provider, "any", provider), model: id };
      // Twice: the second time it is remembered.
      for (const used of [...USAGES, ...USAGES]) {
        const written = Math.min(used.cacheWriteTokens, used.promptTokens);
        const found = calcPrice(
          {
            input_tokens: used.promptTokens,
            output_tokens: used.completionTokens,
            cache_write_tokens: written,
            cache_read_tokens: Math.min(used.cachedTokens, used.promptTokens - written),
          },
          id,
          { providerId },
        );
        const keys = Object.keys(found?.model_price ?? {});
        // Models that are billed by pages or minutes have a price of 0 there: for us it is unknown.
        const isByOthers = keys.length > 0 && !keys.includes("input_mtok") && !keys.includes("output_mtok");
        const expected = isByOthers ? undefined : found?.total_price;
        const told = book.listPriceUsd(priced, used);
        if (isOwn(id) || mediaPrice(provider, id) !== undefined) continue;
        const isSame =
          told === expected ||
          (told !== undefined &&
            expected !== undefined &&
            Math.abs(told - expected) <= 1e-12 + expected * 1e-9);
        if (!isSame) wrong.push(`${id}: ${told} instead of ${expected}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  /** Models whose price is ours, wherever they are served. */
  function isOwn(id: string): boolean {
    return PAID_MODEL_NAMES.some((name) => id.endsWith(name));
  }
});

describe("what is billed", () => {
  test("a free tier costs 0, and its list price is still reported", () => {
    const free = engine("groq", "llama-3.3-70b-versatile");
    expect(isPaid(free)).toBe(false);
    expect(book.costUsd(free, usage())).toBe(0);
    expect(book.listPriceUsd(free, usage())).toBeGreaterThan(0);
  });

  test("PAID_PROVIDERS makes it bill", () => {
    expect(book.costUsd(engine("groq", "llama-3.3-70b-versatile", "mistral, groq"), usage())).toBeGreaterThan(
      0,
    );
    expect(book.costUsd(engine("groq", "llama-3.3-70b-versatile", "mistral"), usage())).toBe(0);
    expect(isPaid(engine("openrouter-free", "x/y", "openrouter"))).toBe(true);
    expect(isPaid(engine("openrouter-free", "x/y", "openrouter-free"))).toBe(true);
  });

  test("the cost of a paid engine with an unknown price is undefined: unknown is not zero", () => {
    expect(book.costUsd(engine("openai", "gpt-nobody-knows"), usage())).toBeUndefined();
    expect(book.costUsd(engine("sambanova", "DeepSeek-V3.2", "sambanova"), usage())).toBeUndefined();
  });

  test("the provider's own figure wins, zero too", () => {
    expect(book.costUsd(engine("openai", "gpt-5.5"), usage({ reportedCostUsd: 0 }))).toBe(0);
    expect(book.costUsd(engine("openrouter", "x/y"), usage({ reportedCostUsd: 0.25 }))).toBe(0.25);
    expect(withoutLibrary.costUsd(engine("openai", "gpt-5.5"), usage({ reportedCostUsd: 0.5 }))).toBe(0.5);
  });

  test("without the library: free is 0, what is in our own table is known, other paid engines are unknown", () => {
    expect(withoutLibrary.costUsd(engine("groq", "m"), usage())).toBe(0);
    expect(withoutLibrary.costUsd(engine("openai", "gpt-5.5"), usage())).toBe(5);
    expect(withoutLibrary.costUsd(engine("openai", "gpt-4o-mini"), usage())).toBeUndefined();
  });

  test("the label means nothing", () => {
    const free = { ...engine("groq", "openai/gpt-oss-20b"), label: "Anthropic Opus 4.7" };
    expect(book.costUsd(free, usage())).toBe(0);
    const paid = { ...engine("anthropic", "claude-opus-4-7"), label: "Local Ollama" };
    expect(book.costUsd(paid, usage())).toBeCloseTo(5, 9);
  });

  test.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
    "a model named %s has no price and breaks nothing",
    (model) => {
      expect(isPaid(engine("groq", model))).toBe(false);
      expect(book.costUsd(engine("groq", model), usage())).toBe(0);
      expect(book.costUsd(engine("openai", model), usage())).toBeUndefined();
    },
  );

  test("cache counts that exceed the prompt are no reason to lose the bill", () => {
    const absurd = usage({ promptTokens: 10, cachedTokens: 8, cacheWriteTokens: 8 });
    for (const model of ["claude-opus-4-7", "claude-sonnet-4-5"]) {
      expect(book.costUsd(engine("anthropic", model), absurd)).toBeGreaterThan(0);
    }
  });
});

describe("a turn's total", () => {
  const paid = createRegistry((name) =>
    name === "OPENAI_API_KEY" || name === "GROQ_API_KEY" ? "k" : undefined,
  ).resolve([
    { provider: "openai", model: "gpt-5.5", label: "a" },
    { provider: "groq", model: "m", label: "b" },
    { provider: "openai", model: "gpt-nobody-knows", label: "c" },
  ]);
  const [known, free, unknown] = paid;
  if (known === undefined || free === undefined || unknown === undefined) throw new Error("no engines");

  test("adds each part at its own price, and is estimated when a part is", () => {
    const total = summarizeUsage(
      [
        { engine: known, call: 1, startedAt: 0, usage: usage({ completionTokens: 1, cachedTokens: 3 }) },
        { engine: free, call: 1, startedAt: 0, usage: usage({ promptTokens: 5, source: "estimated" }) },
      ],
      book,
    );
    expect(total).toMatchObject({
      promptTokens: 1_000_005,
      completionTokens: 1,
      cachedTokens: 3,
      source: "estimated",
    });
    expect(total.costUsd).toBeCloseTo(5 + 30e-6 - 3 * 4.5e-6, 9);
  });

  test("is unknown when one part is, whatever comes after it", () => {
    const parts = [unknown, known, free].map((part) => ({
      engine: part,
      call: 1,
      startedAt: 0,
      usage: usage(),
    }));
    expect(summarizeUsage(parts, book).costUsd).toBeUndefined();
    expect(summarizeUsage(parts.toReversed(), book).costUsd).toBeUndefined();
  });

  test("of a turn that reached no engine is nothing", () => {
    expect(summarizeUsage([], book)).toMatchObject({ promptTokens: 0, costUsd: 0, source: "exact" });
  });
});

describe("an engine that reports its costs, of a call for which it reported none", () => {
  const broken = usage({ promptTokens: 1_000, completionTokens: 100, source: "estimated" });

  test("costs its list price: the provider bills what was written before a client left", () => {
    const priced = engine("openrouter", "openai/gpt-4o-mini");
    expect(book.costUsd(priced, broken)).toBeCloseTo((1_000 * 0.15 + 100 * 0.6) / 1e6, 12);
    expect(isBilled(book, priced, broken)).toBe(true);
    expect(book.costUsd(engine("openrouter", "nobody/knows-it"), broken)).toBeUndefined();
  });

  test("costs nothing if its name or the operator says that it is free", async () => {
    const overrides = await parsePricesConfig('{ "openrouter/openai/gpt-4o-mini": { "free": true } }', "p");
    const free = createPriceBook({ library: await loadLibraryPrices(), overrides, wallNow: Date.now });
    expect(free.costUsd(engine("openrouter", "openai/gpt-4o-mini"), broken)).toBe(0);
    expect(book.costUsd(engine("openrouter", "z-ai/glm-4.5-air:free"), broken)).toBe(0);
  });

  test("is not billed where it reports that it took nothing", () => {
    const priced = engine("openrouter", "openai/gpt-4o-mini");
    expect(isBilled(book, priced, { ...broken, reportedCostUsd: 0 })).toBe(false);
    expect(isBilled(book, priced, { ...broken, reportedCostUsd: 0.1 })).toBe(true);
  });
});

describe("what hears, speaks and draws is priced by the minute and by the image", () => {
  const used = (counts: Partial<TokenUsage>): TokenUsage => ({ ...estimatedUsage(0, 0), ...counts });

  test.each<[string, string, Partial<TokenUsage>, number]>([
    ["cloudflare", "@cf/black-forest-labs/flux-2-klein-9b", { images: 3 }, 0.045],
    ["cloudflare", "@cf/myshell-ai/melotts", { audioSeconds: 90 }, 0.0003],
    ["groq", "whisper-large-v3-turbo", { audioSeconds: 3_600 }, 0.04],
  ])("%s/%s", (provider, model, counts, usd) => {
    const definition = PROVIDERS.find(({ id }) => id === provider);
    if (definition === undefined) throw new Error("There is no such provider.");
    const book = createPriceBook({ wallNow: () => 0 });
    const free = { provider: definition, model, paid: false };
    expect(book.listPriceUsd(free, used(counts))).toBeCloseTo(usd, 4);
    // Within the provider's allowance, unless the operator says otherwise.
    expect(book.costUsd(free, used(counts))).toBe(0);
    expect(book.costUsd({ ...free, paid: true }, used(counts))).toBeCloseTo(usd, 4);
  });
});
