import { readFile } from "node:fs/promises";
import { Socket } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { loadLibraryPrices, PRICE_LIBRARY } from "#lib/providers/prices/library-prices.ts";
import { NO_OVERRIDES } from "#lib/providers/prices/price-overrides.ts";
import { parsePricesConfig } from "#lib/providers/prices/prices-config.ts";
import { LivePrices } from "#lib/services/engines/live-prices.ts";
import { chatProvider } from "../../support/engines.ts";

const engine = { provider: { ...chatProvider("openai", "http://x"), pricedAs: "openai" }, paid: true };
const mini = { ...engine, model: "gpt-4o-mini" };
const million = {
  promptTokens: 1_000_000,
  completionTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  source: "exact",
} as const;

describe("the prices of a process", () => {
  test("are those of the operator and our own at once, and those of the library when somebody has waited for it", async () => {
    let loads = 0;
    const prices = new LivePrices({
      loadLibrary: () => {
        loads++;
        return loadLibraryPrices();
      },
      onLoadError: () => undefined,
      wallNow: Date.now,
      overrides: await parsePricesConfig("openai/mine: { input: 7, output: 7 }", "prices"),
    });
    const costs = () =>
      ["mine", "gpt-5.5", "gpt-4o-mini"].map((model) =>
        prices.current.costUsd({ ...engine, model }, million),
      );
    expect(costs()).toEqual([7, 5, undefined]);
    const [first, second] = await Promise.all([prices.whole(), prices.whole()]);
    expect(first).toBe(second);
    expect(first).toBe(prices.current);
    expect([loads, ...costs()]).toEqual([1, 7, 5, 0.15]);
  });

  test("change when the operator changes them, and stay for whoever holds the book", async () => {
    const prices = new LivePrices({
      loadLibrary: loadLibraryPrices,
      onLoadError: () => undefined,
      wallNow: Date.now,
    });
    const before = await prices.whole();
    prices.replaceOverrides(await parsePricesConfig("gpt-4o-mini: { input: 1, output: 1 }", "prices"));
    expect(before.costUsd(mini, million)).toBe(0.15);
    expect(prices.current.costUsd(mini, million)).toBe(1);
    expect(prices.current.facts).toMatchObject({ overrides: 1, library: { isLoaded: true } });
    prices.replaceOverrides(NO_OVERRIDES);
    expect(prices.current.costUsd(mini, million)).toBe(0.15);
  });

  test("are without the library if it cannot be loaded; it is tried again after a minute", async () => {
    let now = 0;
    const errors: unknown[] = [];
    const library = vi.fn(loadLibraryPrices).mockRejectedValueOnce(new Error("gone"));
    const prices = new LivePrices({
      loadLibrary: library,
      onLoadError: (error) => errors.push(error),
      wallNow: () => now,
    });
    expect((await prices.whole()).costUsd(mini, million)).toBeUndefined();
    now = 59_000;
    expect((await prices.whole()).costUsd(mini, million)).toBeUndefined();
    expect([errors.length, library.mock.calls.length]).toEqual([1, 1]);
    now = 60_000;
    expect((await prices.whole()).costUsd(mini, million)).toBe(0.15);
  });
});

describe("the price library", () => {
  test("is the version that the health answer names", async () => {
    const path = new URL("../../../node_modules/@pydantic/genai-prices/package.json", import.meta.url);
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({
      name: PRICE_LIBRARY.name,
      version: PRICE_LIBRARY.version,
    });
  });

  test("calls nobody: its updater is not used", async () => {
    const fetched = vi.spyOn(globalThis, "fetch");
    const connected = vi.spyOn(Socket.prototype, "connect");
    vi.resetModules();
    const fresh = await import("#lib/providers/prices/library-prices.ts");
    const library = await fresh.loadLibraryPrices();
    expect(library("openai", "gpt-4o-mini", Date.now())).toBeDefined();
    expect(library("google", "gemini-3.6-flash", Date.now())).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(fetched).not.toHaveBeenCalled();
    expect(connected).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});
