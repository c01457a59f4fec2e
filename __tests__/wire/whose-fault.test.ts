import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fails } from "../faults/scripts.ts";
import { saysAnthropic } from "../support/anthropic-upstream.ts";
import { answers, type Script, type SeenRequest } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { PROXY_ROUTES, ROUTES, startWireGateway, type WireEngine, type WireGateway } from "./wire-gateway.ts";

let database: TestSupabase;

beforeAll(async () => {
  database = await startTestSupabase();
});

afterAll(() => database.stop());

async function withGateway(
  engines: readonly WireEngine[],
  use: (wire: WireGateway) => Promise<void>,
): Promise<void> {
  const wire = await startWireGateway(engines, { database });
  try {
    await use(wire);
  } finally {
    await wire.stop();
  }
}

const error = (message: string, more: Record<string, unknown> = {}) => ({ error: { message, ...more } });
const own = (script: Script, model = "m"): WireEngine => ({ vendor: "own", model, script });
const TPM =
  "Request too large for model `m` in organization `org_01` on tokens per minute (TPM): Limit 12000, Requested 14137. Upgrade at https://console.groq.com/settings/billing";
const TOO_LARGE = error(TPM, { type: "tokens", code: "rate_limit_exceeded" });

/** The three that the bug reports name, then one more than a request survives refusals. */
const ACCOUNTS: readonly WireEngine[] = [
  {
    vendor: "anthropic",
    model: "claude-haiku-4-5",
    script: fails(400, {
      type: "error",
      error: {
        type: "invalid_request_error",
        message: "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
      },
    }),
  },
  {
    vendor: "gemini-grounded",
    model: "gemini-2.5-flash",
    script: fails(400, {
      error: {
        code: 400,
        message: "User location is not supported for the API use.",
        status: "FAILED_PRECONDITION",
      },
    }),
  },
  {
    vendor: "groq",
    model: "llama-3.3-70b-versatile",
    script: fails(413, TOO_LARGE, { "retry-after": "60" }),
  },
  {
    vendor: "openrouter",
    model: "x/y",
    script: fails(404, error("No endpoints found matching your data policy (Free model publication).")),
  },
];

describe.each(ROUTES)("W10: faults of the account on %s", (route) => {
  test("the walk goes on, each is benched as it should be, and only the operator hears of it", async () => {
    await withGateway([...ACCOUNTS, own(answers("Hello from own."))], async (wire) => {
      for (const stream of [true, false, true]) {
        const reply = await wire.ask(route, stream);
        expect(reply).toMatchObject({ status: 200, text: "Hello from own.", error: undefined });
        expect(reply.raw.replaceAll("fallback_credit", "")).not.toMatch(
          /credit|billing|location|policy|org_01/i,
        );
      }
      expect(wire.upstreams.map(({ requests }) => requests.length)).toEqual([1, 1, 1, 1, 3]);
      const benches = wire.log.filter(({ until }) => until !== undefined);
      expect(benches).toMatchObject([
        { message: "A provider key is benched.", cause: "account", problem: "no_credit", alarm: true },
        { message: "A provider is benched.", cause: "account", problem: "region", alarm: true },
        { message: "A provider key is benched for one model.", cause: "rate_limited", status: 413 },
        { message: "A model is benched.", cause: "account", problem: "data_policy", alarm: true },
      ]);
      await wire.settled();
    });
  });
});

test("W10: the ledger tells an account's fault apart", async () => {
  await withGateway([...ACCOUNTS, own(answers("Hello."))], async (wire) => {
    await wire.ask("v1/chat/completions", false);
    await wire.settled();
    const rows = await database.sql`
      select status, meta->>'problem' as problem from public.ai_events
      where created_at > now() - interval '1 minute' order by created_at desc, (meta->>'attempt')::int limit 5`;
    expect(rows.map(({ status, problem }) => [status, problem])).toEqual([
      ["account", "no_credit"],
      ["account", "region"],
      ["rate_limited", null],
      ["account", "data_policy"],
      ["ok", null],
    ]);
  });
});

describe("W10: alone, an account's fault is no refusal", () => {
  test.each(ROUTES)("on %s", async (route) => {
    const [first] = ACCOUNTS;
    if (first === undefined) throw new Error("No account.");
    await withGateway([first], async (wire) => {
      const { error: told, raw } = await wire.ask(route, true);
      expect(told).toMatchObject({ retryable: false });
      expect(raw).toMatch(/No engine can answer/);
      expect(raw).not.toMatch(/credit|Billing/);
    });
  });
});

describe("W10: accounts, in other words", () => {
  test.each<[string, number, unknown]>([
    ["Zhipu", 429, error("余额不足或无可用资源包,请充值。", { code: "1113" })],
    ["one-api", 403, error("用户额度不足", { code: "pre_consume_failed" })],
    [
      "Gemini",
      400,
      error(
        "Gemini API free tier is not available in your country. Please enable billing on your project in Google AI Studio.",
      ),
    ],
  ])("%s", async (_name, status, body) => {
    await withGateway([own(fails(status, body), "a"), own(answers("Hello."), "b")], async (wire) => {
      for (let time = 0; time < 2; time++) {
        expect((await wire.ask("v1/chat/completions", false)).text).toBe("Hello.");
      }
      expect(wire.upstreams[0]?.requests).toHaveLength(1);
      expect(wire.log.find(({ outcome }) => outcome !== undefined)).toMatchObject({ outcome: "account" });
    });
  });
});

describe("W8: what a client's own options exclude is its own fault", () => {
  const EXCLUDED = error("No endpoints found matching your data policy (Zero data retention).", {
    code: 404,
  });

  test.each([true, false])("a refusal of that request, streamed %s", async (stream) => {
    const script: Script = (exchange) =>
      exchange.request.text.includes('"zdr"') ? fails(404, EXCLUDED)(exchange) : answers("Hello.")(exchange);
    await withGateway([{ vendor: "openrouter", model: "x/y", script }], async (wire) => {
      for (let time = 0; time < 3; time++) {
        const refused = await wire.ask("v1/chat/completions", stream, { provider: { zdr: true } });
        expect(refused).toMatchObject({
          status: 400,
          error: { code: "engines_refused", retryable: false, message: expect.stringMatching(/data policy/) },
        });
      }
      expect((await wire.ask("v1/chat/completions", stream)).text).toBe("Hello.");
      expect(wire.log.filter(({ until }) => until !== undefined)).toEqual([]);
    });
  });
});

describe("W9: a request that is too large for an account benches nothing", () => {
  test.each<[string, string, Record<string, unknown>]>([
    ["Azure", "Your request exceeds the maximum usage size allowed during peak load.", {}],
    ["by name", "Request size exceeds the tokens per minute limit of your plan.", {}],
    [
      "a tier with a capacity of its own",
      "We're currently processing too many requests at this service tier. Please try again later.",
      { service_tier: "flex" },
    ],
  ])("in other words: %s", async (_name, message, changes) => {
    await withGateway([own(fails(429, error(message)), "a"), own(answers("Hello."), "b")], async (wire) => {
      for (const stream of [true, false]) {
        expect((await wire.ask("v1/chat/completions", stream, changes)).text).toBe("Hello.");
      }
      expect(wire.upstreams[0]?.requests).toHaveLength(2);
      expect(wire.log.filter(({ until }) => until !== undefined)).toEqual([]);
    });
  });

  test.each(ROUTES)("on %s: the next engine answers, also behind three of them", async (route) => {
    const [a, b, c] = [fails(413, TOO_LARGE), fails(429, TOO_LARGE), fails(429, TOO_LARGE)];
    await withGateway([own(a, "a"), own(b, "b"), own(c, "c"), own(answers("Hello."), "d")], async (wire) => {
      for (const stream of [true, false]) expect((await wire.ask(route, stream)).text).toBe("Hello.");
      // With a cap that counts against the limit, each is asked once more with a lower one.
      const calls = wire.upstreams.map(({ requests }) => requests.length);
      expect(calls[3]).toBe(2);
      expect(Math.min(...calls)).toBe(2);
      expect(wire.log.filter(({ until }) => until !== undefined)).toEqual([]);
    });
  });

  test.each(PROXY_ROUTES)("on %s: alone, the client hears of its size", async (route) => {
    await withGateway(
      [own(fails(413, error(TPM.replace("14137", "90000"), { code: "rate_limit_exceeded" })))],
      async (wire) => {
        const reply = await wire.ask(route, true);
        expect(reply).toMatchObject({ status: 400, error: { retryable: false } });
        expect(reply.raw).toMatch(/larger than the provider takes/);
        expect(reply.raw).not.toMatch(/org_01|Upgrade|Limit 12000/);
      },
    );
  });
});

describe("W11: only a prompt that is too long is a context that is too small", () => {
  const NAME = error(
    "Invalid 'tools[25].function.name': string too long. Expected a string with maximum length 64.",
    {
      type: "invalid_request_error",
      param: null,
      code: "string_above_max_length",
    },
  );
  const PROMPT = {
    type: "error",
    error: { type: "invalid_request_error", message: "prompt is too long: 215000 tokens > 200000 maximum" },
  };

  test.each(PROXY_ROUTES)("on %s", async (route) => {
    await withGateway([own(fails(400, NAME))], async (wire) => {
      const reply = await wire.ask(route, true);
      expect(reply).toMatchObject({ status: 400, error: { type: "invalid_request_error" } });
      expect(reply.raw).not.toMatch(/context_length/);
      if (route !== "v1/messages") expect(reply.error).toMatchObject({ param: "tools[25].function.name" });
    });
    await withGateway([own(fails(400, PROMPT))], async (wire) => {
      const reply = await wire.ask(route, true);
      expect(reply).toMatchObject({ status: 400, error: { type: "invalid_request_error" } });
      if (route !== "v1/messages") expect(reply.error).toMatchObject({ code: "context_length_exceeded" });
    });
  });
});

/** The cap of a request in any API's field. */
function capOf({ json }: SeenRequest): unknown {
  const body = json as Record<string, unknown>;
  const config = body["generationConfig"] as Record<string, unknown> | undefined;
  return body["max_tokens"] ?? body["max_completion_tokens"] ?? config?.["maxOutputTokens"];
}

const CAP_FIELD = {
  "v1/chat/completions": "max_tokens",
  "v1/responses": "max_output_tokens",
  "v1/messages": "max_tokens",
} as const;

/** Refuses caps above the ceiling in these words. */
function capped(ceiling: number, words: (cap: number) => object, answer: Script): Script {
  return (exchange) => {
    const cap = capOf(exchange.request);
    return typeof cap === "number" && cap > ceiling ? fails(400, words(cap))(exchange) : answer(exchange);
  };
}

const GEMINI_ANSWER: Script = (exchange) => {
  const body = {
    candidates: [{ content: { role: "model", parts: [{ text: "Hello." }] }, finishReason: "STOP" }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
  };
  if (!exchange.request.path.includes("streamGenerateContent")) return exchange.json(200, body);
  return (async () => {
    await exchange.startStream();
    await exchange.event(body);
    await exchange.endStream();
  })();
};

const CEILINGS: readonly (readonly [string, WireEngine, number | undefined])[] = [
  [
    "an own server that names its ceiling",
    own(
      capped(
        8_192,
        (cap) =>
          error(
            `max_tokens is too large: ${cap}. This model supports at most 8192 completion tokens, whereas you provided ${cap}.`,
            { param: "max_tokens" },
          ),
        answers("Hello."),
      ),
    ),
    8_192,
  ],
  [
    "an own server that names none",
    own(capped(8_192, () => error("max_tokens is too large", { param: "max_tokens" }), answers("Hello."))),
    undefined,
  ],
  [
    "Zhipu",
    own(capped(4_095, () => error("max_tokens 参数非法。请检查文档", { code: "1214" }), answers("Hello."))),
    undefined,
  ],
  [
    "an own server that speaks of the length",
    own(
      capped(
        4_096,
        (cap) => error(`Requested max_tokens ${cap} exceeds maximum output length of 4,096 tokens.`),
        answers("Hello."),
      ),
    ),
    4_096,
  ],
  [
    "an own server of Anthropic's protocol",
    {
      vendor: "own",
      model: "their-model",
      provider: { protocol: "anthropic" },
      script: capped(
        8_192,
        (cap) => ({
          type: "error",
          error: {
            type: "invalid_request_error",
            message: `max_tokens: ${cap} > 8192, which is the maximum allowed number of output tokens for their-model`,
          },
        }),
        saysAnthropic([{ type: "text", pieces: ["Hello."] }]),
      ),
    },
    8_192,
  ],
  [
    "Gemini",
    {
      vendor: "gemini-grounded",
      model: "gemini-of-nobody",
      script: capped(
        8_192,
        (cap) => ({
          error: {
            code: 400,
            status: "INVALID_ARGUMENT",
            message: `Unable to submit request because it has a maxOutputTokens value of ${cap} but the supported range is from 1 (inclusive) to 8193 (exclusive). Update the value and try again.`,
          },
        }),
        GEMINI_ANSWER,
      ),
    },
    8_192,
  ],
];

describe.each(CEILINGS)("W12: %s", (_name, engine, sent) => {
  test.each(PROXY_ROUTES)("on %s: repeated once with a lower cap, which is remembered", async (route) => {
    await withGateway([engine], async (wire) => {
      const ask = (stream: boolean, cap: number) => wire.ask(route, stream, { [CAP_FIELD[route]]: cap });
      const first = await ask(true, 64_000);
      expect(first).toMatchObject({ status: 200, text: "Hello." });
      expect(first.headers.get("x-sarmalink-dropped")).toMatch(/\bmax_tokens\b/);
      expect((await ask(false, 64_000)).text).toBe("Hello.");
      expect((await ask(true, 100)).headers.get("x-sarmalink-dropped") ?? "").not.toMatch(/\bmax_tokens\b/);
      expect(wire.upstreams[0]?.requests.map(capOf)).toEqual([64_000, sent, sent, 100]);
    });
  });
});

test("W12: a cap beside which the prompt has no room is lowered for that request alone", async () => {
  const script = capped(
    39_766,
    () =>
      error(
        "'max_tokens' or 'max_completion_tokens' is too large: 64000. This model's maximum context length is 64001 tokens and your request has 24235 input tokens (64000 > 64001 - 24235).",
      ),
    answers("Hello."),
  );
  await withGateway([own(script)], async (wire) => {
    for (let time = 0; time < 2; time++) {
      expect((await wire.ask("v1/messages", true, { max_tokens: 64_000 })).text).toBe("Hello.");
    }
    expect(wire.upstreams[0]?.requests.map(capOf)).toEqual([64_000, 39_766, 64_000, 39_766]);
  });
});

test("W12: a repeat that is refused again goes to the next engine, and nothing is remembered", async () => {
  const script = fails(
    400,
    error("max_tokens is too large: 64000. This model supports at most 8192 completion tokens", {
      param: "max_tokens",
    }),
  );
  await withGateway([own(script, "a"), own(answers("Hello."), "b")], async (wire) => {
    for (let time = 0; time < 2; time++) {
      expect((await wire.ask("v1/messages", false, { max_tokens: 64_000 })).text).toBe("Hello.");
    }
    expect(wire.upstreams[0]?.requests.map(capOf)).toEqual([64_000, 8_192, 64_000, 8_192]);
    expect(wire.upstreams[1]?.requests.map(capOf)).toEqual([64_000, 64_000]);
  });
});

describe("W30: a 5xx about the request closes no engine to others", () => {
  test("nor does one of llama.cpp's templates", async () => {
    const message =
      "Value is not callable: null at row 58, column 111:\n{{ raise_exception('Conversation roles must alternate') }}";
    await withGateway([own(fails(500, error(message, { type: "server_error" })))], async (wire) => {
      for (let time = 0; time < 6; time++) {
        expect(await wire.ask("v1/messages", false)).toMatchObject({ status: 400 });
      }
      expect(wire.upstreams[0]?.requests).toHaveLength(6);
    });
  });

  test.each(PROXY_ROUTES)("on %s", async (route) => {
    const script: Script = (exchange) =>
      exchange.request.text.includes("data:image")
        ? fails(500, { error: { message: "missing data required for image input", type: "api_error" } })(
            exchange,
          )
        : answers("Hello.")(exchange);
    const url =
      "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const image = {
      "v1/chat/completions": {
        messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
      },
      "v1/responses": { input: [{ role: "user", content: [{ type: "input_image", image_url: url }] }] },
      "v1/messages": {
        messages: [
          {
            role: "user",
            content: [
              { type: "image", source: { type: "base64", media_type: "image/png", data: url.slice(22) } },
            ],
          },
        ],
      },
    }[route];
    const engine = own(script);
    const models = `own-0/${engine.model}`;
    await withGateway([engine], async (wire) => {
      for (let time = 0; time < 6; time++) {
        const refused = await wire.ask(route, time % 2 === 0, { ...image, model: models });
        expect(refused).toMatchObject({ status: 400, error: { retryable: false } });
      }
      expect((await wire.ask(route, true, { model: models })).text).toBe("Hello.");
      expect(wire.log.filter(({ until }) => until !== undefined)).toEqual([]);
    });
  });
});

describe("W35: each failed attempt has a line", () => {
  test.each(ROUTES)(
    "on %s: behind another engine's answer, and of a request without any engine left",
    async (route) => {
      const refused: WireEngine = {
        vendor: "own",
        model: "gone",
        provider: { baseUrl: "http://127.0.0.1:1/v1" },
      };
      await withGateway(
        [own(fails(500, error("Down for maintenance.")), "a"), refused, own(answers("Hello."), "c")],
        async (wire) => {
          expect((await wire.ask(route, true)).text).toBe("Hello.");
          expect(wire.log).toMatchObject([
            {
              message: "An engine gave no complete answer.",
              engine: "own-0/a",
              outcome: "server_error",
              status: 500,
              reason: "Down for maintenance.",
              address: "127.0.0.1",
            },
            {
              message: "An engine gave no complete answer.",
              engine: "own-1/gone",
              outcome: "connect",
              detail: expect.stringMatching(/ECONNREFUSED/),
              address: "127.0.0.1:1",
            },
          ]);
        },
      );
      await withGateway([own(fails(401))], async (wire) => {
        for (let time = 0; time < 2; time++) await wire.ask(route, true);
        expect(wire.log.at(-1)).toMatchObject({
          code: "engines_unavailable",
          skipped: expect.stringMatching(/^own-0\/m key_rejected 401 .* until /),
        });
      });
    },
  );

  test("a setting that is missing is no error of the process", async () => {
    const wire = await startWireGateway([], {
      database,
      settings: { MODELS_CONFIG: JSON.stringify({ extends: "default" }) },
    });
    const { error: told } = await wire.ask("v1/chat/completions", false);
    expect(told).toMatchObject({ code: "no_engine_configured", retryable: false });
    expect(wire.log.map(({ level, code }) => [level, code])).toEqual([["warn", "no_engine_configured"]]);
    expect(JSON.stringify(wire.log)).not.toMatch(/\bat .*\.ts/);
    await wire.stop();
  });
});

describe("errors of engines say whether to try again", () => {
  const cutOff: Script = async (exchange) => {
    await exchange.startStream();
    await exchange.event({ choices: [{ index: 0, delta: { content: "Half" } }] });
    await exchange.endStream();
  };
  test.each(ROUTES)("on %s", async (route) => {
    for (const [script, retryable] of [
      [fails(503), true],
      [fails(429, undefined, { "retry-after": "5" }), true],
      [fails(400), false],
      [fails(401), false],
      [fails(404, error("The model m does not exist")), false],
      [cutOff, true],
    ] as const) {
      await withGateway([own(script)], async (wire) => {
        expect((await wire.ask(route, true)).error).toMatchObject({ retryable });
      });
    }
  });
});
