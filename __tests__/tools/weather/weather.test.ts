import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { jsonHttp } from "#lib/adapters/http/json-http.ts";
import type { Tool, ToolResult } from "#lib/tools/tool.ts";
import { weather } from "#lib/tools/weather/weather.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../../support/fake-upstream.ts";
import { forecastDouble, geocodingDouble } from "../../support/open-meteo.ts";

let geocoder: FakeUpstream;
let forecasts: FakeUpstream;
let clock: FakeClock;
let tool: Tool;
beforeAll(async () => {
  geocoder = await startFakeUpstream(geocodingDouble);
  forecasts = await startFakeUpstream(forecastDouble);
});
afterAll(() => Promise.all([geocoder.stop(), forecasts.stop()]));
beforeEach(() => {
  geocoder.script = geocodingDouble;
  forecasts.script = forecastDouble;
  geocoder.requests.length = 0;
  forecasts.requests.length = 0;
  clock = new FakeClock();
  tool = weather({ http: jsonHttp, clock, baseUrl: forecasts.origin, geocodingBaseUrl: geocoder.origin });
});

const run = (place?: string, signal = new AbortController().signal): Promise<ToolResult> =>
  tool.run(place === undefined ? {} : { place }, { signal });
const queryOf = (upstream: FakeUpstream): Record<string, string> =>
  Object.fromEntries(new URL(upstream.requests.at(-1)?.path ?? "", "http://x").searchParams);

describe("what the model reads", () => {
  test("the place, the weather now, four days, in local time and the units of the place", async () => {
    expect(await run("Paris")).toEqual({
      text: [
        "Weather in Paris, Île-de-France, France",
        "Now (2026-11-22 13:00 local time, Europe/Paris): overcast, 7.4°C, feels like 4.1°C, humidity 81%, wind 14.2 km/h, precipitation 0 mm",
        "Sunday, 2026-11-22: overcast, 3.3°C to 8.2°C, chance of precipitation 10%, wind up to 20.1 km/h, sunrise 08:11, sunset 17:01",
        "Monday, 2026-11-23: slight rain, 4°C to 9.9°C, chance of precipitation 85%, wind up to 31.5 km/h, sunrise 08:11, sunset 17:01",
        "Tuesday, 2026-11-24: slight rain showers, 2.8°C to 7°C, chance of precipitation 60%, wind up to 18 km/h, sunrise 08:11, sunset 17:01",
        "Wednesday, 2026-11-25: slight snowfall, 1.9°C to 6.1°C, chance of precipitation 40%, wind up to 22.3 km/h, sunrise 08:11, sunset 17:01",
        "Other places of that name: Paris, Texas, United States.",
      ].join("\n"),
      source: { name: "Open-Meteo", url: "https://open-meteo.com/" },
      asOf: "2026-11-22T13:00+01:00",
    });
    expect(queryOf(geocoder)).toMatchObject({ name: "Paris", format: "json" });
    expect(queryOf(forecasts)).toMatchObject({
      latitude: "48.85341",
      longitude: "2.3488",
      timezone: "auto",
      forecast_days: "4",
    });
  });

  test.each([
    ["Paris, Texas", "Paris, Texas, United States", "45.3°F", "14.2 mph"],
    ["Paris, TX", "Paris, Texas, United States", "45.3°F", "14.2 mph"],
    ["Paris, USA", "Paris, Texas, United States", "45.3°F", "14.2 mph"],
    ["Paris, Frankreich", "Paris, Île-de-France, France", "7.4°C", "14.2 km/h"],
    ["Paris, 法国", "Paris, Île-de-France, France", "7.4°C", "14.2 km/h"],
    ["Paris Texas", "Paris, Texas, United States", "45.3°F", "14.2 mph"],
    ["Springfield IL", "Springfield, Illinois, United States", "45.3°F", "14.2 mph"],
    ["Springfield, Illinois, United States", "Springfield, Illinois, United States", "45.3°F", "14.2 mph"],
    ["London", "London, England, United Kingdom", "7.4°C", "14.2 mph"],
    ["London, UK", "London, England, United Kingdom", "7.4°C", "14.2 mph"],
    ["London Ontario", "London, Ontario, Canada", "7.4°C", "14.2 km/h"],
    ["New York City", "New York, United States", "45.3°F", "14.2 mph"],
    ["東京", "Tokyo, Japan", "7.4°C", "14.2 km/h"],
    ["Москве", "Moscow, Russia", "7.4°C", "14.2 km/h"],
    ["istanbulda", "Istanbul, Türkiye", "7.4°C", "14.2 km/h"],
    ["Yangon", "Yangon, Myanmar", "45.3°F", "14.2 mph"],
  ])("%s is %s", async (asked, name, temperature, wind) => {
    const { text } = await run(asked);
    expect(text.split("\n")[0]).toBe(`Weather in ${name}`);
    expect(text).toContain(temperature);
    expect(text).toContain(wind);
  });

  test("the example in LIVE-TOOLS.md is what it says", async () => {
    const lines = (await run("Paris")).text.split("\n");
    const shown = [...lines.slice(0, 4), "…", lines.at(-1)].join("\n");
    expect(readFileSync("docs/LIVE-TOOLS.md", "utf8")).toContain(`\n${shown}\n\`\`\``);
  });

  test("no place: which one is to be asked, and nothing is sent", async () => {
    expect((await run()).text).toContain("Ask the person which place they mean");
    expect(geocoder.requests).toHaveLength(0);
  });

  test("a place that is not on the map", async () => {
    const { text } = await run("Xyzzyville");
    expect(text).toContain('no place called "Xyzzyville"');
    expect(forecasts.requests).toHaveLength(0);
  });

  test("a place that is somewhere else", async () => {
    const { text } = await run("Paris, Narnia");
    expect(text).toContain(
      'no Paris in "Narnia" on the map, but these: Paris, Île-de-France, France; Paris, Texas',
    );
    expect(forecasts.requests).toHaveLength(0);
  });

  test("fields that are missing or of another type are left out", async () => {
    forecasts.script = (exchange) =>
      exchange.json(200, {
        current: { temperature_2m: 3, weather_code: 123, wind_speed_10m: null },
        daily: { time: ["2026-11-22", 5], temperature_2m_max: [4] },
      });
    expect((await run("東京")).text).toBe("Weather in Tokyo, Japan\nNow: 3\nSunday, 2026-11-22: 4");
  });
});

describe("a source that fails", () => {
  const FAILURES: [string, Script, string][] = [
    [
      "429 with its reason",
      (exchange) =>
        exchange.json(429, {
          error: true,
          reason: "Minutely API request limit exceeded. Please try again in one minute.",
        }),
      "The source answered with status 429: Minutely API request limit exceeded. Please try again in one minute.",
    ],
    [
      "400 with its reason",
      (exchange) => exchange.json(400, { error: true, reason: "Invalid timezone" }),
      "status 400: Invalid timezone",
    ],
    ["502", (exchange) => exchange.respond(502, "<html>"), "The source answered with status 502"],
    ["garbage", (exchange) => exchange.respond(200, "<html>"), "The source's answer was not usable."],
    ["another shape", (exchange) => exchange.json(200, "sunny"), "The source's answer was not usable."],
    ["a reset", (exchange) => exchange.reset(), "The source could not be reached."],
  ];
  test.each(FAILURES)("the geocoder: %s", async (_, script, message) => {
    geocoder.script = script;
    await expect(run("Paris")).rejects.toThrow(message);
    geocoder.script = geocodingDouble;
    expect((await run("Paris")).text).toContain("7.4°C");
  });
  test.each(FAILURES)("the forecast: %s", async (_, script, message) => {
    forecasts.script = script;
    await expect(run("Paris")).rejects.toThrow(message);
    forecasts.script = forecastDouble;
    expect((await run("Paris")).text).toContain("7.4°C");
  });
  test.each(["geocoder", "forecast"])("silence of the %s ends with the caller's time-out", async (which) => {
    (which === "geocoder" ? geocoder : forecasts).script = () => undefined;
    await expect(run("Paris", AbortSignal.timeout(50))).rejects.toThrow();
  });
  test("places whose position is no number are left out", async () => {
    geocoder.script = (exchange) =>
      exchange.json(200, { results: [{ name: "Paris", latitude: "48", longitude: 2 }, null] });
    expect((await run("Paris")).text).toContain("no place called");
  });
  test.each([{ place: "" }, { place: "a".repeat(101) }, { place: 5 }, "Paris"])(
    "an input that does not fit: %j",
    async (input) => {
      await expect(tool.run(input, { signal: new AbortController().signal })).rejects.toMatchObject({
        code: "invalid_request",
      });
    },
  );
});

describe("the cache", () => {
  test("a forecast holds ten minutes, a place a day", async () => {
    await run("Paris");
    await run("paris");
    expect([geocoder.requests.length, forecasts.requests.length]).toEqual([1, 1]);
    clock.advance(10 * 60_000);
    await run("Paris");
    expect([geocoder.requests.length, forecasts.requests.length]).toEqual([1, 2]);
    clock.advance(24 * 3_600_000);
    await run("Paris");
    expect([geocoder.requests.length, forecasts.requests.length]).toEqual([2, 3]);
  });

  test("two people who ask at once share the requests, and one may leave", async () => {
    const leaving = new AbortController();
    let release: () => void = () => undefined;
    geocoder.script = async (exchange) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      await geocodingDouble(exchange);
    };
    const left = run("Paris", leaving.signal);
    const stayed = run("Paris");
    await expect.poll(() => geocoder.requests.length).toBe(1);
    leaving.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    release();
    expect((await stayed).text).toContain("7.4°C");
    expect(geocoder.requests).toHaveLength(1);
  });
});
