import { describe, expect, test } from "vitest";
import { type NativeEvent, parseEvent, readUsageEvent, serializeEvent } from "#lib/streaming/events.ts";
import { SseReader } from "#lib/streaming/sse-reader.ts";
import { fc } from "../support/properties.ts";

const SEED = 20_261_122;
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom(
      "\r",
      "\n",
      "data: ",
      "[DONE]",
      "\u2028",
      "\u0000",
      ":",
      "</think>",
      "😀",
      "\ud800",
    ),
  }),
);

const EXAMPLES: readonly NativeEvent[] = [
  { type: "session", id: "s", title: "t" },
  { type: "auto_routed", to: "smart", label: "Smart" },
  { type: "attempt", engine: "a/b", outcome: "timeout" },
  { type: "backend", label: "l", provider: "p", model: "m" },
  { type: "thinking", text: "hm" },
  { type: "token", text: "" },
  { type: "tool", name: "weather", status: "running", detail: "Paris" },
  { type: "image", url: "https://example.test/a.png", source: "x" },
  { type: "sources", sources: [{ uri: "https://example.test" }, { title: "t", uri: "u" }] },
  { type: "usage" },
  {
    type: "usage",
    backend: "b",
    promptTokens: 0,
    completionTokens: 1,
    cachedTokens: 2,
    cacheHit: false,
    costUsd: 0,
  },
  { type: "done", usage: 1, model: "smart", tokensOut: 0 },
  { type: "error", message: "m", code: "c", retryAfter: 1.5 },
];

const read = (frames: string): NativeEvent[] =>
  new SseReader().push(new TextEncoder().encode(frames)).flatMap(({ data }) => parseEvent(data) ?? []);

describe("the native events", () => {
  test.each(EXAMPLES)("$type comes back as it went", (event) => {
    expect(read(serializeEvent(event))).toEqual([event]);
  });

  test("a frame is the event's JSON, byte for byte, whichever way it is made", () => {
    fc.assert(
      fc.property(text, (any) => {
        for (const type of ["token", "thinking"] as const) {
          const event: NativeEvent = { type, text: any };
          expect(serializeEvent(event)).toBe(`data: ${JSON.stringify(event)}\n\n`);
        }
      }),
    );
  });

  test("any text is exactly one frame, and one equal event", () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const events: NativeEvent[] = [
          { type: "token", text: one },
          { type: "error", message: other, code: one },
        ];
        expect(read(events.map(serializeEvent).join(""))).toEqual(events);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  test.each([
    ["another type", '{"type":"next_year","text":"x"}'],
    ["no type", '{"text":"x"}'],
    ["a wrong field", '{"type":"token","text":7}'],
    ["a negative count", '{"type":"done","usage":-1,"model":"smart","tokensOut":0}'],
    ["no JSON", "[DONE]"],
    ["null", "null"],
    ["a list", "[]"],
  ])("%s is undefined, never thrown", (_, data) => {
    expect(parseEvent(data)).toBeUndefined();
  });

  test("unknown fields are dropped", () => {
    expect(parseEvent('{"type":"token","text":"x","later":1}')).toEqual({ type: "token", text: "x" });
  });

  test("the last usage counts", () => {
    expect(
      readUsageEvent([
        { type: "usage", promptTokens: 1 },
        { type: "usage", promptTokens: 2 },
      ])?.promptTokens,
    ).toBe(2);
    expect(readUsageEvent([{ type: "token", text: "x" }])).toBeUndefined();
  });
});
