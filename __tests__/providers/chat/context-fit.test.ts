import { describe, expect, test } from "vitest";
import { enginesThatFit } from "#lib/providers/chat/context-fit.ts";
import { aRequest, engineAt } from "../../support/engines.ts";

const small = engineAt("small", "http://a.test", { contextTokens: 1_000 });
const large = engineAt("large", "http://b.test", { contextTokens: 10_000 });
const unknown = engineAt("unknown", "http://c.test");
const words = (count: number): string => "ship ".repeat(count);

function fitting(content: string, engines = [small, large]): string[] {
  const request = aRequest({ messages: [{ role: "user", content }] });
  return enginesThatFit({ engines, request }).map(({ label }) => label);
}

describe("engines whose window is known to be too small are passed over", () => {
  test.each([
    ["a short prompt", "Hello", ["small", "large"]],
    ["as many words as tokens", words(1_000), ["small", "large"]],
    ["more words than tokens", words(1_100), ["large"]],
    ["a long row of dashes, which are few tokens", "-".repeat(100_000), ["small", "large"]],
    ["white space, which is few tokens", " \n".repeat(100_000), ["small", "large"]],
    ["base64", "QUJD".repeat(10_000), ["large"]],
    ["Chinese", "灯塔看守人".repeat(1_000), ["large"]],
    ["a little Chinese", "灯塔看守人".repeat(300), ["small", "large"]],
    ["Cyrillic", "корабль ".repeat(1_200), ["large"]],
  ])("%s", (_, prompt, labels) => {
    expect(fitting(prompt)).toEqual(labels);
  });

  test("an engine whose window is unknown is not", () => {
    expect(fitting(words(100_000), [small, unknown])).toEqual(["unknown"]);
  });

  test("arguments of earlier calls count", () => {
    const request = aRequest({
      messages: [
        { role: "user", content: "Hi" },
        { role: "assistant", parts: [{ type: "tool_call", id: "1", name: "f", arguments: words(2_000) }] },
      ],
    });
    expect(enginesThatFit({ engines: [small, large], request }).map(({ label }) => label)).toEqual(["large"]);
  });

  test("what was read of a document counts where an engine gets it as text", () => {
    const source = {
      kind: "url",
      url: "data:application/pdf;base64,AA==",
      mediaType: "application/pdf",
    } as const;
    const request = aRequest({
      messages: [{ role: "user", content: [{ type: "document", source, reading: words(2_000) }] }],
    });
    const native = engineAt("native", "http://d.test", {
      contextTokens: 1_000,
      capabilities: { documents: true },
    });
    const blind = engineAt("blind", "http://e.test", {
      contextTokens: 1_000,
      capabilities: { documents: false },
    });
    const labels = enginesThatFit({ engines: [blind, native, large], request }).map(({ label }) => label);
    expect(labels).toEqual(["native", "large"]);
  });

  test("if none remains, the client learns it without a call", () => {
    expect(() => fitting(words(20_000))).toThrow(
      expect.objectContaining({
        code: "context_length_exceeded",
        message: expect.stringMatching(/^The prompt is too long: at least \d+ tokens > 10000 maximum/),
      }),
    );
  });

  test("a client that enables Anthropic's long window decides itself", () => {
    const request = aRequest({
      messages: [{ role: "user", content: words(20_000) }],
      extra: { dialect: "anthropic", fields: {}, betas: "context-1m-2025-08-07" },
    });
    expect(enginesThatFit({ engines: [small], request })).toEqual([small]);
  });

  test("25 MB are measured in one pass", () => {
    const prompt = "x".repeat(25_000_000);
    const startedAt = performance.now();
    fitting(prompt, [small, large, unknown]);
    fitting("=".repeat(25_000_000));
    // A pass that looked back would take minutes.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
