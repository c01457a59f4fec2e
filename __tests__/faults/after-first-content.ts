import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { field } from "#lib/shared/json.ts";
import {
  answers,
  completion,
  isStreaming,
  type Script,
  type SeenRequest,
  textChunk,
  usageChunk,
} from "../support/fake-upstream.ts";
import type { Expected, FaultRow, FaultyEngine, Range } from "./row.ts";
import {
  ANSWER,
  anthropicOverloaded,
  anthropicStream,
  BREAKS,
  type Break,
  cut,
  deltaChunk,
  fails,
  inTurn,
  repeatForever,
  TOKENS,
} from "./scripts.ts";

const SLACK = 1_500;

const frame = (delta: unknown): string => `data: ${JSON.stringify(deltaChunk(delta))}\n\n`;
/** What an engine can go on sending without saying anything; the number makes each piece another one. */
const STILL_NOTHING: readonly (readonly [string, (number: number) => string])[] = [
  ["comments", () => ": ping\n\n"],
  ["blank lines", () => "\n"],
  ["role-only deltas", () => frame({ role: "assistant", content: "" })],
  ["empty deltas", () => frame({})],
  ["null contents", () => frame({ content: null, reasoning: "" })],
  ["frames that are no JSON", () => "data: {\n\n"],
  ["frames of unknown events", (number) => `event: progress\ndata: {"step":${number}}\n\n`],
  ["sums of usage", (number) => `data: ${JSON.stringify(usageChunk(10, number))}\n\n`],
  [
    "sources",
    (number) =>
      frame({
        annotations: [{ type: "url_citation", url_citation: { url: `https://a.example/${number}` } }],
      }),
  ],
];
const HALF = Math.floor(TOKENS.length / 2);

function engineA(script: Script, changes: Partial<FaultyEngine> = {}): FaultyEngine {
  return { name: "a", script: () => script, ...changes };
}

/** Streams the rest of the answer after so many tokens; asked for a whole answer, gives it whole. */
function continues(from: number): Script {
  return (exchange) =>
    isStreaming(exchange.request)
      ? answers(...TOKENS.slice(from))(exchange)
      : exchange.json(200, wholeAnswer());
}

function wholeAnswer(): unknown {
  return completion(ANSWER, { prompt_tokens: 10, completion_tokens: 30 });
}

/** The last 30 characters once more, then the rest. */
function repeatsTheEnd(from: number): Script {
  return answers(TOKENS.slice(0, from).join("").slice(-30), ...TOKENS.slice(from));
}

/**
 * One answer of two engines, without a seam. The first is asked to go on with its own, and breaks off again
 * before it says anything new.
 */
function joined(changes: Partial<Expected> = {}): Expected {
  return {
    text: ANSWER,
    finish: "stop",
    engines: ["a", "b"],
    calls: { a: 2, b: 1 },
    usages: ["a estimated", "a estimated", "b exact"],
    ...changes,
  };
}

/** The same, if it was not the connection's fault: the first engine is not asked to go on. */
function joinedElsewhere(changes: Partial<Expected> = {}): Expected {
  return joined({ calls: { a: 1, b: 1 }, usages: ["a estimated", "b exact"], ...changes });
}

const CONNECTION_BREAKS: ReadonlySet<string> = new Set(["reset", "close", "end"]);

/** Nothing of the broken answer was shown: the next engine answers alone. */
const failedOver: Expected = {
  text: ANSWER,
  engines: ["b"],
  calls: { a: 1, b: 1 },
  usages: ["b exact"],
};

const startsOver = (): Script => answers(...TOKENS);

const CUTS: readonly [string, number][] = [
  ["one token", 1],
  ["half of the answer", HALF],
  ["all but one token", TOKENS.length - 1],
  ["all but the finish reason", TOKENS.length],
];

const CUT: FaultRow[] = Object.entries(BREAKS).flatMap(([kind, how]) =>
  CUTS.map(
    ([after, count]): FaultRow => ({
      row: kind === "end" ? 18 : 15,
      name: `${kind} after ${after}; the next engine starts over`,
      chain: [engineA(cut(TOKENS.slice(0, count), how)), { name: "b", script: startsOver }],
      timeouts: { idleMs: 300, answerMs: 300 },
      asks: [{ expect: CONNECTION_BREAKS.has(kind) ? joined() : joinedElsewhere(), whole: failedOver }],
    }),
  ),
);

/** What the gateway's own code might take for a sign, as a whole piece of an answer. */
const SIGNS = [
  "diverged",
  "new",
  "text",
  "finish",
  "completed",
  "answered",
  "cancelled",
  "null",
  "undefined",
];

/** No word of an answer means anything to the gateway: not as its beginning, not after it, not behind a break. */
const WORDS: FaultRow[] = SIGNS.flatMap((word) => {
  const pieces = [...TOKENS.slice(0, HALF), word, " ", ...TOKENS.slice(HALF)];
  const text = pieces.join("");
  const whole = completion(text, { prompt_tokens: 10, completion_tokens: 30 });
  const says = (from: number): Script => {
    const streams = answers(...pieces.slice(from));
    return (exchange) => (isStreaming(exchange.request) ? streams(exchange) : exchange.json(200, whole));
  };
  const alone: Expected = { text, engines: ["a"], calls: { a: 1 }, usages: ["a exact"] };
  return [
    {
      row: 15,
      name: `an answer with "${word}" as one of its pieces, of one engine`,
      chain: [engineA(says(0))],
      asks: [{ expect: alone }],
    },
    {
      row: 15,
      name: `an answer that begins with "${word}", before a second engine that is not needed`,
      chain: [engineA(says(HALF)), { name: "b", script: startsOver }],
      asks: [{ expect: { ...alone, text: pieces.slice(HALF).join("") }, whole: alone }],
    },
    {
      row: 15,
      name: `cut; the continuation begins with "${word}"`,
      modes: ["streaming"],
      chain: [engineA(cut(TOKENS.slice(0, HALF), BREAKS.reset)), { name: "b", script: () => says(HALF) }],
      asks: [{ expect: joined({ text }) }],
    },
    {
      row: 15,
      name: `cut; the continuation starts over, and has "${word}" where the new begins`,
      modes: ["streaming"],
      chain: [engineA(cut(TOKENS.slice(0, HALF), BREAKS.reset)), { name: "b", script: () => says(0) }],
      asks: [{ expect: joined({ text }) }],
    },
  ] satisfies FaultRow[];
});

const HOW_TO_GO_ON: FaultRow[] = CUTS.slice(0, 3).flatMap(([after, count]) =>
  (
    [
      ["goes on", continues(count), []],
      ...(count > 1 ? [["repeats the last words", repeatsTheEnd(count), []] as const] : []),
      ["starts over in two pieces", answers(ANSWER.slice(0, 70), ANSWER.slice(70)), []],
    ] as [string, Script, []][]
  ).map(
    ([name, script]): FaultRow => ({
      row: 15,
      name: `cut after ${after}; the next engine ${name}`,
      modes: ["streaming"],
      chain: [engineA(cut(TOKENS.slice(0, count), BREAKS.reset)), { name: "b", script: () => script }],
      asks: [{ expect: joined() }],
    }),
  ),
);

type Message = { role: unknown; content: unknown };

function messagesOf(request: SeenRequest | undefined): Message[] {
  const messages = field(request?.json, "messages");
  if (!Array.isArray(messages)) return [];
  // The system prompt is the front's own.
  return messages
    .filter((message) => field(message, "role") !== "system")
    .map((message) => ({
      role: field(message, "role"),
      content: field(message, "content"),
    }));
}

const SENT = TOKENS.slice(0, HALF).join("");
const PREFILLS: FaultRow[] = [
  {
    row: 15,
    name: "an engine that takes a prefill gets what was sent, without the white space at its end",
    modes: ["streaming"],
    chain: [
      engineA(cut(TOKENS.slice(0, HALF), BREAKS.reset)),
      {
        name: "b",
        prefill: "plain",
        script: () => answers(SENT.slice(SENT.trimEnd().length) + TOKENS[HALF], ...TOKENS.slice(HALF + 1)),
      },
    ],
    asks: [
      {
        expect: joined({
          also: (seen) =>
            expect(messagesOf(seen("b")[0])).toEqual([
              { role: "user", content: "Hello" },
              { role: "assistant", content: SENT.trimEnd() },
            ]),
        }),
      },
    ],
  },
  {
    row: 15,
    name: "an engine that takes none is asked to go on",
    modes: ["streaming"],
    chain: [engineA(cut(TOKENS.slice(0, HALF), BREAKS.reset)), { name: "b", script: () => continues(HALF) }],
    asks: [
      {
        expect: joined({
          also: (seen) => {
            const messages = messagesOf(seen("b")[0]);
            expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
            expect(messages[1]?.content).toBe(SENT);
          },
        }),
      },
    ],
  },
  ...(["plain", "prefix"] as const).map(
    (prefill): FaultRow => ({
      row: 15,
      name: `a refused prefill (${prefill}) is left out, and its refusal is nobody's business`,
      modes: ["streaming"],
      chain: [
        engineA(cut(TOKENS.slice(0, HALF), BREAKS.reset)),
        {
          name: "b",
          prefill,
          script: () =>
            inTurn(
              fails(400, {
                error: { message: "The last message must be the user's." },
              }),
              continues(HALF),
            ),
        },
      ],
      asks: [
        {
          expect: joined({
            calls: { a: 2, b: 2 },
            attempts: ["a reset", "a reset", "b refused", "b answered"],
            also: (seen) =>
              expect(seen("b").map((request) => messagesOf(request).at(-1)?.role)).toEqual([
                "assistant",
                "user",
              ]),
          }),
        },
      ],
    }),
  ),
  {
    row: 15,
    name: "an engine that refuses to go on at all is not the client's error; the next one goes on",
    modes: ["streaming"],
    chain: [
      engineA(cut(TOKENS.slice(0, HALF), BREAKS.reset)),
      { name: "b", prefill: "plain", script: () => fails(400) },
      { name: "c", script: () => continues(HALF) },
    ],
    asks: [
      {
        expect: joined({
          engines: ["a", "c"],
          calls: { a: 2, b: 2, c: 1 },
          usages: ["a estimated", "a estimated", "c exact"],
        }),
      },
    ],
  },
  {
    row: 15,
    name: "refusals from before the answer do not count against its continuation",
    modes: ["streaming"],
    chain: [
      { name: "d", script: () => fails(400) },
      { name: "e", script: () => fails(422) },
      engineA(cut(TOKENS.slice(0, HALF), BREAKS.reset)),
      { name: "f", script: () => fails(400) },
      { name: "b", script: () => continues(HALF) },
    ],
    asks: [{ expect: joined({ calls: { d: 1, e: 1, a: 2, f: 1, b: 1 } }) }],
  },
];

const interrupted: NonNullable<Expected["error"]> = {
  code: "stream_interrupted",
  status: 502,
  message: /interrupted/,
};

const CHAINS: FaultRow[] = [
  {
    row: 15,
    name: "two engines cut, the third goes on",
    modes: ["streaming"],
    chain: [
      engineA(cut(TOKENS.slice(0, 4), BREAKS.reset)),
      { name: "b", script: () => cut(TOKENS.slice(4, HALF), BREAKS.close) },
      { name: "c", script: () => continues(HALF) },
    ],
    asks: [
      {
        expect: joined({
          engines: ["a", "b", "c"],
          calls: { a: 2, b: 2, c: 1 },
          usages: ["a estimated", "a estimated", "b estimated", "b estimated", "c exact"],
          attempts: ["a reset", "a reset", "b reset", "b reset", "c answered"],
        }),
      },
    ],
  },
  {
    row: 15,
    name: "the second engine starts over and is cut before it says anything new",
    modes: ["streaming"],
    chain: [
      engineA(cut(TOKENS.slice(0, HALF), BREAKS.reset)),
      { name: "b", script: () => cut(TOKENS.slice(0, 4), BREAKS.reset) },
      { name: "c", script: startsOver },
    ],
    asks: [
      {
        expect: joined({
          engines: ["a", "b", "c"],
          calls: { a: 2, b: 1, c: 1 },
          usages: ["a estimated", "a estimated", "b estimated", "c exact"],
        }),
      },
    ],
  },
  {
    row: 15,
    name: "an engine that starts over and then writes another answer is left for the next",
    modes: ["streaming"],
    chain: [
      engineA(cut(TOKENS.slice(0, HALF), BREAKS.reset)),
      {
        name: "b",
        script: () => cut([SENT.slice(0, 40), "something else entirely, as "], BREAKS.silence),
      },
      { name: "c", script: () => continues(HALF) },
    ],
    asks: [
      {
        expect: joined({
          engines: ["a", "b", "c"],
          calls: { a: 2, b: 1, c: 1 },
          attempts: ["a reset", "a reset", "b diverged", "c answered"],
        }),
      },
    ].map((ask) => ({
      expect: {
        ...ask.expect,
        usages: ["a estimated", "a estimated", "b estimated", "c exact"],
      },
    })),
  },
  {
    row: 15,
    name: "nobody is left to go on: the error, and what came stays",
    modes: ["streaming"],
    chain: [engineA(cut(TOKENS.slice(0, HALF), BREAKS.reset)), { name: "b", script: () => fails(500) }],
    asks: [
      {
        expect: {
          text: SENT,
          error: interrupted,
          calls: { a: 2, b: 1 },
          engines: ["a"],
          usages: ["a estimated", "a estimated"],
        },
      },
    ],
  },
  {
    row: 15,
    name: "a cut engine goes on with its own answer",
    modes: ["streaming"],
    chain: [
      engineA(inTurn(cut(TOKENS.slice(0, HALF), BREAKS.reset), repeatsTheEnd(HALF))),
      { name: "b", script: startsOver },
    ],
    asks: [
      {
        expect: joined({
          engines: ["a"],
          calls: { a: 2 },
          usages: ["a estimated", "a exact"],
          attempts: ["a reset", "a answered"],
        }),
      },
    ],
  },
  {
    row: 15,
    name: "an engine that is cut twice, and each time has written something new, is left",
    modes: ["streaming"],
    chain: [
      engineA(
        inTurn(
          cut(TOKENS.slice(0, 4), BREAKS.reset),
          cut(TOKENS.slice(4, HALF), BREAKS.end),
          repeatsTheEnd(HALF),
        ),
      ),
      { name: "b", script: () => continues(HALF) },
    ],
    asks: [{ expect: joined({ attempts: ["a reset", "a truncated", "b answered"] }) }],
  },
  {
    row: 15,
    name: "a cut engine is asked to continue its own answer once",
    modes: ["streaming"],
    chain: [engineA(cut(TOKENS.slice(0, HALF), BREAKS.reset), { keys: ["k1", "k2"] })],
    asks: [
      {
        expect: {
          text: SENT,
          error: interrupted,
          calls: { a: 2 },
          usages: ["a estimated", "a estimated"],
        },
      },
    ],
  },
  {
    row: 15,
    name: "the failures open the breaker",
    modes: ["streaming"],
    chain: [engineA(cut(TOKENS.slice(0, HALF), BREAKS.reset)), { name: "b", script: startsOver }],
    asks: [
      { repeat: 2, expect: joined({ health: {} }) },
      {
        // The fifth failure in a row: the engine is not asked again.
        expect: joinedElsewhere({
          health: { a: { breaker: "open", benchedMs: [3_000, 5_000] } },
        }),
      },
      { expect: { text: ANSWER, engines: ["b"], calls: { b: 1 } } },
    ],
  },
  {
    row: 15,
    name: "a stall lasts as long as the idle time-out, and is re-armed by every token",
    modes: ["streaming"],
    chain: [
      engineA(async (exchange) => {
        await exchange.startStream();
        for (const token of TOKENS.slice(0, 6)) {
          await exchange.event(textChunk(token));
          await pause(120);
        }
      }),
      { name: "b", script: () => continues(6) },
    ],
    timeouts: { idleMs: 400 },
    asks: [
      {
        expect: joinedElsewhere({
          attempts: ["a timeout", "b answered"],
          within: [900, 1_200 + SLACK],
        }),
      },
    ],
  },
  ...STILL_NOTHING.map(
    ([name, piece]): FaultRow => ({
      row: 15,
      name: `${name} do not keep a stalled answer alive`,
      modes: ["streaming"],
      chain: [
        engineA(async (exchange) => {
          await exchange.startStream();
          for (const token of TOKENS.slice(0, 6)) await exchange.event(textChunk(token));
          for (let number = 1; !exchange.gone; number++) {
            await exchange.chunk(piece(number));
            await pause(40);
          }
        }),
        { name: "b", script: () => continues(6) },
      ],
      timeouts: { idleMs: 400 },
      asks: [
        {
          expect: joinedElsewhere({
            attempts: ["a timeout", "b answered"],
            within: [350, 400 + SLACK],
          }),
        },
      ],
    }),
  ),
];

const streamed =
  (chunks: readonly unknown[], how: Break): Script =>
  async (exchange) => {
    await exchange.startStream();
    for (const chunk of chunks) await exchange.event(chunk);
    await how(exchange);
  };

const think = (...texts: readonly string[]): unknown[] =>
  texts.map((text) => deltaChunk({ reasoning: text }));
const THOUGHTS = ["Eleven ships were seen, ", "so the ledger needs eleven names, ", "and then he sleeps."];

const THINKING: FaultRow[] = (
  [
    ["starts over", think(...THOUGHTS), THOUGHTS.join("")],
    ["thinks otherwise", think("Let me count."), `${THOUGHTS.slice(0, 2).join("")}Let me count.`],
    [
      "starts over and then thinks otherwise",
      think(THOUGHTS[0] ?? "", "or perhaps twelve."),
      `${THOUGHTS.slice(0, 2).join("")}or perhaps twelve.`,
    ],
    ["does not think", [], THOUGHTS.slice(0, 2).join("")],
  ] as [string, unknown[], string][]
).map(([name, chunks, thinking]) => ({
  row: 15,
  name: `cut while it thinks; the next engine ${name}`,
  modes: ["streaming"],
  chain: [
    engineA(streamed(think(...THOUGHTS.slice(0, 2)), BREAKS.reset)),
    {
      name: "b",
      script: () =>
        streamed(
          [
            ...chunks,
            ...TOKENS.map((token) => textChunk(token)),
            textChunk("", "stop"),
            usageChunk(9, 9),
            "[DONE]",
          ],
          BREAKS.end,
        ),
    },
  ],
  asks: [{ expect: joined({ thinking, also: (seen) => expect(messagesOf(seen("b")[0]).length).toBe(1) }) }],
}));

const ANTHROPIC: FaultRow[] = [
  {
    row: 15,
    name: "Anthropic's overloaded_error in the stream",
    modes: ["streaming"],
    chain: [
      engineA(anthropicStream(TOKENS.slice(0, HALF), anthropicOverloaded), {
        protocol: "anthropic",
        model: "claude-sonnet-4-5",
      }),
      { name: "b", script: () => continues(HALF) },
    ],
    asks: [
      {
        expect: joinedElsewhere({
          attempts: ["a server_error", "b answered"],
          // What message_start said of the prompt stands; its one output token is not all there was.
          also: (_seen, told) => {
            if (told.untold?.has("usages")) return;
            expect(told.usages[0]?.usage.promptTokens).toBe(12);
            expect(told.usages[0]?.usage.completionTokens).toBeGreaterThan(10);
          },
        }),
      },
    ],
  },
  {
    row: 15,
    name: "Anthropic's overloaded_error before the first content",
    modes: ["streaming"],
    chain: [
      engineA(anthropicStream([], anthropicOverloaded), {
        protocol: "anthropic",
        model: "claude-sonnet-4-5",
      }),
      { name: "b", script: startsOver },
    ],
    asks: [
      {
        expect: {
          ...failedOver,
          attempts: ["a server_error", "b answered"],
          // Its `message_start` had reported the prompt; whether that is billed is not known.
          usages: ["a estimated", "b exact"],
        },
      },
    ],
  },
  {
    row: 15,
    name: "an answer continued by Anthropic",
    modes: ["streaming"],
    chain: [
      engineA(cut(TOKENS.slice(0, HALF), BREAKS.reset)),
      {
        name: "b",
        protocol: "anthropic",
        model: "claude-sonnet-4-5",
        script: () => anthropicStream([SENT.slice(SENT.trimEnd().length), ...TOKENS.slice(HALF)]),
      },
    ],
    asks: [{ expect: joined() }],
  },
];

const toolStart = deltaChunk({
  tool_calls: [
    {
      index: 0,
      id: "call_x",
      type: "function",
      function: { name: "look", arguments: '{"at":' },
    },
  ],
});

function unsafe(name: string, row: Partial<FaultRow>, expected: Partial<Expected> = {}): FaultRow[] {
  return (["reset", "end", "silence", "openRouterError"] as const).map((kind) => ({
    row: 16,
    name: `${kind} ${name}: an honest error`,
    modes: ["streaming"],
    timeouts: { idleMs: 300 },
    chain: [engineA(cut(TOKENS.slice(0, HALF), BREAKS[kind])), { name: "b", script: startsOver }],
    asks: [
      {
        expect: {
          text: SENT,
          error: interrupted,
          engines: ["a"],
          calls: { a: 1 },
          usages: ["a estimated"],
          ...expected,
        },
      },
    ],
    ...row,
    ...(name.startsWith("in a tool call")
      ? {
          chain: [
            engineA(streamed([textChunk("I shall look. "), toolStart], BREAKS[kind])),
            { name: "b", script: startsOver },
          ],
        }
      : {}),
  }));
}

const UNSAFE: FaultRow[] = [
  ...unsafe("in a tool call", {}, { text: "I shall look. " }),
  ...unsafe("in JSON mode", {
    request: { responseFormat: { type: "json_object" } },
  }),
  ...unsafe("with recovery off", { recovery: false }),
  ...unsafe("with several choices", { request: { n: 2 } }),
  {
    row: 16,
    name: "several choices, one of them finished and one cut, are no success",
    modes: ["streaming"],
    request: { n: 2 },
    chain: [
      engineA(
        streamed(
          [
            {
              choices: [{ index: 0, delta: { content: "One." }, finish_reason: null }],
            },
            {
              choices: [{ index: 1, delta: { content: "Tw" }, finish_reason: null }],
            },
            { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
          ],
          BREAKS.end,
        ),
      ),
      { name: "b", script: startsOver },
    ],
    asks: [
      {
        expect: {
          error: interrupted,
          calls: { a: 1 },
          usages: ["a estimated"],
          attempts: ["a truncated"],
        },
      },
    ],
  },
  {
    row: 16,
    name: "a tool call cut before its first fragment is taken over",
    modes: ["streaming"],
    chain: [
      engineA(streamed([deltaChunk({ role: "assistant", content: null })], BREAKS.reset)),
      {
        name: "b",
        script: () =>
          streamed(
            [
              toolStart,
              deltaChunk({
                tool_calls: [{ index: 0, function: { arguments: "1}" } }],
              }),
              deltaChunk({}, "tool_calls"),
            ],
            BREAKS.end,
          ),
      },
    ],
    asks: [
      {
        expect: {
          text: "",
          toolCalls: [{ id: "call_x", name: "look", arguments: '{"at":1}' }],
          finish: "tool_calls",
          engines: ["b"],
          calls: { a: 1, b: 1 },
          usages: ["b estimated"],
        },
      },
    ],
  },
];

/** When the client's end comes if nothing more does; native chat, whose last frames have the usage, waits longer. */
const AFTER_FINISH: Range = [1_900, 5_000 + SLACK];

/** A complete answer that ends in this way. */
function ends(name: string, how: Break, within: Range, usage: "exact" | "estimated" = "estimated"): FaultRow {
  return {
    row: 17,
    name,
    modes: ["streaming"],
    chain: [
      engineA(streamed([...TOKENS.map((token) => textChunk(token)), textChunk("", "stop")], how)),
      { name: "b" },
    ],
    // The client's end waits for none of them; the ledger waits for usage while the stream is open.
    timeouts: { idleMs: 3_000, firstTokenMs: 6_000 },
    ...(within === AFTER_FINISH ? { readsOnMs: 3_000 + SLACK } : {}),
    asks: [
      {
        expect: {
          text: ANSWER,
          finish: "stop",
          engines: ["a"],
          calls: { a: 1 },
          usages: [`a ${usage}`],
          attempts: ["a answered"],
          within,
          health: {},
        },
      },
    ],
  };
}

const ENDS: FaultRow[] = [
  ends("the end without [DONE]", BREAKS.end, [0, 1_000]),
  ends("a closed connection without [DONE]", BREAKS.close, [0, 1_000]),
  ends("a reset after the finish reason", BREAKS.reset, [0, 1_000]),
  ends("nothing after the finish reason", BREAKS.silence, AFTER_FINISH),
  ends(
    "comments for ever after the finish reason",
    (exchange) => repeatForever(exchange, ": ping\n\n", 50),
    AFTER_FINISH,
  ),
  ends(
    "[DONE], and the connection stays open",
    async (exchange) => {
      await exchange.event(usageChunk(10, 30));
      await exchange.event("[DONE]");
    },
    [0, 1_000],
    "exact",
  ),
  ends(
    "usage, and then a reset",
    async (exchange) => {
      await exchange.event(usageChunk(10, 30));
      await BREAKS.reset(exchange);
    },
    [0, 1_000],
    "exact",
  ),
  {
    row: 17,
    name: "a last frame without its blank line",
    modes: ["streaming"],
    chain: [
      engineA(async (exchange) => {
        await exchange.startStream();
        for (const token of TOKENS) await exchange.event(textChunk(token));
        await exchange.chunk(`data: ${JSON.stringify(textChunk("", "stop"))}`);
        await exchange.endStream();
      }),
      { name: "b" },
    ],
    asks: [
      {
        expect: {
          text: ANSWER,
          finish: "stop",
          engines: ["a"],
          calls: { a: 1 },
        },
      },
    ],
  },
];

const MALFORMED: FaultRow[] = (
  ["{bad json", "undefined", "<html>", '{"choices":[{"delta":{"content":"x"'] as const
).map((frame) => ({
  row: 19,
  name: `a malformed frame (${frame.slice(0, 9)}) among good ones`,
  modes: ["streaming"],
  chain: [
    engineA(
      streamed(
        [
          ...TOKENS.slice(0, HALF).map((token) => textChunk(token)),
          frame,
          ...TOKENS.slice(HALF).map((token) => textChunk(token)),
          textChunk("", "stop"),
          usageChunk(9, 9),
          "[DONE]",
        ],
        BREAKS.end,
      ),
    ),
    { name: "b" },
  ],
  asks: [
    {
      expect: {
        text: ANSWER,
        engines: ["a"],
        calls: { a: 1 },
        usages: ["a exact"],
        malformedFrames: 1,
        health: {},
      },
    },
  ],
}));

const FLAPPING: FaultRow = {
  row: 20,
  name: "the primary is down for a minute: a few probes, and back within 11 s",
  chain: [engineA(fails(503)), { name: "b", script: startsOver }],
  asks: [
    ...Array.from({ length: 60 }, () => ({
      after: 1_000,
      expect: { text: ANSWER, engines: ["b"] },
    })),
    ...Array.from({ length: 11 }, (_, index) => ({
      after: 1_000,
      ...(index === 0 ? { scripts: { a: () => answers(...TOKENS) } } : {}),
      expect: { text: ANSWER },
    })),
    ...Array.from({ length: 13 }, () => ({
      after: 1_000,
      expect: { text: ANSWER, engines: ["a"], calls: { a: 1 } },
    })),
  ],
  // Five to open it; probes after 5 s and then every 10 s; at least the last thirteen after it is back.
  totalCalls: { a: [5 + 6 + 13, 5 + 6 + 24] },
};

export const AFTER_FIRST_CONTENT: readonly FaultRow[] = [
  ...CUT,
  ...WORDS,
  ...HOW_TO_GO_ON,
  ...PREFILLS,
  ...CHAINS,
  ...THINKING,
  ...ANTHROPIC,
  ...UNSAFE,
  ...ENDS,
  ...MALFORMED,
  FLAPPING,
];
