import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodeLenient } from "#lib/shared/text.ts";
import { MAX_SSE_LINE, SseReader } from "#lib/streaming/sse-reader.ts";
import { expectLinear } from "../support/linear.ts";
import { chunkings, readMessages } from "../support/split-everywhere.ts";

type WptCase = { name: string; b64: string; events: { event?: string; data: string }[] };

const WPT = JSON.parse(
  readFileSync(new URL("../fixtures/sse/sse-wpt.json", import.meta.url), "utf8"),
) as WptCase[];
const encoder = new TextEncoder();

function bytesOf(...parts: (string | number[])[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => (typeof part === "string" ? encoder.encode(part) : Uint8Array.from(part))),
  );
}

/** The data of every message, the same for every chunking. */
function expectEverywhere(bytes: Uint8Array, expected: string[], atEnd = false): void {
  for (const { name, chunks } of chunkings(bytes)) {
    const data = readMessages(chunks, atEnd).map((message) => message.data);
    expect(data, name).toEqual(expected);
  }
}

describe("reads what the standard asks for, cut at every byte", () => {
  test.each(WPT)("$name", ({ b64, events }) => {
    const bytes = new Uint8Array(Buffer.from(b64, "base64"));
    const expected = events.map(({ event, data }) => ({ event, data }));
    for (const { name, chunks } of chunkings(bytes)) {
      expect(readMessages(chunks, false), name).toEqual(expected);
    }
  });

  test("the table is complete", () => {
    expect(WPT).toHaveLength(18);
  });
});

describe("framing of providers, cut at every byte", () => {
  test.each([
    ["LF", "data: one\n\ndata: two\n\n", ["one", "two"]],
    ["CR", "data: one\r\rdata: two\r\r", ["one", "two"]],
    ["CRLF", "data: one\r\n\r\ndata: two\r\n\r\n", ["one", "two"]],
    ["mixed line ends", "data: one\r\n\ndata: two\n\r\n", ["one", "two"]],
    ["a byte order mark", "\ufeffdata: one\n\n", ["one"]],
    ["several data lines", "data: a\ndata: b\ndata:\n\n", ["a\nb\n"]],
    ["no space after the colon", 'data:{"a":1}\n\n', ['{"a":1}']],
    ["two spaces after the colon", "data:  one\n\n", [" one"]],
    ["id, event and retry lines", "id: 7\nevent: error\nretry: 10\ndata: one\n\n", ["one"]],
    [
      "comments between events",
      ": OPENROUTER PROCESSING\n\ndata: one\n\n: ping\n\ndata: two\n\n",
      ["one", "two"],
    ],
    ["U+2028 and U+2029 are no line ends", "data: a\u2028b\u2029c\n\n", ["a\u2028b\u2029c"]],
    [
      "NUL, vertical tab and next line are content",
      "data: a\u0000b\u000bc\u0085d\n\n",
      ["a\u0000b\u000bc\u0085d"],
    ],
    ["a word like a field inside the data", "data: data: [DONE]\n\n", ["data: [DONE]"]],
  ])("%s", (_name, text, expected) => {
    expectEverywhere(bytesOf(text), expected);
  });

  test("the event name belongs to its own message only", () => {
    for (const { name, chunks } of chunkings(bytesOf("event: error\ndata: a\n\ndata: b\n\n"))) {
      expect(readMessages(chunks, false), name).toEqual([
        { event: "error", data: "a" },
        { event: undefined, data: "b" },
      ]);
    }
  });

  test.each([
    ["no line end at all", "data: one\n\ndata: two", ["one", "two"]],
    ["one line end", "data: one\n\ndata: two\n", ["one", "two"]],
    ["a carriage return", "data: one\r\n\r\ndata: two\r", ["one", "two"]],
    ["everything closed", "data: one\n\n", ["one"]],
    ["a comment", "data: one\n\n: bye", ["one"]],
  ])("the end of the stream gives the message that was never closed: %s", (_name, text, expected) => {
    expectEverywhere(bytesOf(text), expected, true);
  });
});

describe("UTF-8", () => {
  const BROKEN: [string, (string | number[])[], string][] = [
    ["one bad byte", ["a", [0xff], "b"], "a\ufffdb"],
    ["a run of bad bytes", ["a", [0xff, 0xfe, 0xff, 0xc0, 0xaf], "b"], "a\ufffdb"],
    ["two runs", ["a", [0xff, 0xff], "b", [0xfe], "c"], "a\ufffdb\ufffdc"],
    ["an emoji cut short", ["a", [0xf0, 0x9f, 0x98], "b"], "a\ufffdb"],
    ["a surrogate encoded as UTF-8", ["a", [0xed, 0xa0, 0x80], "b"], "a\ufffdb"],
    ["an overlong slash", ["a", [0xe0, 0x80, 0xaf], "b"], "a\ufffdb"],
  ];
  test.each(BROKEN)("%s gives one U+FFFD, wherever it is cut", (_name, parts, expected) => {
    expectEverywhere(bytesOf("data: ", ...parts, "\n\ndata: next\n\n"), [expected, "next"]);
  });

  test.each(BROKEN)("%s gives one U+FFFD in a whole body, wherever it is cut", (_name, parts, expected) => {
    for (const { name, chunks } of chunkings(bytesOf(...parts))) {
      expect(decodeLenient(chunks), name).toBe(expected);
    }
  });

  test("a whole body loses its byte order mark, and nothing else", () => {
    const text = `\ufeff{"a":"\ufeff😀 می‌خواهم"}`;
    for (const { name, chunks } of chunkings(bytesOf(text)))
      expect(decodeLenient(chunks), name).toBe(text.slice(1));
    expect(decodeLenient([])).toBe("");
    expect(decodeLenient([Uint8Array.of(0x61, 0xf0, 0x9f)])).toBe("a\ufffd");
  });

  test("a character that the end of the stream cuts gives one U+FFFD", () => {
    expectEverywhere(bytesOf("data: a", [0xf0, 0x9f, 0x98]), ["a\ufffd"], true);
  });

  test.each([
    ["an emoji", "😀😃"],
    ["a family held together by ZWJ", "👨‍👩‍👧‍👦"],
    ["a flag, a skin tone, a keycap", "🇩🇪👍🏽1️⃣"],
    ["ZWNJ in Persian", "می‌خواهم"],
    ["combining marks", "e\u0301o\u0308"],
    ["a byte order mark inside the text", "a\ufeffb"],
  ])("%s stays whole, wherever it is cut", (_name, text) => {
    expectEverywhere(bytesOf(`data: ${text}\n\n`), [text]);
  });
});

describe("bounds", () => {
  const CHUNK = 64 * 1024;
  const FILLER = encoder.encode("x".repeat(CHUNK));

  /** Feeds one line of `size` bytes in network-sized chunks and says how it went. */
  function feedLine(size: number, field: string): { reader: SseReader; messages: number } {
    const reader = new SseReader();
    let messages = reader.push(encoder.encode(field)).length;
    for (let fed = 0; fed < size; fed += CHUNK) {
      messages += reader.push(FILLER.subarray(0, Math.min(CHUNK, size - fed))).length;
    }
    messages += reader.push(encoder.encode("\n\ndata: next\n\n")).length;
    return { reader, messages };
  }

  test("a line of 1 MB is fine", () => {
    const { reader, messages } = feedLine(1024 * 1024, "data: ");
    expect(reader.overflowed).toBe(false);
    expect(messages).toBe(2);
  });

  test("a line just under 4 MB is fine", () => {
    expect(feedLine(MAX_SSE_LINE - 100, "data: ").reader.overflowed).toBe(false);
  });

  test.each(["data: ", "event: ", "id: "])("a line past 4 MB (%s) ends the reading", (field) => {
    const { reader, messages } = feedLine(10 * 1024 * 1024, field);
    expect(reader.overflowed).toBe(true);
    expect(messages).toBe(0);
    expect(reader.push(encoder.encode("data: more\n\n"))).toEqual([]);
    expect(reader.end()).toEqual([]);
  });

  test("a line past 4 MB in one piece ends the reading as well", () => {
    const reader = new SseReader();
    const messages = reader.push(encoder.encode(`data: ${"x".repeat(MAX_SSE_LINE + 1)}\n\n`));
    expect(reader.overflowed).toBe(true);
    expect(messages).toEqual([]);
  });

  test("an event of many lines that never ends overflows too", () => {
    const reader = new SseReader();
    const line = encoder.encode(`data: ${"x".repeat(1_000)}\n`);
    let fed = 0;
    while (!reader.overflowed && fed < 2 * MAX_SSE_LINE) {
      reader.push(line);
      fed += line.length;
    }
    expect(reader.overflowed).toBe(true);
    expect(fed).toBeLessThan(MAX_SSE_LINE + 100_000);
  });

  test.each(["data: ", ": ", "<html>"])(
    "an endless line (%s) holds no more than the limit in memory",
    (field) => {
      const before = process.memoryUsage().rss;
      const { reader } = feedLine(200 * 1024 * 1024, field);
      expect(reader.overflowed).toBe(field === "data: ");
      expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
    },
  );

  test("one long line in tiny pieces takes linear time", () => {
    expectLinear(10_000, (size) => () => {
      const reader = new SseReader();
      const piece = encoder.encode("xx");
      reader.push(encoder.encode("data: "));
      for (let index = 0; index < size; index++) reader.push(piece);
      expect(reader.push(encoder.encode("\n\n"))[0]?.data).toHaveLength(2 * size);
    });
  });
});
