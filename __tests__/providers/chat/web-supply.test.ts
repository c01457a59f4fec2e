import { describe, expect, test } from "vitest";
import type { ContentPart } from "#lib/chat/request.ts";
import type { WebResults } from "#lib/providers/chat/run.ts";
import { WebSupply } from "#lib/providers/chat/web-supply.ts";
import { createRegistry, type Engine } from "#lib/providers/registry.ts";
import { aRequest, engineAt } from "../../support/engines.ts";

const registry = createRegistry((name) => ({ GOOGLE_GEMINI_API_KEY: "k" })[name]);
const [GEMINI] = registry.resolve([
  { provider: "gemini-grounded", model: "gemini-3.8-flash", label: "Gemini" },
]);
if (GEMINI === undefined) throw new Error("The engine is not there.");
const PLAIN = engineAt("plain", "http://plain.invalid/v1");
const SONAR = engineAt("sonar", "http://sonar.invalid/v1", { model: "perplexity/sonar" });

const call = (engine: Engine, withoutAdditions = false) => ({ engine, withoutAdditions });
const RESULTS: ContentPart = { type: "text", text: "RESULTS\n\n" };
const { signal } = new AbortController();

function setUp(request = aRequest({ webSearch: true })) {
  const budgets: number[] = [];
  const webResults: WebResults = async ({ timeoutMs }) => {
    budgets.push(timeoutMs);
    return [RESULTS];
  };
  return { budgets, request, supply: new WebSupply({ request, signal, webResults }) };
}

describe("what is on the web comes to an engine in one of two ways", () => {
  test("a request that wants no web waits for nothing, and goes out as it is", () => {
    const request = aRequest();
    const supply = new WebSupply({ request, signal });
    for (const engine of [GEMINI, PLAIN, SONAR]) {
      expect(supply.fetchFor(call(engine), 10_000)).toBeUndefined();
      expect(supply.requestFor(call(engine))).toBe(request);
      expect(supply.isSearching(call(engine))).toBe(false);
    }
  });

  test("an engine that searches by itself waits for nothing either", () => {
    const { supply, request, budgets } = setUp();
    for (const engine of [GEMINI, SONAR]) {
      expect(supply.fetchFor(call(engine), 10_000)).toBeUndefined();
      expect(supply.requestFor(call(engine))).toBe(request);
      expect(supply.isSearching(call(engine))).toBe(true);
    }
    expect(budgets).toEqual([]);
  });

  test("results stand before the text of the last message of the user, also beside an image", async () => {
    const image: ContentPart = { type: "image", url: "data:image/png;base64,eA==" };
    const { supply, request } = setUp(
      aRequest({
        webSearch: true,
        messages: [
          { role: "user", content: "First" },
          { role: "assistant", parts: [{ type: "text", text: "Answer" }] },
          { role: "user", content: [{ type: "text", text: "Second" }, image] },
        ],
      }),
    );
    await supply.fetchFor(call(PLAIN), 10_000);
    const sent = supply.requestFor(call(PLAIN));
    expect(sent.messages).toEqual([
      ...request.messages.slice(0, 2),
      { role: "user", content: [RESULTS, { type: "text", text: "Second" }, image] },
    ]);
    expect(sent.webSearch).toBeUndefined();
    expect(supply.requestFor(call(GEMINI))).toBe(request);
  });

  test("they are fetched once, within four seconds and half of the time that is left", async () => {
    const { supply, budgets } = setUp();
    await supply.fetchFor(call(PLAIN), 1_000);
    expect(supply.fetchFor(call(PLAIN), 1_000)).toBeUndefined();
    await setUp().supply.fetchFor(call(PLAIN), 100_000);
    const long = setUp();
    await long.supply.fetchFor(call(PLAIN), 100_000);
    expect([budgets, long.budgets]).toEqual([[500], [4_000]]);
  });

  test("an engine that has refused to search gets them; one that cannot help searching does not", async () => {
    const { supply } = setUp();
    expect(supply.fetchFor(call(SONAR, true), 1_000)).toBeUndefined();
    expect(supply.isSearching(call(GEMINI, true))).toBe(false);
    await supply.fetchFor(call(GEMINI, true), 1_000);
    expect(JSON.stringify(supply.requestFor(call(GEMINI, true)))).toContain("RESULTS");
    expect(JSON.stringify(supply.requestFor(call(SONAR, true)))).not.toContain("RESULTS");
  });

  test("where an engine cannot search beside what else is asked, it gets them", async () => {
    const { supply } = setUp(aRequest({ webSearch: true, responseFormat: { type: "json_object" } }));
    await supply.fetchFor(call(GEMINI), 1_000);
    expect(JSON.stringify(supply.requestFor(call(GEMINI)))).toContain("RESULTS");
  });
});
