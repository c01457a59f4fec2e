import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import {
  answers,
  completion,
  type Exchange,
  isStreaming,
  type Script,
  textChunk,
  usageChunk,
} from "../support/fake-upstream.ts";
import type { Expected, FaultRow, FaultyEngine } from "./row.ts";
import { ANSWER, deltaChunk, frames, goodStream, says, sse, TOKENS } from "./scripts.ts";

const MEGABYTE = 1024 * 1024;

function engineA(script: Script): FaultyEngine {
  return { name: "a", script: () => script };
}

const B: FaultyEngine = { name: "b" };

function byA(changes: Partial<Expected> = {}): Expected {
  return {
    engines: ["a"],
    calls: { a: 1 },
    usages: ["a exact"],
    attempts: ["a answered"],
    health: {},
    ...changes,
  };
}

function byB(kind: string, changes: Partial<Expected> = {}): Expected {
  return {
    text: "Hello from b.",
    engines: ["b"],
    calls: { a: 1, b: 1 },
    usages: ["b exact"],
    attempts: [`a ${kind}`, "b answered"],
    ...changes,
  };
}

/** A stream where one was asked for, else this body. */
function either(stream: string | Uint8Array, body: unknown): Script {
  return (exchange) =>
    isStreaming(exchange.request) ? says(stream, "text/event-stream")(exchange) : exchange.json(200, body);
}

function row(
  number: number,
  name: string,
  script: Script,
  expect: Expected,
  more: Partial<FaultRow> = {},
): FaultRow {
  return {
    row: number,
    name,
    modes: ["streaming"],
    chain: [engineA(script), B],
    asks: [{ expect }],
    ...more,
  };
}

const EMOJI = "Zażółć 👩‍👩‍👧‍👦 می‌خواهم 🏳️‍🌈 end";
const ACCENTS: readonly [string, (stream: string) => string][] = [
  ["LF", (stream) => stream],
  ["CRLF", (stream) => stream.replaceAll("\n", "\r\n")],
  ["CR", (stream) => stream.replaceAll("\n", "\r")],
  ["a BOM", (stream) => `\ufeff${stream}`],
  ["no space after data:", (stream) => stream.replaceAll("data: ", "data:")],
  [
    "id, event and retry lines",
    (stream) => stream.replaceAll("data: ", "id: 7\nevent: message\nretry: 3000\ndata: "),
  ],
  ["data over two lines", (stream) => stream.replaceAll(',"choices"', '\ndata: ,"choices"')],
  ["comments in between", (stream) => stream.replaceAll("\n\n", "\n\n: ping\n\n")],
];

const BYTES: FaultRow[] = ACCENTS.flatMap(([name, change]) => {
  const bytes = Buffer.from(change(goodStream(EMOJI)));
  return [
    row(21, `a stream with ${name}`, says(bytes, "text/event-stream"), byA({ text: EMOJI })),
    row(
      21,
      `a stream with ${name}, one byte at a time`,
      frames(...Array.from(bytes, (_, index) => bytes.subarray(index, index + 1))),
      byA({ text: EMOJI }),
    ),
  ];
});

const A_MEGABYTE = "x".repeat(MEGABYTE);

/** An answer of so many chunks of a megabyte, with its own pace: what the reader takes. */
function megabytes(count: number): Script {
  return async (exchange) => {
    await exchange.startStream();
    for (let sent = 0; sent < count && !exchange.gone; sent++) await exchange.event(textChunk(A_MEGABYTE));
    await exchange.event(textChunk("", "stop"));
    await exchange.event("[DONE]");
    await exchange.endStream();
  };
}

async function tenMegabyteLine(exchange: Exchange): Promise<void> {
  await exchange.chunk('data: {"choices":[{"index":0,"delta":{"content":"');
  for (let sent = 0; sent < 10 && !exchange.gone; sent++) await exchange.chunk(A_MEGABYTE);
  await exchange.chunk('"}}]}\n\n');
  await exchange.endStream();
}

const zipped = (body: string): Buffer => gzipSync(body);
const gzip = { "content-encoding": "gzip" };
const wholeBody = JSON.stringify(completion(ANSWER, { prompt_tokens: 10, completion_tokens: 30 }));

const SIZES: FaultRow[] = (
  [
    row(
      22,
      "a line of a megabyte",
      says(goodStream(A_MEGABYTE), "text/event-stream"),
      byA({ text: A_MEGABYTE }),
    ),
    {
      row: 22,
      name: "a body of a megabyte",
      modes: ["whole"],
      chain: [
        engineA((exchange) =>
          exchange.json(200, completion(A_MEGABYTE, { prompt_tokens: 1, completion_tokens: 1 })),
        ),
        B,
      ],

      asks: [{ expect: byA({ text: A_MEGABYTE }) }],
    },
    row(
      22,
      "a line of ten megabytes",
      async (exchange) => {
        await exchange.startStream();
        await tenMegabyteLine(exchange);
      },
      byB("bad_response"),
    ),
    row(
      22,
      "a line of ten megabytes after the first content",
      async (exchange) => {
        await exchange.startStream();
        await exchange.event(textChunk("Hello"));
        await tenMegabyteLine(exchange);
      },
      {
        text: "Hello from b.",
        engines: ["a", "b"],
        calls: { a: 1, b: 1 },
        usages: ["a estimated", "b exact"],
        attempts: ["a bad_response", "b answered"],
      },
    ),
    row(22, "an answer of 17 megabytes", megabytes(17), {
      error: { code: "stream_interrupted", status: 502 },
      engines: ["a"],
      calls: { a: 1 },
      usages: ["a estimated"],
      attempts: ["a bad_response"],
    }),
    row(
      22,
      "17 megabytes of comments",
      async (exchange) => {
        await exchange.startStream();
        for (let sent = 0; sent < 17 * 16 && !exchange.gone; sent++)
          await exchange.chunk(`: ${"x".repeat(64 * 1024)}\n\n`);
      },
      byB("bad_response"),
    ),
    {
      row: 22,
      name: "a body of 17 megabytes",
      modes: ["whole"],
      chain: [engineA((exchange) => exchange.json(200, completion("x".repeat(17 * MEGABYTE)))), B],

      asks: [{ expect: byB("bad_response") }],
    },
    row(
      22,
      "a gzipped stream",
      says(zipped(goodStream(ANSWER)), "text/event-stream", gzip),
      byA({ text: ANSWER }),
    ),
    {
      row: 22,
      name: "a gzipped body",
      modes: ["whole"],
      chain: [engineA(says(zipped(wholeBody), "application/json", gzip)), B],
      asks: [{ expect: byA({ text: ANSWER }) }],
    },
    {
      row: 22,
      name: "a gzipped error",
      chain: [
        engineA((exchange) =>
          exchange.respond(429, zipped('{"error":{"message":"Please try again in 20s."}}'), gzip),
        ),
        B,
      ],
      asks: [{ expect: byB("rate_limited", { health: { a: { benchedMs: [18_000, 20_000] } } }) }],
    },
    {
      row: 22,
      name: "a gzip cut before its first content",
      chain: [
        engineA((exchange) => {
          const bytes = zipped(isStreaming(exchange.request) ? goodStream(ANSWER) : wholeBody);
          return says(bytes.subarray(0, 20), "text/event-stream", gzip)(exchange);
        }),
        B,
      ],
      asks: [{ expect: byB("reset") }],
    },
    row(
      22,
      "a gzip cut in the middle of the answer",
      (exchange) => {
        // Noise does not compress: half of the bytes hold half of the answer.
        const tokens = TOKENS.map((token) => textChunk(token));
        const bytes = zipped(sse(...tokens, { noise: Array.from({ length: 400 }, () => Math.random()) }));
        return says(bytes.subarray(0, bytes.length - 600), "text/event-stream", gzip)(exchange);
      },
      {
        text: ANSWER,
        engines: ["a", "b"],
        calls: { a: 2, b: 1 },
        usages: ["a estimated", "a estimated", "b exact"],
        attempts: ["a reset", "a reset", "b answered"],
      },
      {
        chain: [
          engineA((exchange) => {
            const tokens = TOKENS.map((token) => textChunk(token));
            const bytes = zipped(sse(...tokens, { noise: Array.from({ length: 400 }, () => Math.random()) }));
            return says(bytes.subarray(0, bytes.length - 600), "text/event-stream", gzip)(exchange);
          }),
          { name: "b", script: () => answers(...TOKENS) },
        ],
      },
    ),
    {
      row: 22,
      name: "something that is no gzip",
      chain: [engineA(says("this is not gzip", "text/event-stream", gzip)), B],
      asks: [{ expect: byB("reset") }],
    },
  ] satisfies FaultRow[]
).map((size) => ({ ...size, heavy: true }));

/** Raw bytes behind a status line, over and over for as long as the gateway listens. */
function flood(beginning: string, piece: string): Script {
  return async (exchange) => {
    await exchange.raw(beginning);
    while (!exchange.gone) {
      await exchange.raw(piece);
      await pause(1);
    }
  };
}

const OK = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
const inChunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const longLine = "y".repeat(16 * 1024);

/** What no HTTP client must read to its end: each is given up at once or at the first-token time-out. */
const HOSTILE_HTTP: FaultRow[] = (
  [
    [
      "five thousand headers",
      (exchange) =>
        exchange.raw(`${OK}${Array.from({ length: 5_000 }, (_, at) => `x-${at}: y\r\n`).join("")}\r\n`),
      "bad_response",
    ],
    ["a header of a megabyte", (exchange) => exchange.raw(`${OK}x: ${A_MEGABYTE}\r\n\r\n`), "bad_response"],
    ["headers without end", flood(OK, "x-more: and more\r\n".repeat(100)), "bad_response"],
    ["a header without end", flood(`${OK}x: `, longLine), "bad_response"],
    ["early hints without end", flood("", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(500)), "bad_response"],
    ["early hints that come slowly", flood("", "HTTP/1.1 103 Early Hints\r\n\r\n"), "bad_response"],
    ["a status line without end", flood("HTTP/1.1 200 ", longLine), "timeout"],
    ["the extension of a chunk without end", flood(`${CHUNKED}5;`, longLine), "timeout"],
    [
      "two lengths",
      (exchange) => exchange.raw(`${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nab`),
      "reset",
    ],
    [
      "a length and chunks",
      (exchange) => exchange.raw(`${OK}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
      "reset",
    ],
    ["a negative length", (exchange) => exchange.raw(`${OK}content-length: -5\r\n\r\n`), "bad_response"],
  ] as [string, Script, string][]
).map(([name, script, kind]) => ({
  row: 22,
  name,
  chain: [engineA(script), B],
  timeouts: { firstTokenMs: 1_000, answerMs: 1_000 },
  heavy: true,
  asks: [{ expect: byB(kind, { within: [0, 3_000] }) }],
}));

/** A good answer, behind which the connection is abused: the answer is good, the connection is closed. */
const HOSTILE_END: FaultRow = row(
  22,
  "trailers without end",
  flood(`${CHUNKED}${inChunk(goodStream(ANSWER))}0\r\n`, "x-more: and more\r\n".repeat(100)),
  byA({ text: ANSWER }),
  { heavy: true },
);

const manyChoices = sse({
  choices: Array.from({ length: 5_000 }, (_, index) => ({ index, delta: { content: "x" } })),
});
const manyCalls = sse(
  ...Array.from({ length: 50 }, (_, part) => ({
    choices: [
      {
        index: 0,
        delta: {
          tool_calls: Array.from({ length: 100 }, (_, at) => ({
            index: part * 100 + at,
            id: `c${part}-${at}`,
            function: { name: "f", arguments: "{}" },
          })),
        },
      },
    ],
  })),
);
const HOSTILE_ANSWERS: FaultRow[] = [
  {
    row: 22,
    name: "five thousand alternatives",
    modes: ["whole"],
    chain: [engineA(says(manyChoices, "text/event-stream")), B],
    asks: [{ expect: byB("bad_response", { usages: ["a estimated", "b exact"] }) }],
  },
  {
    row: 22,
    name: "five thousand tool calls",
    modes: ["whole"],
    chain: [engineA(says(manyCalls, "text/event-stream")), B],
    asks: [{ expect: byB("bad_response", { usages: ["a estimated", "b exact"] }) }],
  },
];

const data = (payload: unknown): string => `data: ${JSON.stringify(payload)}\n\n`;

/** The bytes of a delta in which `@` stands for these raw bytes. */
function rawDelta(content: string, bytes: readonly number[]): Buffer {
  const [before = "", after = ""] = data(textChunk(content)).split("@");
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
}

const rest = `${data(textChunk("", "stop"))}${data(usageChunk(10, 3))}data: [DONE]\n\n`;

const UNICODE: FaultRow[] = [
  row(23, "invalid UTF-8", frames(rawDelta("a@b", [0xff, 0xfe, 0x80]), rest), byA({ text: "a\ufffdb" })),
  row(23, "cut UTF-8", frames(rawDelta("a@", [0xf0, 0x9f]), rest), byA({ text: "a\ufffd" })),
  row(
    23,
    "surrogates split over two deltas",
    frames(
      'data: {"choices":[{"index":0,"delta":{"content":"a\\ud83d"}}]}\n\n',
      'data: {"choices":[{"index":0,"delta":{"content":"\\ude00b"}}]}\n\n',
      rest,
    ),
    byA({ text: "a😀b" }),
  ),
  {
    row: 23,
    name: "emoji, ZWJ and ZWNJ",
    chain: [
      engineA(either(goodStream(EMOJI), completion(EMOJI, { prompt_tokens: 1, completion_tokens: 1 }))),
      B,
    ],
    asks: [{ expect: byA({ text: EMOJI }) }],
  },
];

const VERBATIM: FaultRow[] = [
  ["[DONE]", "the word [DONE] and\n\ndata: [DONE]\n\nonce more"],
  ["data: lines", "data: hello\n\nevent: error\ndata: {}\n\n"],
  ["a closing tag", "no </think> here <think>either</think>"],
  ["NUL, U+2028 and U+2029", "a\u0000b\u2028c\u2029d"],
  ["40 000 characters in one delta", "0123456789".repeat(4_000)],
].map(([name = "", text = ""]) => ({
  row: 24,
  name: `${name} in the content`,
  chain: [engineA(either(goodStream(text), completion(text, { prompt_tokens: 1, completion_tokens: 1 }))), B],
  asks: [{ expect: byA({ text }) }],
}));

function thinkingStream(...deltas: readonly unknown[]): Script {
  return says(
    sse(...deltas.map((delta) => deltaChunk(delta)), textChunk("", "stop"), usageChunk(1, 1)),
    "text/event-stream",
  );
}

const THINKING: FaultRow[] = [
  ...Array.from("<think>".length === 7 ? [1, 3, 7, 10, 14, 19, 22] : [], (at): FaultRow => {
    const text = "<think>Let me see</think>Yes.";
    return row(
      25,
      `<think> split at ${at}`,
      thinkingStream({ content: text.slice(0, at) }, { content: text.slice(at) }),
      byA({ text: "Yes.", thinking: "Let me see" }),
    );
  }),
  row(
    25,
    "reasoning",
    thinkingStream({ reasoning: "Hm. " }, { reasoning: "Well." }, { content: "Yes." }),
    byA({ text: "Yes.", thinking: "Hm. Well." }),
  ),
  row(
    25,
    "reasoning_content",
    thinkingStream({ reasoning_content: "Hm." }, { content: "Yes." }),
    byA({ text: "Yes.", thinking: "Hm." }),
  ),
  row(
    25,
    "Mistral's content parts",
    thinkingStream(
      { content: [{ type: "thinking", thinking: [{ type: "text", text: "Hm." }] }] },
      { content: [{ type: "text", text: "Yes." }] },
    ),
    byA({ text: "Yes.", thinking: "Hm." }),
  ),
  {
    row: 25,
    name: "an engine that thinks for longer than the first-token time-out allows an answer",
    modes: ["streaming"],
    chain: [
      engineA(async (exchange) => {
        await exchange.startStream();
        for (let second = 0; second < 6; second++) {
          await exchange.event(deltaChunk({ reasoning: "Hm. " }));
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        await exchange.chunk(data(textChunk("Yes.")) + rest);
        await exchange.endStream();
      }),
      B,
    ],
    timeouts: { firstTokenMs: 300, idleMs: 400 },
    asks: [{ expect: byA({ text: "Yes.", thinking: "Hm. ".repeat(6) }) }],
  },
];

const call = (fragment: object): unknown => deltaChunk({ tool_calls: [fragment] });
const tools = (...chunks: readonly unknown[]): Script =>
  says(sse(...chunks, deltaChunk({}, "tool_calls"), usageChunk(1, 1)), "text/event-stream");
const ARGUMENTS = JSON.stringify({ city: "Gdańsk", days: [1, 2, 3], note: 'a "quoted" one' });
const look = { id: "call_x", name: "look", arguments: ARGUMENTS };

const TOOL_CALLS: FaultRow[] = [
  row(
    26,
    "arguments in 20 fragments, two calls in turns",
    tools(
      call({ index: 0, id: "call_x", function: { name: "look", arguments: "" } }),
      call({ index: 1, id: "call_y", function: { name: "look", arguments: "" } }),
      ...Array.from({ length: 20 }, (_, piece) => {
        const width = Math.ceil(ARGUMENTS.length / 20);
        const text = ARGUMENTS.slice(piece * width, (piece + 1) * width);
        return [0, 1].map((index) => call({ index, function: { arguments: text } }));
      }).flat(),
    ),
    byA({ toolCalls: [look, { ...look, id: "call_y" }], finish: "tool_calls" }),
  ),
  row(
    26,
    "an index that starts at 1",
    tools(call({ index: 1, id: "call_x", function: { name: "look", arguments: ARGUMENTS } })),
    byA({ toolCalls: [look] }),
  ),
  row(
    26,
    "no index",
    tools(call({ id: "call_x", function: { name: "look", arguments: ARGUMENTS } })),
    byA({ toolCalls: [look] }),
  ),
  row(
    26,
    "empty ids, which are minted",
    tools(call({ index: 0, id: "", function: { name: "look", arguments: ARGUMENTS } })),
    byA({
      also: (_seen, told) => {
        if (!told.untold?.has("toolCalls")) expect(told.toolCalls[0]?.id).toMatch(/\S/);
      },
    }),
  ),
  row(
    26,
    "an empty name later",
    tools(
      call({ index: 0, id: "call_x", function: { name: "look", arguments: ARGUMENTS.slice(0, 5) } }),
      call({ index: 0, id: "", function: { name: "", arguments: ARGUMENTS.slice(5) } }),
    ),
    byA({ toolCalls: [look] }),
  ),
  row(
    26,
    "arguments as an object",
    tools(
      call({
        index: 0,
        id: "call_x",
        function: { name: "look", arguments: JSON.parse(ARGUMENTS) as object },
      }),
    ),
    byA({ toolCalls: [look] }),
  ),
  row(
    26,
    "no arguments",
    tools(call({ index: 0, id: "call_x", function: { name: "look" } })),
    byA({ toolCalls: [{ ...look, arguments: "{}" }] }),
  ),
  {
    row: 26,
    name: "a call in a whole body that stops with stop",
    modes: ["whole"],
    chain: [
      engineA((exchange) =>
        exchange.json(200, {
          choices: [
            {
              index: 0,
              message: {
                role: "assistant",
                content: null,
                tool_calls: [
                  { id: "call_x", type: "function", function: { name: "look", arguments: ARGUMENTS } },
                ],
              },
              finish_reason: "stop",
            },
          ],
          usage: { prompt_tokens: 1, completion_tokens: 1 },
        }),
      ),
      B,
    ],
    asks: [{ expect: byA({ toolCalls: [look], finish: "tool_calls" }) }],
  },
];

const text = textChunk("Hello");
const stop = textChunk("", "stop");
const withUsage = (usage: unknown, chunk: unknown = stop): unknown => ({ ...(chunk as object), usage });
const counts = (prompt: unknown, completion_: unknown): object => ({
  prompt_tokens: prompt,
  completion_tokens: completion_,
});

const USAGE: FaultRow[] = (
  [
    ["on choices: []", [text, stop, { choices: [], usage: counts(7, 3) }], "exact", [7, 3]],
    ["on the finish chunk", [text, withUsage(counts(7, 3))], "exact", [7, 3]],
    [
      "repeated",
      [withUsage(counts(7, 1), text), withUsage(counts(7, 3)), { choices: [], usage: counts(7, 3) }],
      "exact",
      [7, 3],
    ],
    ["under x_groq", [text, { ...(stop as object), x_groq: { usage: counts(7, 3) } }], "exact", [7, 3]],
    ["null later", [text, withUsage(counts(7, 3)), { choices: [], usage: null }], "exact", [7, 3]],
    ["missing", [text, stop], "estimated", [2, 2]],
    ["negative", [text, withUsage(counts(-7, -3))], "estimated", [2, 2]],
    ["1e18", [text, withUsage(counts(1e18, 1e18))], "estimated", [2, 2]],
    ["as strings", [text, withUsage(counts("7", "3"))], "estimated", [2, 2]],
  ] as [string, unknown[], string, [number, number]][]
).map(([name, chunks, source, [prompt, completion_]]) =>
  row(
    27,
    `usage ${name}`,
    says(sse(...chunks), "text/event-stream"),
    byA({
      text: "Hello",
      usages: [`a ${source}`],
      also: (_seen, told) => {
        // An estimate counts the front's own prompt too.
        if (source === "exact" || told.untold === undefined) {
          expect(told.usages[0]?.usage.promptTokens).toBe(prompt);
        }
        expect(told.usages[0]?.usage.completionTokens).toBe(completion_);
      },
    }),
  ),
);

const FINISHES: FaultRow[] = [
  ...(
    [
      ["length", "length"],
      ["content_filter", "content_filter"],
      ["banana", "other"],
    ] as const
  ).map(
    ([native, finish]): FaultRow => ({
      row: 28,
      name: `finish_reason ${native}`,
      chain: [
        engineA(
          either(sse(text, textChunk("", native), usageChunk(1, 1)), {
            choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: native }],
            usage: counts(1, 1),
          }),
        ),
        B,
      ],
      asks: [{ expect: byA({ text: "Hello", finish }) }],
    }),
  ),
  row(
    28,
    "choices empty and null, delta null",
    says(
      sse(
        { choices: [] },
        { choices: null },
        { choices: [null] },
        { choices: [{ index: 0, delta: null }] },
        text,
        { choices: [{ index: 0, delta: null, finish_reason: "stop" }] },
        usageChunk(1, 1),
      ),
      "text/event-stream",
    ),
    byA({ text: "Hello", finish: "stop" }),
  ),
  {
    row: 28,
    name: "a body of null, numbers and lists",
    chain: [engineA(either(sse(null, 1, [], "x", {}), [])), B],
    asks: [{ expect: byB("bad_response") }],
  },
];

export const WIRE: readonly FaultRow[] = [
  ...BYTES,
  ...SIZES,
  ...HOSTILE_HTTP,
  HOSTILE_END,
  ...HOSTILE_ANSWERS,
  ...UNICODE,
  ...VERBATIM,
  ...THINKING,
  ...TOOL_CALLS,
  ...USAGE,
  ...FINISHES,
];
