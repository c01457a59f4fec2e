import { readFileSync } from "node:fs";
import { calcPrice } from "@pydantic/genai-prices";
import { describe, expect, test } from "vitest";
import { contextWindow } from "#lib/providers/catalogue/context-windows.ts";
import { outputCeiling } from "#lib/providers/catalogue/output-ceilings.ts";
import { createRegistry } from "#lib/providers/registry.ts";
import { contextWindowFile } from "../../support/context-window-data.ts";

describe("context windows", () => {
  test("are those of the installed price library; `npm run ceilings` writes them anew", () => {
    const file = new URL("../../../lib/providers/catalogue/context-window-data.ts", import.meta.url);
    expect(readFileSync(file, "utf8")).toBe(contextWindowFile());
  });

  test.each([
    ["anthropic", "claude-opus-4-7"],
    ["anthropic", "claude-sonnet-4-5-20250929"],
    ["anthropic", "claude-3-haiku-20240307"],
    ["openai", "gpt-4o"],
    ["openai", "gpt-4o-mini-2024-07-18"],
    ["openai", "gpt-4"],
    ["openai", "gpt-5.4"],
    ["google", "gemini-2.5-flash"],
    ["groq", "openai/gpt-oss-120b"],
    ["cerebras", "llama3.1-8b"],
  ])("of %s/%s are what the library says", (providerId, model) => {
    const expected = calcPrice({}, model, { providerId })?.model.context_window;
    expect(expected).toBeGreaterThan(0);
    expect(contextWindow(providerId, model)).toBe(expected);
  });

  test.each([
    ["openai", "gpt-9-unheard-of"],
    ["openai", "gpt-4-unheard-of"],
    ["nobody", "gpt-4o"],
    [undefined, "gpt-4o"],
  ])("of %s/%s are unknown", (providerId, model) => {
    expect(contextWindow(providerId, model)).toBeUndefined();
  });
});

describe("output ceilings", () => {
  test.each([
    ["openai", "gpt-4o", 16_384],
    ["openai", "openai/gpt-4o-mini", 16_384],
    ["openai", "gpt-4o-2024-05-13", 4_096],
    ["openai", "gpt-4.1-nano", 32_768],
    ["openai", "gpt-4-turbo", 4_096],
    ["openai", "gpt-4", 8_192],
    ["openai", "gpt-3.5-turbo-0125", 4_096],
    ["openai", "o1-mini", 65_536],
    ["openai", "o4-mini", 100_000],
    ["openai", "gpt-5-mini", 128_000],
    ["openai", "gpt-5.1-chat-latest", 16_384],
    ["anthropic", "claude-3-haiku-20240307", 4_096],
    ["anthropic", "claude-3-5-sonnet-20241022", 8_192],
    ["anthropic", "claude-3-7-sonnet-latest", 64_000],
    ["anthropic", "claude-opus-4-20250514", 32_000],
    ["anthropic", "claude-opus-4-1", 32_000],
    ["anthropic", "claude-opus-4-5-20251101", 64_000],
    ["anthropic", "claude-opus-4-7", 128_000],
    ["anthropic", "claude-sonnet-4-20250514", 64_000],
    ["anthropic", "claude-haiku-4-5", 64_000],
    ["openrouter", "anthropic/claude-3.5-sonnet", 8_192],
    ["google", "gemini-2.5-pro", 65_536],
    ["google", "gemini-2.0-flash", 8_192],
    ["google", "gemini-3-flash-preview", 65_536],
    ["groq", "llama-3.3-70b-versatile", 32_768],
    ["groq", "openai/gpt-oss-120b", 65_536],
    ["cohere", "command-r-plus-08-2024", 4_096],
    [undefined, "gpt-4o", 16_384],
    ["sambanova", "Meta-Llama-3.3-70B-Instruct", undefined],
    ["openai", "gpt-6-sol", undefined],
    ["anthropic", "claude-opus-5", undefined],
    [undefined, "my-own-model", undefined],
  ])("of %s/%s: %s", (pricedAs, model, tokens) => {
    expect(outputCeiling(pricedAs, model)).toBe(tokens);
  });

  test("an operator's figures come first", () => {
    const registry = createRegistry((name) => (name === "OPENAI_API_KEY" ? "k" : undefined));
    const row = { provider: "openai", model: "gpt-4o", label: "GPT-4o" };
    expect(registry.resolve([row])[0]).toMatchObject({ contextTokens: 128_000, maxOutputTokens: 16_384 });
    const own = { ...row, contextTokens: 8_000, maxOutputTokens: 4_000 };
    expect(registry.resolve([own])[0]).toMatchObject({ contextTokens: 8_000, maxOutputTokens: 4_000 });
  });
});
