import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { answers, type Exchange, isStreaming, type Script, textChunk } from "../support/fake-upstream.ts";
import {
  blackHole,
  certificate,
  plainBehindHttps,
  refusedPort,
  silentHandshake,
  unknownHost,
} from "./places.ts";
import type { Ask, Expected, FaultRow, FaultyEngine, Range } from "./row.ts";
import {
  BREAKS,
  byKey,
  deltaChunk,
  fails,
  forever,
  goodStream,
  hangs,
  inTurn,
  keyOf,
  repeatForever,
  says,
  sse,
} from "./scripts.ts";

/** For slow machines: how much later than its bound something may happen, milliseconds. */
const SLACK = 1_500;
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

const B: FaultyEngine = { name: "b" };
const C: FaultyEngine = { name: "c" };

function engineA(script: Script, changes: Partial<FaultyEngine> = {}): FaultyEngine {
  return { name: "a", script: () => script, ...changes };
}

/** Every play of the row begins anew. */
function engineInTurn(...scripts: Script[]): FaultyEngine {
  return { name: "a", script: () => inTurn(...scripts) };
}

/** One clean answer of the next engine, after one call of the first, which failed in this way. */
function failedOver(kind: string, changes: Partial<Expected> = {}): Expected {
  return {
    text: "Hello from b.",
    finish: "stop",
    engines: ["b"],
    calls: { a: 1, b: 1 },
    usages: ["b exact"],
    attempts: [`a ${kind}`, "b answered"],
    health: {},
    ...changes,
  };
}

/** The first engine is benched: nobody calls it. */
function skipped(changes: Partial<Expected> = {}): Expected {
  return failedOver("", {
    calls: { b: 1 },
    attempts: ["b answered"],
    ...changes,
  });
}

const answersAgain: Pick<Ask, "scripts"> = {
  scripts: { a: () => answers("Hello from a.") },
};

function answeredByA(changes: Partial<Expected> = {}): Expected {
  return {
    text: "Hello from a.",
    engines: ["a"],
    calls: { a: 1 },
    usages: ["a exact"],
    attempts: ["a answered"],
    health: {},
    ...changes,
  };
}

const limit = (headers: Record<string, string>, message = "Slow down.", more: object = {}): Script =>
  fails(429, { error: { message, ...more } }, headers);

/** A hint is read at the answer and looked at a little later. */
function about(milliseconds: number): Range {
  return [milliseconds - SLACK, milliseconds];
}

const HINTS: readonly [string, Script, Range][] = [
  ["Retry-After in seconds", limit({ "retry-after": "7" }), about(7 * SECOND)],
  ["Retry-After in fractions", limit({ "retry-after": "7.5" }), about(7.5 * SECOND)],
  [
    "Retry-After as an HTTP date",
    (exchange) =>
      limit({
        "retry-after": new Date(Date.now() + 30 * SECOND).toUTCString(),
      })(exchange),
    [30 * SECOND - SECOND - SLACK, 30 * SECOND],
  ],
  ["Retry-After as a date gone by", limit({ "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }), [0, SECOND]],
  ["retry-after-ms", limit({ "retry-after-ms": "3500", "retry-after": "9" }), about(3_500)],
  ["a Go duration", limit({ "retry-after": "1m30s" }), about(90 * SECOND)],
  [
    "Gemini's retryDelay",
    limit({}, "Quota exceeded.", {
      code: 429,
      status: "RESOURCE_EXHAUSTED",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.RetryInfo",
          retryDelay: "34.4s",
        },
      ],
    }),
    about(34_400),
  ],
  [
    "Groq's reset header",
    limit({
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "2m3s",
    }),
    about(123 * SECOND),
  ],
  ["the message", limit({}, "Please try again in 5.289s."), about(5_289)],
  ["zero", limit({ "retry-after": "0" }), [0, SECOND]],
  ["a negative number", limit({ "retry-after": "-5" }), [0, SECOND]],
  ["a billion seconds", limit({ "retry-after": "1000000000" }), about(HOUR)],
  ["1e9", limit({ "retry-after": "1e9" }), about(HOUR)],
  ["garbage", limit({ "retry-after": "soon" }), about(5 * SECOND)],
];

const RATE_LIMITS: FaultRow[] = [
  ...HINTS.map(
    ([name, script, benchedMs]): FaultRow => ({
      row: 1,
      name: `429 with ${name}`,
      chain: [engineA(script), B],
      asks: [
        {
          expect: failedOver("rate_limited", { health: { a: { benchedMs } } }),
        },
        ...(benchedMs[0] > 0
          ? [
              {
                expect: skipped({
                  health: { a: { benchedMs: [0, benchedMs[1]] } },
                }),
              },
            ]
          : []),
        // The connection over which the 429 came serves again.
        {
          after: benchedMs[1],
          ...answersAgain,
          expect: answeredByA({ connections: { a: 1 } }),
        },
      ],
    }),
  ),
  {
    row: 1,
    name: "429 benches the key and the model only",
    chain: [
      engineA(byKey({ k1: limit({ "retry-after": "60" }) }, answers("Hello from a.")), {
        keys: ["k1", "k2"],
      }),
      B,
    ],
    asks: [
      {
        expect: answeredByA({
          calls: { a: 2 },
          attempts: ["a rate_limited", "a answered"],
          health: { a: { benchedMs: about(MINUTE), secondKeyMs: [0, 0] } },
        }),
      },
      { expect: answeredByA({ health: { a: { benchedMs: about(MINUTE) } } }) },
    ],
  },
  {
    row: 1,
    name: "429 on one model leaves the provider's other model alone",
    chain: [
      engineA(limit({ "retry-after": "60" })),
      {
        name: "b",
        sameProviderAs: "a",
        model: "other",
        script: () => answers("Hello from b."),
      },
    ],
    asks: [
      {
        expect: failedOver("rate_limited", {
          health: { a: { benchedMs: about(MINUTE) } },
        }),
      },
    ],
  },
  {
    row: 2,
    name: "429 without a hint: 5 s, doubling while it repeats, forgotten after an answer",
    chain: [engineA(limit({})), B],
    asks: [
      {
        expect: failedOver("rate_limited", {
          health: { a: { benchedMs: about(5 * SECOND) } },
        }),
      },
      { expect: skipped({ health: { a: { benchedMs: [1, 5 * SECOND] } } }) },
      {
        after: 5 * SECOND,
        expect: failedOver("rate_limited", {
          health: { a: { benchedMs: about(10 * SECOND) } },
        }),
      },
      {
        after: 10 * SECOND,
        expect: failedOver("rate_limited", {
          health: { a: { benchedMs: about(20 * SECOND) } },
        }),
      },
      { after: 20 * SECOND, ...answersAgain, expect: answeredByA() },
      {
        scripts: { a: () => limit({}) },
        expect: failedOver("rate_limited", {
          health: { a: { benchedMs: about(5 * SECOND) } },
        }),
      },
    ],
  },
];

const TROUBLE: FaultRow[] = [
  ...[500, 502, 503, 504, 529, 520, 408, 409, 425].map(
    (status): FaultRow => ({
      row: 3,
      name: `status ${status}`,
      chain: [engineA(fails(status)), B],
      asks: [
        { expect: failedOver("server_error") },
        { ...answersAgain, expect: answeredByA({ connections: { a: 1 } }) },
      ],
    }),
  ),
  {
    row: 3,
    name: "a 500 with a web page",
    chain: [engineA(fails(502, "<html><body>Bad gateway</body></html>")), B],
    asks: [{ expect: failedOver("server_error") }],
  },
  {
    row: 3,
    name: "a 503 whose body never ends",
    chain: [
      engineA(async (exchange) => {
        await exchange.head(503, {
          "content-type": "text/plain",
          "content-length": "1000",
        });
        await exchange.raw("a little");
      }),
      B,
    ],
    timeouts: { firstTokenMs: 5_000, answerMs: 5_000 },
    asks: [{ expect: failedOver("server_error", { within: [0, 50 + SLACK] }) }],
  },
  {
    row: 3,
    name: "a 429 whose body is still coming when the first token is overdue is a 429",
    timeouts: { firstTokenMs: 300, answerMs: 300 },
    chain: [
      engineA(async (exchange) => {
        await exchange.head(429, {
          "retry-after": "60",
          "content-type": "text/plain",
          "content-length": "1000",
        });
        await exchange.raw("a little");
      }),
      B,
    ],
    asks: [
      {
        expect: failedOver("rate_limited", {
          health: { a: { benchedMs: about(MINUTE) } },
        }),
      },
    ],
  },
  {
    row: 3,
    name: "the breaker opens after five in a row, and probes once after 5, 10 and again 10 s",
    heavy: true,
    chain: [engineA(fails(500)), B],
    asks: [
      { repeat: 4, expect: failedOver("server_error") },
      {
        expect: failedOver("server_error", {
          health: { a: { breaker: "open", benchedMs: about(5 * SECOND) } },
        }),
      },
      {
        repeat: 10,
        expect: skipped({
          health: { a: { breaker: "open", benchedMs: [1, 5 * SECOND] } },
        }),
      },
      ...[5, 10, 10].map((after) => ({
        after: after * SECOND,
        expect: failedOver("server_error", {
          health: {
            a: { breaker: "open", benchedMs: about(10 * SECOND) },
          },
        }),
      })),
      { after: 10 * SECOND, ...answersAgain, expect: answeredByA() },
      { repeat: 3, expect: answeredByA() },
    ],
  },
  {
    row: 3,
    name: "the breaker opens when more than half of five or more in a minute fail",
    chain: [
      engineInTurn(fails(500), fails(500), answers("Hello from a."), answers("Hello from a."), fails(500)),
      B,
    ],
    asks: [
      { repeat: 2, expect: failedOver("server_error") },
      { repeat: 2, expect: answeredByA() },
      {
        expect: failedOver("server_error", {
          health: { a: { breaker: "open", benchedMs: about(5 * SECOND) } },
        }),
      },
    ],
  },
  {
    row: 3,
    name: "failures more than a minute apart do not add up",
    chain: [
      engineInTurn(fails(500), fails(500), answers("Hello from a."), answers("Hello from a."), fails(500)),
      B,
    ],
    asks: [
      { repeat: 2, expect: failedOver("server_error") },
      { repeat: 2, expect: answeredByA() },
      { after: 61 * SECOND, expect: failedOver("server_error") },
    ],
  },
  {
    row: 3,
    name: "half-open lets one probe through at a time",
    chain: [engineA(fails(500)), B],
    asks: [
      { repeat: 5, expect: { engines: ["b"] } },
      {
        after: 5 * SECOND,
        parallel: 10,
        scripts: {
          a: () => async (exchange) => {
            await pause(100);
            await fails(500)(exchange);
          },
        },
        expect: {
          engines: ["b"],
          calls: { a: 1, b: 10 },
          health: { a: { breaker: "open", benchedMs: about(10 * SECOND) } },
        },
      },
    ],
  },
  {
    row: 3,
    name: "429 never opens the breaker",
    chain: [engineA(limit({ "retry-after": "1" })), B],
    asks: [
      {
        repeat: 1,
        expect: failedOver("rate_limited", {
          health: { a: { benchedMs: [0, SECOND] } },
        }),
      },
      ...Array.from({ length: 6 }, () => ({
        after: SECOND,
        expect: failedOver("rate_limited", {
          health: { a: { benchedMs: [0, SECOND] as Range } },
        }),
      })),
    ],
  },
];

const KEYS: FaultRow[] = [
  ...[401, 402, 403].map(
    (status): FaultRow => ({
      row: 4,
      name: `status ${status}: the next key at once, the key benched`,
      chain: [
        engineA(byKey({ k1: fails(status) }, answers("Hello from a.")), {
          keys: ["k1", "k2"],
        }),
        B,
      ],
      asks: [
        {
          expect: answeredByA({
            calls: { a: 2 },
            attempts: [status === 402 ? "a account" : "a key_rejected", "a answered"],
            // Undici keeps a connection back for one turn of the event loop after an answer.
            connections: { a: 2 },
            health: {
              a: { benchedMs: about(10 * MINUTE), secondKeyMs: [0, 0] },
            },
            also: (seen) => expect(seen("a").map((request) => keyOf({ request }))).toEqual(["k1", "k2"]),
          }),
        },
        {
          expect: answeredByA({
            connections: { a: 2 },
            health: { a: { benchedMs: about(10 * MINUTE) } },
            also: (seen) => expect(seen("a").map((request) => keyOf({ request }))).toEqual(["k2"]),
          }),
        },
      ],
    }),
  ),
  {
    row: 4,
    name: "all keys dead: the next engine, and no further call to the first",
    chain: [engineA(fails(401), { keys: ["k1", "k2", "k3"] }), B],
    asks: [
      {
        expect: failedOver("key_rejected", {
          calls: { a: 3, b: 1 },
          attempts: ["a key_rejected", "a key_rejected", "a key_rejected", "b answered"],
          health: {
            a: {
              benchedMs: about(10 * MINUTE),
              secondKeyMs: about(10 * MINUTE),
            },
          },
        }),
      },
      { expect: skipped({ health: { a: { benchedMs: about(10 * MINUTE) } } }) },
    ],
  },
  {
    row: 4,
    name: "400 with API_KEY_INVALID rejects the key",
    chain: [
      engineA(
        fails(400, {
          error: {
            code: 400,
            message: "API key not valid. Please pass a valid API key.",
            status: "INVALID_ARGUMENT",
            details: [{ reason: "API_KEY_INVALID" }],
          },
        }),
      ),
      B,
    ],
    asks: [
      {
        expect: failedOver("key_rejected", {
          health: { a: { benchedMs: about(10 * MINUTE) } },
        }),
      },
    ],
  },
  {
    row: 4,
    name: "403 about the model benches the model, not the key",
    chain: [
      engineA(
        fails(403, {
          error: {
            message: "You must accept the licence of this model first.",
          },
        }),
        {
          keys: ["k1", "k2"],
        },
      ),
      B,
    ],
    asks: [
      {
        expect: failedOver("model_forbidden", {
          health: {
            a: {
              benchedMs: about(10 * MINUTE),
              secondKeyMs: about(10 * MINUTE),
            },
          },
        }),
      },
      { expect: skipped({ health: { a: { benchedMs: about(10 * MINUTE) } } }) },
    ],
  },
  {
    row: 4,
    name: "a key that the provider echoes is not shown",
    chain: [
      engineA(
        fails(400, {
          error: { message: "Bad request with key key-of-a here." },
        }),
      ),
    ],
    asks: [
      {
        expect: {
          error: {
            code: "engines_refused",
            status: 400,
            message: "Bad request with key [redacted] here.",
          },
          calls: { a: 1 },
          health: {},
        },
      },
    ],
  },
];

const refusal = (reason: string, status = 400): Script =>
  fails(status, { error: { message: reason, type: "invalid_request_error" } });
const tooLong: Script = fails(400, {
  error: {
    message: "This model's maximum context length is 8192 tokens.",
    code: "context_length_exceeded",
  },
});

const REFUSALS: FaultRow[] = [
  ...[400, 413, 422].map(
    (status): FaultRow => ({
      row: 5,
      name: `status ${status}: this engine not again, not with another key either; the next one answers`,
      chain: [engineA(refusal("Unknown field.", status), { keys: ["k1", "k2"] }), B],
      asks: [
        {
          repeat: 6,
          expect: failedOver(status === 413 ? "context_length" : "refused"),
        },
      ],
    }),
  ),
  {
    row: 5,
    name: "context length: an engine known to read more comes first",
    chain: [
      engineA(tooLong, { contextTokens: 8_192 }),
      { ...B, contextTokens: 8_192 },
      C,
      { name: "d", contextTokens: 131_072 },
    ],
    asks: [
      {
        expect: failedOver("context_length", {
          text: "Hello from d.",
          engines: ["d"],
          calls: { a: 1, d: 1 },
          usages: ["d exact"],
          attempts: ["a context_length", "d answered"],
        }),
      },
    ],
  },
  {
    row: 5,
    name: "context length of an engine of unknown size: the order stands",
    chain: [engineA(tooLong), B, { ...C, contextTokens: 4_096 }],
    asks: [{ expect: failedOver("context_length") }],
  },
  {
    row: 5,
    name: "three refusals: the first provider's reason, and no fourth call",
    chain: [
      engineA(refusal("No such parameter: colour.")),
      { ...B, script: () => refusal("Nor here.") },
      { ...C, script: () => refusal("Nor here either.") },
      { name: "d" },
    ],
    asks: [
      {
        expect: {
          text: "",
          error: {
            code: "engines_refused",
            status: 400,
            message: "No such parameter: colour.",
          },
          calls: { a: 1, b: 1, c: 1 },
          usages: [],
          attempts: ["a refused", "b refused", "c refused"],
          health: {},
        },
      },
    ],
  },
  {
    row: 5,
    name: "every engine that was called refused",
    chain: [engineA(refusal("No such parameter: colour.")), { ...B, script: () => tooLong }],
    asks: [
      {
        expect: {
          error: {
            code: "engines_refused",
            status: 400,
            message: "No such parameter: colour.",
          },
          calls: { a: 1, b: 1 },
          usages: [],
          health: {},
        },
      },
    ],
  },
  {
    row: 5,
    name: "refusals mixed with transient failures: 503",
    chain: [
      engineA(refusal("No.")),
      { ...B, script: () => fails(500) },
      { ...C, script: () => refusal("No.") },
    ],
    asks: [
      {
        expect: {
          error: {
            code: "engines_unavailable",
            status: 503,
            retryAfter: [1, 1],
          },
          calls: { a: 1, b: 1, c: 1 },
          usages: [],
          health: {},
        },
      },
    ],
  },
];

const flagged = (status: number, error: object): Script => fails(status, { error });

const POLICIES: FaultRow[] = [
  ...[
    {
      name: "OpenAI's content_policy_violation",
      script: flagged(400, {
        message: "Your request was rejected by our safety system.",
        code: "content_policy_violation",
      }),
      message: "Your request was rejected by our safety system.",
    },
    {
      name: "Azure's content_filter",
      script: flagged(400, {
        message: "The response was filtered.",
        code: "content_filter",
        param: "prompt",
      }),
      message: "The response was filtered.",
    },
    {
      name: "OpenRouter's moderation",
      script: flagged(403, {
        message: "Your input was flagged",
        code: 403,
        metadata: { reasons: ["violence"], flagged_input: "…" },
      }),
      message: "Your input was flagged",
    },
    {
      name: "a filtered answer without a word",
      script: (exchange: Exchange) =>
        isStreaming(exchange.request)
          ? says(sse(textChunk("", "content_filter")), "text/event-stream")(exchange)
          : exchange.json(200, {
              choices: [
                {
                  index: 0,
                  message: { role: "assistant", content: null },
                  finish_reason: "content_filter",
                },
              ],
            }),
      message: /declined/,
    },
  ].map(
    ({ name, script, message }): FaultRow => ({
      row: 6,
      name,
      chain: [engineA(script, { keys: ["k1", "k2"] }), B],
      asks: [
        {
          expect: {
            text: "",
            error: { code: "content_policy", status: 400, message },
            calls: { a: 1 },
            usages: [],
            attempts: ["a content_policy"],
            health: {},
          },
        },
      ],
    }),
  ),
];

const GONE: FaultRow[] = [
  [
    "404",
    fails(404, {
      error: {
        message: "The model `m` does not exist.",
        code: "model_not_found",
      },
    }),
  ] as const,
  ["410", fails(410)] as const,
  [
    "400 with model_decommissioned",
    flagged(400, { message: "Decommissioned.", code: "model_decommissioned" }),
  ] as const,
].map(
  ([name, script]): FaultRow => ({
    row: 7,
    name: `model gone: ${name}`,
    chain: [engineA(script, { keys: ["k1", "k2"] }), B],
    asks: [
      {
        expect: failedOver("model_gone", {
          health: {
            a: { benchedMs: about(HOUR), secondKeyMs: about(HOUR), dead: true },
          },
        }),
      },
      {
        expect: skipped({
          health: { a: { benchedMs: about(HOUR), dead: true } },
        }),
      },
    ],
  }),
);

const REDIRECTS: FaultRow[] = [301, 302, 303, 307, 308].map((status) => ({
  row: 8,
  name: `${status} to another host is not followed`,
  chain: [
    {
      name: "a",
      script: (stage) => (exchange) =>
        exchange.respond(status, "Moved.", {
          location: `${stage.bystander}/chat/completions`,
        }),
    },
    B,
  ],
  asks: [{ expect: failedOver("bad_response") }],
}));

const CONNECT_MS = 400;

function unreachable(name: string, a: Partial<FaultyEngine>, least = 0): FaultRow {
  return {
    row: 9,
    name,
    chain: [{ name: "a", ...a }, B],
    timeouts: {
      connectMs: CONNECT_MS,
      firstTokenMs: 10_000,
      answerMs: 10_000,
      deadlineMs: 20_000,
    },
    asks: [
      {
        expect: failedOver("connect", {
          calls: { b: 1 },
          within: [least, CONNECT_MS + SLACK],
          also: (seen) => expect(seen("a"), "nothing was sent").toEqual([]),
        }),
      },
    ],
  };
}

const UNREACHABLE: FaultRow[] = [
  unreachable("connection refused", { place: refusedPort }),
  unreachable("a host that does not resolve", { place: unknownHost }),
  unreachable("TLS: self-signed", { tls: certificate("self-signed") }),
  unreachable("TLS: expired", { tls: certificate("expired") }),
  unreachable("TLS: another host's certificate", {
    tls: certificate("wrong-host"),
  }),
  unreachable("TLS: plain HTTP behind it", { place: plainBehindHttps }),
  unreachable("a black hole", { place: blackHole }, CONNECT_MS - 50),
  unreachable("a TLS handshake that never ends", { place: silentHandshake }, CONNECT_MS - 50),
  {
    row: 9,
    name: "TLS with a good certificate is spoken",
    chain: [{ name: "a", tls: certificate("good") }],
    asks: [{ expect: answeredByA() }],
  },
  {
    row: 9,
    name: "the breaker of the origin opens, for all its models",
    chain: [
      { name: "a", place: refusedPort },
      { name: "b", script: () => answers("Hello from b.") },
    ],
    asks: [
      { repeat: 4, expect: failedOver("connect", { calls: { b: 1 } }) },
      {
        expect: failedOver("connect", {
          calls: { b: 1 },
          health: { a: { benchedMs: about(5 * SECOND) } },
        }),
      },
      { expect: skipped({ health: { a: { benchedMs: [1, 5 * SECOND] } } }) },
    ],
  },
];

/** Silence is waited for this long, and not much longer. */
function silent(ms: number): Range {
  return [ms - 50, ms + SLACK];
}

const FIRST_TOKEN_MS = 300;
const ANSWER_MS = 500;
const TIMEOUTS = {
  firstTokenMs: FIRST_TOKEN_MS,
  answerMs: ANSWER_MS,
  deadlineMs: 20_000,
};

const startsOnly: Script = (exchange) =>
  isStreaming(exchange.request)
    ? exchange.startStream()
    : exchange.head(200, {
        "content-type": "application/json",
        "content-length": "500",
      });

const BROKEN: FaultRow[] = [
  ...(
    [
      ["reset before headers", (exchange) => exchange.reset(), "reset"],
      ["closed before headers", (exchange) => void exchange.socket.end(), "reset"],
      [
        "reset within the headers",
        async (exchange) => {
          await exchange.raw("HTTP/1.1 200 OK\r\ncontent-ty");
          await BREAKS.reset(exchange);
        },
        "reset",
      ],
      [
        "headers, then a reset",
        async (exchange) => {
          await startsOnly(exchange);
          await BREAKS.reset(exchange);
        },
        "reset",
      ],
      [
        "headers, then closed",
        async (exchange) => {
          await startsOnly(exchange);
          await BREAKS.close(exchange);
        },
        "reset",
      ],
      ["no HTTP at all", (exchange) => exchange.raw("SSH-2.0-OpenSSH_9.6\r\n"), "bad_response"],
      [
        "a bad chunk length",
        async (exchange) => {
          await exchange.startStream();
          await exchange.raw("zz\r\nhello\r\n");
        },
        "bad_response",
      ],
    ] as [string, Script, string][]
  ).map(
    ([name, script, kind]): FaultRow => ({
      row: 10,
      name,
      chain: [engineA(script, { keys: ["k1", "k2"] }), B],
      asks: [{ expect: failedOver(kind) }, { ...answersAgain, expect: answeredByA() }],
    }),
  ),
  ...(
    [
      ["hang before headers", hangs],
      ["headers, then silence", startsOnly],
    ] as const
  ).map(
    ([name, script]): FaultRow => ({
      row: 10,
      name: `${name}: over in time, and the engine is not asked again`,
      chain: [engineA(script, { keys: ["k1", "k2"] }), B],
      timeouts: TIMEOUTS,
      asks: [
        {
          expect: failedOver("timeout", { within: silent(FIRST_TOKEN_MS) }),
          whole: failedOver("timeout", { within: silent(ANSWER_MS) }),
        },
      ],
    }),
  ),
  {
    row: 10,
    name: "silence of a named engine is not tried again either",
    named: true,
    chain: [engineA(hangs, { keys: ["k1", "k2"] }), B],
    timeouts: TIMEOUTS,
    asks: [{ expect: failedOver("timeout") }],
  },
  {
    row: 10,
    name: "an engine that thinks first has more time",
    modes: ["streaming"],
    chain: [
      engineA(
        async (exchange) => {
          await pause(FIRST_TOKEN_MS * 2);
          await answers("Hello from a.")(exchange);
        },
        { firstTokenTimeoutMs: 5_000 },
      ),
      B,
    ],
    timeouts: TIMEOUTS,
    asks: [{ expect: answeredByA() }],
  },
];

const EMPTY_DELTAS: readonly [string, Script][] = [
  ["comments", forever(": keep-alive\n\n")],
  [
    "role-only deltas",
    forever(sse(deltaChunk({ role: "assistant", content: "" })).replace("data: [DONE]\n\n", "")),
  ],
  ["empty deltas", forever(sse(deltaChunk({})).replace("data: [DONE]\n\n", ""))],
  [
    "null contents",
    forever(sse(deltaChunk({ content: null, reasoning: "" })).replace("data: [DONE]\n\n", "")),
  ],
  ["blank lines", forever("\n")],
];

const NOTHING: FaultRow[] = [
  ...EMPTY_DELTAS.map(
    ([name, script]): FaultRow => ({
      row: 11,
      name: `${name} for ever do not re-arm the first-token timer`,
      chain: [engineA(script), B],
      timeouts: TIMEOUTS,
      asks: [
        {
          expect: failedOver("timeout", { within: silent(FIRST_TOKEN_MS) }),
          whole: failedOver("timeout", { within: silent(ANSWER_MS) }),
        },
      ],
    }),
  ),
  {
    row: 11,
    name: "role-only deltas, then the end",
    modes: ["streaming"],
    chain: [engineA(says(sse(deltaChunk({ role: "assistant", content: "" })), "text/event-stream")), B],
    asks: [{ expect: failedOver("bad_response") }],
  },
  {
    row: 11,
    name: "a role-only delta, then a stop",
    modes: ["streaming"],
    chain: [
      engineA(
        says(
          sse(deltaChunk({ role: "assistant", content: "" }), deltaChunk({}, "stop")),
          "text/event-stream",
        ),
      ),
      B,
    ],
    // Asked often enough to open a breaker, had it counted: who asks for nothing gets nothing.
    asks: [{ repeat: 6, expect: { ...failedOver("no_answer"), health: {} } }],
  },
];

const byteByByte =
  (body: string, everyMs: number): Script =>
  async (exchange) => {
    await exchange.head(200, { "content-type": "application/json", "transfer-encoding": "chunked" });
    for (const byte of body) {
      if (exchange.gone) return;
      await exchange.chunk(byte);
      await pause(everyMs);
    }
    await exchange.endStream();
  };
const token = `data: ${JSON.stringify(textChunk("word "))}\n\n`;

/** Answers of every shape that go on and on; a whole answer has one time for all of it. */
const ENDLESS: readonly [name: string, script: Script, usages: readonly string[]][] = [
  ["a stream of tokens", forever(token), ["a estimated", "b exact"]],
  [
    "a stream of reasoning",
    forever(`data: ${JSON.stringify(deltaChunk({ reasoning: "Hm. " }))}\n\n`),
    ["a estimated", "b exact"],
  ],
  [
    "the arguments of a tool call",
    forever(
      `data: ${JSON.stringify(
        deltaChunk({ tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: "[" } }] }),
      )}\n\n`,
    ),
    ["a estimated", "b exact"],
  ],
  [
    "a body that comes byte by byte",
    byteByByte(JSON.stringify({ choices: [], x: "y".repeat(500) }), 40),
    ["b exact"],
  ],
  ["white space before a body", forever(" \n"), ["b exact"]],
  ["white space within a body", byteByByte(`{"choices":${" ".repeat(500)}[]}`, 40), ["b exact"]],
  [
    "tokens, and then comments",
    async (exchange) => {
      await exchange.startStream();
      await exchange.chunk(token);
      await repeatForever(exchange, ": still here\n\n");
    },
    ["a estimated", "b exact"],
  ],
];

const ENDLESS_WHOLE: FaultRow[] = ENDLESS.flatMap(([name, script, usages]): FaultRow[] => [
  {
    row: 10,
    name: `a whole answer has one time-out, whatever comes meanwhile: ${name}`,
    modes: ["whole"],
    chain: [engineA(script), B],
    timeouts: TIMEOUTS,
    asks: [{ expect: failedOver("timeout", { within: silent(ANSWER_MS), usages }) }],
  },
  {
    row: 10,
    name: `a whole answer of the only engine ends at the deadline: ${name}`,
    modes: ["whole"],
    chain: [engineA(script)],
    timeouts: { ...TIMEOUTS, deadlineMs: 900 },
    asks: [
      {
        expect: {
          text: "",
          error: { code: "engines_unavailable", status: 503, retryAfter: [1, 1] },
          usages: usages.filter((usage) => usage.startsWith("a ")),
          calls: { a: 1 },
          within: silent(900),
        },
      },
    ],
  },
]);

const page = "<!doctype html><html><body><h1>Checking your browser</h1></body></html>";

const NO_ANSWERS: FaultRow[] = [
  ...(
    [
      ["an empty 200", says("", "text/event-stream"), "bad_response"],
      ["a 204 inside", (exchange) => exchange.respond(204, ""), "bad_response"],
      ["an empty 200 of JSON", says("", "application/json"), "bad_response"],
      ["white space only", says("  \n\n ", "application/json"), "bad_response"],
      ["only [DONE]", says("data: [DONE]\n\n", "text/event-stream"), "bad_response"],
      ["a web page", says(page, "text/html"), "bad_response"],
      ["a web page that calls itself JSON", says(page, "application/json"), "bad_response"],
      ["a web page that calls itself a stream", says(`\n${page}`, "text/event-stream"), "bad_response"],
      ["JSON that is no completion", says('{"hello":"world"}', "application/json"), "bad_response"],
      [
        "half of a JSON body",
        says('{"choices":[{"message":{"content":"He', "application/json"),
        "bad_response",
      ],
      ["a JSON string", says('"hello"', "application/json"), "bad_response"],
      ["an empty list of choices", says('{"choices":[]}', "application/json"), "bad_response"],
      ["a JSON error", says('{"error":{"message":"Broken."}}', "application/json"), "server_error"],
      [
        "a JSON error in a list",
        says('[{"error":{"code":503,"message":"Broken."}}]', "application/json"),
        "server_error",
      ],
      [
        "an error event",
        says('event: error\ndata: {"error":{"message":"Broken.","code":503}}\n\n', "text/event-stream"),
        "server_error",
      ],
      [
        "an error object as data",
        says(sse({ error: { message: "Overloaded.", type: "overloaded_error" } }), "text/event-stream"),
        "server_error",
      ],
      ["an error as a string", says(sse({ error: "Broken." }), "text/event-stream"), "server_error"],
    ] as [string, Script, string][]
  ).map(
    ([name, script, kind]): FaultRow => ({
      row: 12,
      name: `200 with ${name}`,
      chain: [engineA(script, { keys: ["k1", "k2"] }), B],
      asks: [{ expect: failedOver(kind) }],
    }),
  ),
  ...(
    [
      [
        "429",
        { message: "Rate limit reached. Please try again in 20s.", code: 429 },
        "rate_limited",
        { benchedMs: about(20 * SECOND) },
      ],
      [
        "401",
        { message: "Invalid API key.", code: "invalid_api_key" },
        "key_rejected",
        { benchedMs: about(10 * MINUTE) },
      ],
      [
        "404",
        { message: "No such model.", code: "model_not_found" },
        "model_gone",
        { benchedMs: about(HOUR), dead: true },
      ],
      ["400", { message: "No such field.", type: "invalid_request_error" }, "refused", {}],
    ] as const
  ).map(
    ([code, error, kind, health]): FaultRow => ({
      row: 12,
      name: `200 with an error that is a ${code} is treated as one`,
      chain: [
        engineA((exchange) =>
          isStreaming(exchange.request)
            ? says(sse({ error }), "text/event-stream")(exchange)
            : exchange.json(200, { error }),
        ),
        B,
      ],
      asks: [{ expect: failedOver(kind, { health: { a: health } }) }],
    }),
  ),
];

const whole = JSON.stringify({
  object: "chat.completion",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "Hello from a." },
      finish_reason: "stop",
    },
  ],
  usage: { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 },
});

const MIXED_UP: FaultRow[] = (
  [
    ["a JSON body, whatever was asked", says(whole, "application/json")],
    ["a JSON body that calls itself a stream", says(whole, "text/event-stream")],
    [
      "a JSON body behind white space, as OpenRouter keeps connections alive",
      says(`\n\n   ${whole}`, "application/json"),
    ],
    ["a stream, whatever was asked", says(goodStream("Hello from a."), "text/event-stream; charset=utf-8")],
    ["a stream that calls itself JSON", says(goodStream("Hello from a."), "application/json")],
    ["a stream that calls itself a page", says(goodStream("Hello from a."), "text/html")],
    ["a stream that calls itself plain text", says(goodStream("Hello from a."), "text/plain")],
    [
      "a stream behind comments",
      says(
        `: OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n${goodStream("Hello from a.")}`,
        "text/event-stream",
      ),
    ],
    [
      "early hints, and then a stream",
      async (exchange) => {
        await exchange.raw("HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n");
        await says(goodStream("Hello from a."), "text/event-stream")(exchange);
      },
    ],
    [
      "a stream without content type and length",
      async (exchange) => {
        await exchange.raw(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${goodStream("Hello from a.")}`);
        exchange.socket.end();
      },
    ],
  ] as [string, Script][]
).map(([name, script]) => ({
  row: 13,
  name,
  chain: [engineA(script), B],
  asks: [{ expect: answeredByA() }],
}));

function unavailable(changes: Partial<Expected> & { retryAfter?: Range }): Expected {
  const { retryAfter = [1, 1], ...rest } = changes;
  return {
    text: "",
    error: { code: "engines_unavailable", status: 503, retryAfter },
    usages: [],
    ...rest,
  };
}

const EVERYTHING_DOWN: FaultRow[] = [
  {
    row: 14,
    name: "everything fails: 503, soon again",
    chain: [engineA(fails(500)), { ...B, script: () => BREAKS.reset }, { name: "c", place: refusedPort }],
    asks: [
      {
        expect: unavailable({
          calls: { a: 1, b: 1 },
          attempts: ["a server_error", "b reset", "c connect"],
          health: {},
        }),
      },
    ],
  },
  {
    row: 14,
    name: "everything is rate-limited: 503 with the soonest release, then without a call",
    chain: [engineA(limit({ "retry-after": "30" })), { ...B, script: () => limit({ "retry-after": "20" }) }],
    asks: [
      { expect: unavailable({ retryAfter: [18, 20], calls: { a: 1, b: 1 } }) },
      {
        expect: unavailable({
          retryAfter: [18, 20],
          calls: {},
          attempts: [],
          within: [0, SECOND],
        }),
      },
      {
        after: 10 * SECOND,
        expect: unavailable({ retryAfter: [8, 10], calls: {} }),
      },
    ],
  },
  {
    row: 14,
    name: "everything is silent: 503 at the deadline",
    chain: [engineA(hangs), { ...B, script: () => hangs }, { ...C, script: () => hangs }],
    timeouts: { ...TIMEOUTS, deadlineMs: 1_500 },
    asks: [
      {
        expect: unavailable({
          calls: { a: 1, b: 1, c: 1 },
          within: [1_450, 1_500 + SLACK],
        }),
      },
    ],
  },
  {
    row: 14,
    name: "the deadline ends the walk before every engine had its turn",
    chain: [engineA(hangs), { ...B, script: () => hangs }, C],
    timeouts: { ...TIMEOUTS, firstTokenMs: 300, answerMs: 300, deadlineMs: 500 },
    asks: [
      {
        expect: unavailable({
          calls: { a: 1, b: 1 },
          within: [450, 500 + SLACK],
        }),
      },
    ],
  },
  {
    row: 14,
    name: "the last engine gets the time that remains",
    chain: [
      engineA(hangs),
      {
        ...B,
        script: () => async (exchange) => {
          await pause(1_200);
          await answers("Hello from b.")(exchange);
        },
      },
    ],
    timeouts: { ...TIMEOUTS, deadlineMs: 8_000 },
    asks: [{ expect: failedOver("timeout", { within: [1_400, 1_700 + SLACK] }) }],
  },
  {
    row: 14,
    name: "the last engine is the one behind which all others are benched",
    chain: [
      engineA(async (exchange) => {
        await pause(1_000);
        await answers("Hello from a.")(exchange);
      }),
      { ...B, script: () => limit({ "retry-after": "60" }) },
    ],
    timeouts: { ...TIMEOUTS, deadlineMs: 8_000 },
    asks: [
      // The first time a is given up in favour of b, which then turns out to be rate-limited.
      { expect: unavailable({ calls: { a: 1, b: 1 } }) },
      { expect: answeredByA({ health: { b: { benchedMs: [50 * SECOND, MINUTE] } } }) },
    ],
  },
];

/** The gap between an engine's first and second call. */
function gap([least, most]: Range): NonNullable<Expected["also"]> {
  return (seen) => {
    const [first, second] = seen("a");
    const between = (second?.at ?? 0) - (first?.at ?? 0);
    expect(between, "milliseconds between the two calls").toBeGreaterThanOrEqual(least);
    expect(between, "milliseconds between the two calls").toBeLessThanOrEqual(most);
  };
}

function triedTwice(kind: string, changes: Partial<Expected> = {}): Expected {
  return answeredByA({
    calls: { a: 2 },
    attempts: [`a ${kind}`, "a answered"],
    ...changes,
  });
}

const NAMED: FaultRow[] = (
  [
    {
      name: "a 500 is tried once more on the same engine after 250 ms",
      chain: [engineInTurn(fails(500), answers("Hello from a.")), B],
      asks: [
        {
          expect: triedTwice("server_error", { also: gap([240, 250 + SLACK]) }),
        },
      ],
    },
    {
      name: "a reset is tried once more",
      chain: [engineInTurn((exchange) => exchange.reset(), answers("Hello from a.")), B],
      asks: [{ expect: triedTwice("reset", { also: gap([240, 250 + SLACK]) }) }],
    },
    {
      name: "a 429 without a hint is tried once more after 250 ms",
      chain: [engineInTurn(limit({}), answers("Hello from a.")), B],
      asks: [
        {
          expect: triedTwice("rate_limited", {
            also: gap([240, 250 + SLACK]),
            health: { a: { benchedMs: [0, 5 * SECOND] } },
          }),
        },
      ],
    },
    {
      name: "a short hint is waited for",
      chain: [engineInTurn(limit({ "retry-after": "1" }), answers("Hello from a.")), B],
      asks: [
        {
          expect: triedTwice("rate_limited", {
            also: gap([990, 1_000 + SLACK]),
          }),
        },
      ],
    },
    {
      name: "a long hint is not waited for",
      chain: [engineInTurn(limit({ "retry-after": "6" }), answers("Hello from a.")), B],
      asks: [
        {
          expect: failedOver("rate_limited", {
            health: { a: { benchedMs: about(6 * SECOND) } },
            within: [0, SLACK],
          }),
        },
      ],
    },
    {
      name: "another free key is tried at once",
      chain: [
        engineA(byKey({ k1: limit({ "retry-after": "3" }) }, answers("Hello from a.")), {
          keys: ["k1", "k2"],
        }),
        B,
      ],
      asks: [
        {
          expect: triedTwice("rate_limited", {
            also: gap([0, 900]),
            health: {
              a: { benchedMs: about(3 * SECOND), secondKeyMs: [0, 0] },
            },
          }),
        },
      ],
    },
    {
      name: "every free key is tried after a 429",
      chain: [
        engineA(byKey({ k3: answers("Hello from a.") }, limit({ "retry-after": "60" })), {
          keys: ["k1", "k2", "k3"],
        }),
        B,
      ],
      asks: [
        {
          expect: answeredByA({
            calls: { a: 3 },
            attempts: ["a rate_limited", "a rate_limited", "a answered"],
            health: {
              a: { benchedMs: about(MINUTE), secondKeyMs: about(MINUTE) },
            },
          }),
        },
      ],
    },
    {
      name: "once more is once: then the next engine",
      chain: [engineA(fails(500)), B],
      asks: [
        {
          expect: failedOver("server_error", {
            calls: { a: 2, b: 1 },
            attempts: ["a server_error", "a server_error", "b answered"],
          }),
        },
      ],
    },
    {
      name: "a refusal is not tried again",
      chain: [engineA(refusal("No.")), B],
      asks: [{ expect: failedOver("refused") }],
    },
    {
      name: "a wait that the deadline has no room for is not begun",
      timeouts: { deadlineMs: 1_500 },
      chain: [engineA(limit({ "retry-after": "3" })), B],
      asks: [
        {
          expect: failedOver("rate_limited", {
            within: [0, 1_400],
            health: { a: { benchedMs: about(3 * SECOND) } },
          }),
        },
      ],
    },
  ] satisfies Omit<FaultRow, "row" | "named">[]
).map((row) => ({
  ...row,
  row: 1,
  name: `named engines: ${row.name}`,
  named: true,
}));

const LASTING = /until an operator changes the configuration\.$/;

/** What the client is told who named the one engine: the first time, and again while it is benched. */
const NAMED_CAUSES: readonly [
  name: string,
  engine: Partial<FaultyEngine>,
  status: number,
  message: RegExp,
  /** Calls of the second ask: none where the first one benched the engine. */
  callsAgain: number,
][] = [
  [
    "a model that the provider does not know",
    { script: () => fails(404, { error: { message: "The model `model` does not exist." } }) },
    404,
    /^The model "a\/model" does not exist at its provider\. The provider says: The model `model` does not exist\.$/,
    0,
  ],
  ["a removed model", { script: () => fails(410) }, 404, /^The model "a\/model" does not exist/, 0],
  ["a wrong key", { script: () => fails(401) }, 503, /^The provider rejected its key\. Trying again/, 0],
  [
    "a pool of wrong keys",
    { script: () => fails(401), keys: ["k1", "k2", "k3"] },
    503,
    /^The provider rejected its key\. /,
    0,
  ],
  ["no credit", { script: () => fails(402) }, 503, /^The provider's account has no credit\. Trying/, 0],
  [
    "no credit, as OpenAI says it",
    {
      script: () =>
        fails(429, { error: { message: "You exceeded your quota.", code: "insufficient_quota" } }),
    },
    503,
    /^The provider's account has no credit\. /,
    0,
  ],
  [
    "no credit, as Anthropic says it",
    {
      script: () =>
        fails(400, {
          type: "error",
          error: {
            type: "invalid_request_error",
            message: "Your credit balance is too low to access the Anthropic API.",
          },
        }),
    },
    503,
    /^The provider's account has no credit\. /,
    0,
  ],
  [
    "a model behind a licence",
    { script: () => fails(403, { error: { message: "You must accept the licence of this model." } }) },
    503,
    /^The provider does not allow its account to use this model\. /,
    0,
  ],
  [
    "an address without its path, which a router answers",
    { script: () => fails(404, { detail: "Not Found" }) },
    503,
    /^No API answers at the provider's address\. Trying again does not help/,
    0,
  ],
  [
    "an address without its path, which a web server answers",
    { script: () => fails(404, "<html><body>404 Not Found</body></html>") },
    503,
    /^No API answers at the provider's address\. /,
    1,
  ],
  ["a web page", { script: () => fails(200, "<html></html>") }, 503, /^No API answers at the provider/, 1],
  ["a refused connection", { place: refusedPort }, 503, /^The provider cannot be reached\. Try again/, 0],
  ["an unknown host", { place: unknownHost }, 503, /^The provider cannot be reached\. Try again/, 0],
  [
    "a certificate that nobody vouches for",
    { tls: certificate("self-signed") },
    503,
    /^The provider cannot be reached\. Try again in a second\.$/,
    0,
  ],
  [
    "a rate limit",
    { script: () => limit({ "retry-after": "40" }) },
    503,
    /^The provider's rate limit is reached\. Try again in (?:40|39|38) seconds\.$/,
    0,
  ],
  [
    "a rate limit for long",
    { script: () => limit({ "retry-after": "3600" }) },
    503,
    /^The provider's rate limit is reached\. Try again in an hour\.$/,
    0,
  ],
  [
    "an error of the provider's own",
    { script: () => fails(503) },
    503,
    /^The provider has an internal error \(status 503\)\. Try again in a second\.$/,
    2,
  ],
];

const NAMED_CAUSE_ROWS: FaultRow[] = NAMED_CAUSES.map(([name, engine, status, message, again]) => {
  const code = status === 404 ? "model_not_found" : "engines_unavailable";
  const expected: Expected = { text: "", error: { code, status, message }, usages: [] };
  const isScripted = engine.place === undefined && engine.tls === undefined;
  return {
    row: 14,
    name: `who named the engine hears of ${name}, also when it is not called again`,
    named: true,
    chain: [{ name: "a", ...engine }],
    asks: [{ expect: expected }, { expect: isScripted ? { ...expected, calls: { a: again } } : expected }],
  };
});

const SEVERAL_NAMED: FaultRow = {
  row: 14,
  name: "who named several engines hears of each",
  named: true,
  chain: [engineA(fails(401)), { ...B, script: () => fails(404) }, { name: "c", place: refusedPort }],
  asks: [
    {
      repeat: 2,
      expect: {
        error: {
          code: "engines_unavailable",
          status: 503,
          message:
            /^a\/model: The provider rejected its key\. b\/model: No API answers at .* c\/model: The provider cannot be reached\. Try again in a second\.$/,
        },
        usages: [],
      },
    },
  ],
};

/** A mode's own engines are nobody's business; how long it lasts is. */
const MODE_CAUSES: FaultRow[] = (
  [
    ["wrong keys", fails(401), LASTING, [590, 600]],
    ["models that are gone", fails(410), LASTING, [3_590, 3_600]],
    ["wrong addresses", fails(404, { detail: "Not Found" }), LASTING, [3_590, 3_600]],
    [
      "a limit of a minute",
      limit({ "retry-after": "60" }),
      /Try again in (?:a minute|59 seconds|58 seconds)\.$/,
      [58, 60],
    ],
    ["a limit of ten minutes", limit({ "retry-after": "600" }), /Try again in 10 minutes\.$/, [598, 600]],
    ["a limit of an hour", limit({ "retry-after": "9999" }), /Try again in an hour\.$/, [3_598, 3_600]],
  ] as [string, Script, RegExp, Range][]
).map(([name, script, message, retryAfter]) => {
  const expected: Expected = {
    error: { code: "engines_unavailable", status: 503, message, retryAfter },
    usages: [],
    also: (_seen, told) => {
      expect(told.error?.message).not.toMatch(/shortly|a\/model|provider rejected/);
    },
  };
  return {
    row: 14,
    name: `a mode of ${name} says how long it lasts`,
    chain: [engineA(script), { ...B, script: () => script }],
    asks: [{ expect: expected }, { expect: { ...expected, calls: {} } }],
  };
});

export const BEFORE_FIRST_CONTENT: readonly FaultRow[] = [
  ...RATE_LIMITS,
  ...TROUBLE,
  ...KEYS,
  ...REFUSALS,
  ...POLICIES,
  ...GONE,
  ...REDIRECTS,
  ...UNREACHABLE,
  ...BROKEN,
  ...NOTHING,
  ...ENDLESS_WHOLE,
  ...NO_ANSWERS,
  ...MIXED_UP,
  ...EVERYTHING_DOWN,
  ...NAMED,
  ...NAMED_CAUSE_ROWS,
  SEVERAL_NAMED,
  ...MODE_CAUSES,
];
