import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { jsonHttp } from "#lib/adapters/http/json-http.ts";
import { decimalOf, money, significant, times } from "#lib/tools/exchange-rates/decimal.ts";
import { exchangeRates } from "#lib/tools/exchange-rates/exchange-rates.ts";
import type { Tool, ToolResult } from "#lib/tools/tool.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../../support/fake-upstream.ts";
import { frankfurterDouble } from "../../support/frankfurter.ts";

let source: FakeUpstream;
let clock: FakeClock;
let tool: Tool;
beforeAll(async () => {
  source = await startFakeUpstream(frankfurterDouble());
});
afterAll(() => source.stop());
beforeEach(() => {
  source.script = frankfurterDouble();
  source.requests.length = 0;
  // A Sunday.
  clock = new FakeClock(Date.parse("2026-11-22T12:00:00Z"));
  tool = exchangeRates({ http: jsonHttp, clock, baseUrl: source.origin });
});

const run = (input: object, signal = new AbortController().signal): Promise<ToolResult> =>
  tool.run(input, { signal });
const ask = async (message: string): Promise<string> => {
  const [input] = tool.detect?.({ message, history: [] }) ?? [];
  return (await run(input as object)).text;
};

describe("what the model reads", () => {
  test("amount, result, rate, the date of the rate and why it is none of today", async () => {
    const [input] = tool.detect?.({ message: "Convert 500 GBP to EUR", history: [] }) ?? [];
    expect(await run(input as object)).toEqual({
      text:
        "500.00 GBP = 567.85 EUR (rate: 1 GBP = 1.1357 EUR, 1 EUR = 0.880514 GBP)\n" +
        "The rate is of Friday, 2026-11-20, the latest that is published (today is Sunday, 2026-11-22).\n" +
        "These are reference rates, published once a working day; banks and card issuers charge other ones.",
      source: {
        name: "European Central Bank reference rates, from Frankfurter",
        url: "https://frankfurter.dev/",
      },
      asOf: "2026-11-20",
    });
    expect(source.requests[0]?.path).toBe("/v1/latest?base=GBP&symbols=EUR");
  });

  test.each([
    [
      "several targets",
      "$100 in EUR, JPY and INR",
      ["100.00 USD = 86.77 EUR", "100.00 USD = 15,673 JPY", "100.00 USD = 8,928.00 INR"],
    ],
    ["an ambiguous symbol is told", "1.5k $ in yen", ["1,500.00 USD = 235,095 JPY", '"$" was read as USD']],
    ["lakh", "₹ 2 lakh in dollars", ["200,000.00 INR = 2,240.09 USD"]],
    ["a small unit is not rounded away", "100000 JPY to EUR", ["100,000 JPY = 553.62 EUR"]],
    ["a small result keeps its digits", "1 IDR to EUR", ["1 IDR = 0.00005194 EUR"]],
    ["zero", "0 USD to EUR", ["0.00 USD = 0.00 EUR"]],
    ["a huge amount", "12345678901234 EUR to CHF", ["12,345,678,901,234.00 EUR = 11,479,012,242,367.37 CHF"]],
    ["the same currency twice", "500 EUR to EUR", ["500.00 EUR is the same in EUR"]],
    [
      "the same currency among others",
      "500 EUR to EUR and USD",
      ["is the same in EUR", "500.00 EUR = 576.25 USD"],
    ],
    [
      "a weekend",
      "100 USD to EUR on 3 March 2024",
      [
        "The rate is of Friday, 2024-03-01: none was published on Sunday, 2024-03-03 (there are none at weekends)",
      ],
    ],
    [
      "a holiday",
      "100 USD to EUR on 26 December 2024",
      [
        "The rate is of Tuesday, 2024-12-24: none was published on Thursday, 2024-12-26 (there are none on bank holidays)",
      ],
    ],
    ["a working day", "100 USD to EUR on 5 March 2024", ["The rate is of Tuesday, 2024-03-05."]],
    [
      "yesterday, a Saturday",
      "EUR to USD yesterday",
      ["The rate is of Friday, 2026-11-20: none was published on Saturday, 2026-11-21"],
    ],
  ])("%s", async (_, message, lines) => {
    const text = await ask(message);
    for (const line of lines) expect(text).toContain(line);
  });

  test.each([
    ["Bitcoin", "1 BTC in USD", "No live rate of BTC (Bitcoin) could be had"],
    ["into Bitcoin", "100 USD in BTC", "No live rate of BTC (Bitcoin) could be had"],
    ["the rouble today", "100 USD to RUB", "no rate of RUB (Russian Ruble) since 2022-03-01"],
    ["dirhams", "100 AED to EUR", "No live rate of AED"],
    ["tomorrow", "100 USD to EUR tomorrow", "2026-11-23: that day is in the future"],
    ["a year far off", "100 USD to EUR on 1 March 2030", "2030-03-01: that day is in the future"],
    ["before the euro", "100 USD to EUR on 3 March 1998", "begin on 1999-01-04"],
  ])("%s is said honestly, and nothing is sent", async (_, message, line) => {
    expect(await ask(message)).toContain(line);
    expect(source.requests).toHaveLength(0);
  });

  test("the example in LIVE-TOOLS.md is what it says", async () => {
    const text = await ask("What was $1.5k in yen on 3 March 2024?");
    expect(readFileSync("docs/LIVE-TOOLS.md", "utf8")).toContain(`\n${text}\n\`\`\``);
  });

  test("one currency that is not listed does not keep the others from being answered", async () => {
    const text = await ask("100 USD to EUR and BTC");
    expect(text).toContain("100.00 USD = 86.77 EUR");
    expect(text).toContain("No live rate of BTC");
  });

  test("a currency that the source does not know that day is said", async () => {
    source.script = (exchange) => exchange.json(404, { message: "not found" });
    expect(await ask("100 MYR to EUR")).toContain(
      "The source has no rate of MYR (Malaysian Ringgit) to EUR (Euro)",
    );
  });
});

describe("for a model that calls it by name", () => {
  test("its input has a JSON schema, and codes may be in lower case", async () => {
    expect(tool.inputSchema()).toMatchObject({
      type: "object",
      required: ["from", "to"],
      properties: { amount: { type: "number" }, from: { type: "string" }, to: { type: "array" } },
    });
    expect((await run({ from: " usd ", to: ["jpy"] })).text).toContain("1.00 USD = 157 JPY");
  });
});

describe("a source that fails", () => {
  const FAILURES: [string, Script, string][] = [
    [
      "503",
      (exchange) => exchange.json(503, { message: "down" }),
      "The source answered with status 503: down",
    ],
    ["429", (exchange) => exchange.json(429, {}), "The source answered with status 429"],
    ["garbage", (exchange) => exchange.respond(200, "<html>"), "The source's answer was not usable."],
    [
      "another shape",
      (exchange) => exchange.json(200, { rates: "none" }),
      "The source's answer was not usable.",
    ],
    ["a list", (exchange) => exchange.json(200, [1]), "The source's answer was not usable."],
    ["a reset", (exchange) => exchange.reset(), "The source could not be reached."],
  ];
  test.each(FAILURES)("%s", async (_, script, message) => {
    source.script = script;
    await expect(run({ amount: 1, from: "USD", to: ["EUR"] })).rejects.toThrow(message);
    source.script = frankfurterDouble();
    expect((await run({ amount: 1, from: "USD", to: ["EUR"] })).text).toContain("0.8677 EUR");
  });

  test("silence ends with the caller's time-out", async () => {
    source.script = () => undefined;
    await expect(run({ amount: 1, from: "USD", to: ["EUR"] }, AbortSignal.timeout(50))).rejects.toThrow();
  });

  test("rates that are no numbers are left out", async () => {
    source.script = (exchange) =>
      exchange.json(200, {
        amount: 1,
        base: "USD",
        date: "2026-11-20",
        rates: { EUR: "0.9", GBP: 0, JPY: 150 },
      });
    const { text } = await run({ amount: 1, from: "USD", to: ["EUR", "GBP", "JPY"] });
    expect(text).toContain("The source has no rate of USD (US Dollar) to EUR (Euro)");
    expect(text).toContain("1.00 USD = 150 JPY");
  });

  test.each([
    [{ amount: -1, from: "USD", to: ["EUR"] }],
    [{ amount: 1, from: "../x", to: ["EUR"] }],
    [{ amount: 1, from: "USD", to: [] }],
    [{ amount: 1, from: "USD", to: ["EUR"], date: "2024-02-31" }],
    ["USD"],
  ])("an input that does not fit is refused: %j", async (input) => {
    await expect(tool.run(input, { signal: new AbortController().signal })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });
});

describe("the cache", () => {
  test("the same question is asked once until the next publication", async () => {
    await ask("Convert 500 GBP to EUR");
    await ask("Convert 20 GBP to EUR");
    // To Monday, 16:15 in Frankfurt.
    clock.advance(27 * 3_600_000);
    await ask("Convert 500 GBP to EUR");
    expect(source.requests).toHaveLength(1);
    clock.advance(0.3 * 3_600_000);
    await ask("Convert 500 GBP to EUR");
    expect(source.requests).toHaveLength(2);
  });

  const HOUR = 3_600_000;
  test.each([
    ["on a Sunday, Friday's: until Monday 16:15", "2026-11-20", "2026-11-22T12:00:00Z", 27.25 * HOUR],
    [
      "on a Monday morning, Friday's: until that afternoon",
      "2026-11-20",
      "2026-11-23T08:00:00Z",
      7.25 * HOUR,
    ],
    ["on a Monday evening, Monday's: until Tuesday", "2026-11-23", "2026-11-23T18:00:00Z", 21.25 * HOUR],
    [
      "on a Monday evening, Friday's, since they are late: ten minutes",
      "2026-11-20",
      "2026-11-23T18:00:00Z",
      HOUR / 6,
    ],
    ["in summer, by summer time", "2026-07-06", "2026-07-06T18:00:00Z", 20.25 * HOUR],
    ["of a past day: a day", "2024-03-01", "2026-11-22T12:00:00Z", 24 * HOUR],
  ])("%s", async (_, date, now, life) => {
    source.script = frankfurterDouble(date);
    clock = new FakeClock(Date.parse(now));
    tool = exchangeRates({ http: jsonHttp, clock, baseUrl: source.origin });
    const isPast = date < "2026";
    const input = { amount: 1, from: "EUR", to: ["USD"], ...(isPast ? { date } : {}) };
    await run(input);
    clock.advance(life - 1_000);
    await run(input);
    expect(source.requests).toHaveLength(1);
    clock.advance(1_000);
    await run(input);
    expect(source.requests).toHaveLength(2);
  });
});

describe("numbers are those that a person would write", () => {
  test.each([
    [0.1, 3, 2, "0.30"],
    [1.005, 1, 2, "1.01"],
    [1e-7, 1, 2, "0.0000001"],
    [1e20, 1, 2, "100,000,000,000,000,000,000.00"],
    [2.675, 100, 3, "267.500"],
    [999.999, 1, 0, "1,000"],
  ])("%d × %d", (one, other, digits, expected) => {
    expect(money(times(decimalOf(one), decimalOf(other)), digits)).toBe(expected);
  });

  test("rates have six digits that count", () => {
    expect(
      [1.1523, 0.000059123456, 19254.31, 0, 123456789].map((rate) => significant(decimalOf(rate), 6)),
    ).toEqual(["1.1523", "0.0000591235", "19,254.3", "0", "123,456,789"]);
  });
});
