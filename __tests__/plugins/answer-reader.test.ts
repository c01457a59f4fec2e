import { describe, expect, test } from "vitest";
import { AnswerReader, UnusableAnswer } from "#lib/plugins/answer-reader.ts";
import { eraseSecret, SecretScrubber } from "#lib/plugins/secret-scrubber.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What a reader makes of a body that arrives in pieces of this many bytes: its text, or that and its problem. */
function read(contentType: string | undefined, body: string, size = 1_000_000, shows?: string): string {
  const reader = new AnswerReader(contentType, shows);
  const all = bytes(body);
  let text = "";
  const add = (part: { text: string; thinking: string }): void => {
    text += (part.thinking === "" ? "" : `(${part.thinking})`) + part.text;
  };
  for (let at = 0; at < all.length && !reader.ended && reader.problem === undefined; at += size) {
    add(reader.push(all.subarray(at, at + size)));
  }
  if (reader.problem === undefined) add(reader.end());
  return reader.problem === undefined ? text : `${text} | ${reader.problem.message}`;
}

const sse = (...data: unknown[]): string =>
  data.map((one) => `data: ${typeof one === "string" ? one : JSON.stringify(one)}\n\n`).join("");
const lines = (...values: unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join("");
const delta = (content: string, finish: string | null = null) => ({
  choices: [{ delta: content === "" ? {} : { content }, finish_reason: finish }],
});

const EVENTS = "text/event-stream; charset=utf-8";
const LINES = "application/x-ndjson; charset=utf-8";
const JSON_TYPE = "application/json";

const ROWS: readonly [string, string | undefined, string, string][] = [
  ["OpenAI's stream", EVENTS, sse(delta("Hel"), delta("lo 🦊"), delta("", "stop"), "[DONE]"), "Hello 🦊"],
  ["OpenAI's stream without [DONE]", EVENTS, sse(delta("Hello"), delta("", "stop")), "Hello"],
  ["what follows the end", EVENTS, sse(delta("A"), "[DONE]", delta("B")), "A"],
  [
    "reasoning beside the text",
    EVENTS,
    sse({ choices: [{ delta: { reasoning_content: "hm" } }] }, delta("Yes"), "[DONE]"),
    "(hm)Yes",
  ],
  ["OpenAI's stream that breaks off", EVENTS, sse(delta("Hel")), "Hel | The answer broke off."],
  [
    "an error in a stream",
    EVENTS,
    sse(delta("Hel"), { error: { message: "no GPU", code: "stream_failed" } }),
    "Hel | The plugin reported: no GPU",
  ],
  [
    "an error by its event",
    EVENTS,
    "event: error\ndata: out of paper\n\n",
    " | The plugin reported: out of paper",
  ],
  [
    "this gateway's own events",
    EVENTS,
    sse({ type: "backend" }, { type: "token", text: "Hi" }, { type: "done" }),
    "Hi",
  ],
  ["events of plain text", EVENTS, sse("Hello ", "world"), "Hello world"],
  [
    "rag-over-pdf",
    LINES,
    lines(
      { type: "citations", citations: [{ marker: 1, source: "report.pdf", page: 3, snippet: "…" }] },
      { type: "token", value: "30 days " },
      { type: "token", value: "[1]" },
      { type: "done" },
    ),
    "30 days [1]\n\n[1] report.pdf, p. 3",
  ],
  [
    "rag-over-pdf that fails",
    LINES,
    lines({ type: "token", value: "30" }, { type: "error", message: "Stream failed" }),
    "30 | The plugin reported: Stream failed",
  ],
  ["lines that break off", LINES, lines({ type: "token", value: "30" }), "30 | The answer broke off."],
  ["half a line", LINES, `${lines({ type: "token", value: "30" })}{"type":"tok`, "30 | A line was no JSON."],
  [
    "Ollama's lines",
    LINES,
    lines({ message: { content: "Hi" }, done: false }, { message: { content: "!" }, done: true }),
    "Hi!",
  ],
  ["OpenAI's answer", JSON_TYPE, JSON.stringify({ choices: [{ message: { content: "Hi" } }] }), "Hi"],
  ["a reply", JSON_TYPE, JSON.stringify({ ok: true, reply: "Hi" }), "Hi"],
  ["an answer within an answer", JSON_TYPE, JSON.stringify({ result: { output: { text: "Hi" } } }), "Hi"],
  ["a text as JSON", JSON_TYPE, '"Hi"', "Hi"],
  [
    "an error as JSON",
    JSON_TYPE,
    JSON.stringify({ ok: false, error: "no ink" }),
    " | The plugin reported: no ink",
  ],
  ["JSON without a text", JSON_TYPE, JSON.stringify({ ok: true, queued: true }), ""],
  ["broken JSON", JSON_TYPE, '{"answer": "Hi', " | The answer was no valid JSON."],
  ["deep JSON", JSON_TYPE, "[".repeat(100_000), " | The JSON was too complex."],
  ["plain text", "text/plain", "Grüße 🦊", "Grüße 🦊"],
  ["an empty stream", EVENTS, "", ""],
];

describe.each(ROWS)("%s", (_, type, body, expected) => {
  test.each([1, 2, 3, 7, 1_000_000])("in pieces of %d bytes", (size) => {
    expect(read(type, body, size)).toBe(expected);
  });
});

test.each([["text/html"], ["application/octet-stream"], [""], [undefined]])("%s is no answer", (type) => {
  expect(() => new AnswerReader(type)).toThrow(UnusableAnswer);
});

test("a field can be shown as it is", () => {
  const body = JSON.stringify({ ok: true, id: "1", receipt: { vendor: "Tesco", total: 3.5 } });
  expect(read(JSON_TYPE, body, 10, "receipt")).toBe(
    '```json\n{\n  "vendor": "Tesco",\n  "total": 3.5\n}\n```',
  );
});

test("an answer has a largest size", () => {
  expect(read("text/plain", "x".repeat(3_000_000), 65_536)).toMatch(
    /^x{1900000,} \| The answer was too long\.$/,
  );
  expect(read(EVENTS, `data: ${"x".repeat(1_000_000)}`, 65_536)).toBe(" | An event was too long.");
  expect(read(LINES, "x".repeat(1_000_000), 65_536)).toBe(" | A line was too long.");
});

describe("a plugin that repeats its token", () => {
  const token = 'tok"en/0123';

  test("does not hand it on in a text, wherever the text is cut", () => {
    const text = `a ${token} b ${JSON.stringify(token)} c tok`;
    for (let at = 0; at <= text.length; at++) {
      const scrubber = new SecretScrubber(token);
      const clean = scrubber.push(text.slice(0, at)) + scrubber.push(text.slice(at)) + scrubber.end();
      expect(clean).toBe('a [redacted] b "[redacted]" c tok');
    }
  });

  test("does not hand it on in bytes, which stay valid JSON", () => {
    const body = Buffer.from(JSON.stringify({ echo: `Bearer ${token}`, twice: token + token }));
    eraseSecret(body, token);
    const text = body.toString();
    expect(text).not.toContain("0123");
    expect(JSON.parse(text)).toMatchObject({ echo: expect.stringMatching(/^Bearer \*+$/) });
  });

  test("nothing is changed without a token", () => {
    expect(new SecretScrubber(undefined).push("abc")).toBe("abc");
  });
});
