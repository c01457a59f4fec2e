import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { field, isJsonObject } from "#lib/shared/json.ts";
import {
  type Exchange,
  type FakeUpstream,
  type Script,
  startFakeUpstream,
} from "../support/fake-upstream.ts";
import { maxJump, mp3, pcm, rms, strictWav, tone, utterance, wav } from "../support/sound.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  aHost,
  createKey,
  eventually,
  type Settings,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

let database: TestSupabase;
let cloudflare: FakeUpstream;
let gemini: FakeUpstream;
let user: TestUser;
const open: TestGateway[] = [];

const HELLO = { text: "Hello there.", language: "en" };

/** MeloTTS: WAV in base64, in Cloudflare's envelope. */
const melo = (audio: Uint8Array): Script => {
  const result = { audio: Buffer.from(audio).toString("base64") };
  return (exchange) => exchange.json(200, { result, success: true, errors: [], messages: [] });
};
const refuses = (status: number, code: number, message: string): Script => {
  return (exchange) =>
    exchange.json(status, { result: null, success: false, errors: [{ code, message }], messages: [] });
};
const outOfQuota = refuses(
  429,
  3036,
  "AiError: you have used up your daily free allocation of 10,000 neurons",
);
const outOfCapacity = refuses(429, 3040, "AiError: no more data centers to forward the request to");

const geminiSays = (audio: Uint8Array, mimeType: string, more: object = {}): Script => {
  const inlineData = { mimeType, data: Buffer.from(audio).toString("base64") };
  return (exchange) =>
    exchange.json(200, {
      candidates: [{ content: { role: "model", parts: [{ inlineData }] }, finishReason: "STOP", ...more }],
      usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 25, totalTokenCount: 29 },
    });
};

const SPOKEN = wav(utterance(1, 44_100), { rate: 44_100 });
const PLAYED = pcm(utterance(1));

beforeAll(async () => {
  database = await startTestSupabase();
  cloudflare = await startFakeUpstream(melo(SPOKEN));
  gemini = await startFakeUpstream(geminiSays(PLAYED, "audio/L16;codec=pcm;rate=24000"));
}, 30_000);
beforeEach(async () => {
  user = await database.signUp();
  cloudflare.script = melo(SPOKEN);
  gemini.script = geminiSays(PLAYED, "audio/L16;codec=pcm;rate=24000");
  cloudflare.requests.length = 0;
  gemini.requests.length = 0;
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});
afterAll(async () => {
  await Promise.all([cloudflare.stop(), gemini.stop()]);
  await database.stop();
});

const pair = (number: number): Settings => {
  const suffix = number === 1 ? "" : `_${number}`;
  return {
    [`CLOUDFLARE_ACCOUNT_ID${suffix}`]: `account-${number}`,
    [`CLOUDFLARE_API_TOKEN${suffix}`]: `token-of-${number}`,
  };
};

async function start(settings: Settings = {}, log?: (line: string) => void): Promise<TestGateway> {
  const made = await startTestGateway({
    database,
    settings: {
      ...pair(1),
      CLOUDFLARE_BASE_URL: `${cloudflare.origin}/client/v4`,
      GOOGLE_GEMINI_API_KEY: "a-key-of-gemini",
      GOOGLE_GEMINI_BASE_URL: gemini.origin,
      ...settings,
    },
    ...(log === undefined ? {} : { log }),
  });
  open.push(made);
  return made;
}

type Answer = { status: number; headers: Headers; bytes: Buffer; body: unknown };

async function speak(
  via: TestGateway,
  body: unknown,
  init: { credential?: string; signal?: AbortSignal } = {},
): Promise<Answer> {
  const { credential = user.accessToken, signal } = init;
  const works: Promise<void>[] = [];
  const request = new Request("http://gateway.test/api/v1/tts", {
    method: "POST",
    body: JSON.stringify(body),
    headers: {
      "content-type": "application/json",
      ...(credential && { authorization: `Bearer ${credential}` }),
    },
    ...(signal === undefined ? {} : { signal }),
  });
  const host = aHost({ waitUntil: (work) => void works.push(work) });
  const response = await apiRouter(async () => via.gateway)("/api/v1/tts")(request, host);
  const bytes = Buffer.from(await response.arrayBuffer());
  await Promise.all(works);
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    body: isJson ? JSON.parse(bytes.toString()) : undefined,
  };
}

const rows = () => database.sql`
  select tier, status, backend, model, cost_usd::float, prompt_tokens::int, completion_tokens::int
  from public.ai_chat_usage where user_id = ${user.userId} order by created_at`;

const sent = (upstream: FakeUpstream) => upstream.requests.map(({ json }) => json);

describe("a text becomes a file of sound", () => {
  test("of MeloTTS, with headers that say what it is and who spoke", async () => {
    const { status, headers, bytes } = await speak(await start(), HELLO);
    expect(status).toBe(200);
    const shown = [
      "content-type",
      "x-provider",
      "x-sarmalink-engine",
      "cache-control",
      "content-disposition",
    ];
    expect(shown.map((name) => headers.get(name))).toEqual([
      "audio/wav",
      "cloudflare",
      "cloudflare/@cf/myshell-ai/melotts",
      "no-store",
      'inline; filename="speech.wav"',
    ]);
    const { rate, samples } = strictWav(bytes);
    expect([rate, samples.length / rate]).toEqual([44_100, 1.4]);
    expect(cloudflare.requests[0]?.path).toBe("/client/v4/accounts/account-1/ai/run/@cf/myshell-ai/melotts");
    expect(cloudflare.requests[0]?.headers["authorization"]).toBe("Bearer token-of-1");
  });

  test.each([
    ["en", "en"],
    ["EN", "en"],
    ["en-US", "en"],
    ["es", "es"],
    ["fr", "fr"],
    ["zh", "zh"],
    ["ja", "ja"],
    ["jp", "ja"],
    ["JP", "ja"],
    ["ko", "ko"],
    ["kr", "ko"],
    ["KR", "ko"],
  ])("the language %s is sent as %s", async (language, code) => {
    const { status } = await speak(await start(), { text: "Hola 你好.", language });
    expect([status, sent(cloudflare)]).toEqual([200, [{ prompt: "Hola 你好.", lang: code }]]);
  });

  test.each<[string, Script]>([
    ["bytes instead of JSON", (exchange) => exchange.respond(200, SPOKEN, { "content-type": "audio/mpeg" })],
    [
      "bytes with a type that is none",
      (exchange) => exchange.respond(200, SPOKEN, { "content-type": "application/octet-stream" }),
    ],
  ])("MeloTTS may answer %s", async (_, script) => {
    cloudflare.script = script;
    const { headers, bytes } = await speak(await start(), HELLO);
    expect(headers.get("content-type")).toBe("audio/wav");
    expect(strictWav(bytes).rate).toBe(44_100);
  });

  test("an MP3 file is passed on as what it is", async () => {
    cloudflare.script = melo(mp3(40, { tag: true, info: true }));
    const { headers, bytes } = await speak(await start(), HELLO);
    expect([headers.get("content-type"), headers.get("content-disposition")]).toEqual([
      "audio/mpeg",
      'inline; filename="speech.mp3"',
    ]);
    expect(bytes.equals(mp3(40))).toBe(true);
  });

  test.each<[string, Uint8Array, string]>([
    ["bare samples get a head", PLAYED, "audio/L16;codec=pcm;rate=24000"],
    ["a finished file gets no second one", wav(utterance(1)), "audio/wav"],
    ["a finished file that is called samples gets none either", wav(utterance(1)), "audio/L16;rate=24000"],
  ])("of Gemini: %s", async (_, audio, mimeType) => {
    gemini.script = geminiSays(audio, mimeType);
    const { headers, bytes } = await speak(
      await start({ ...pair(1), CLOUDFLARE_ACCOUNT_ID: "", CLOUDFLARE_API_TOKEN: "" }),
      {
        ...HELLO,
        voice: "puck",
      },
    );
    expect([headers.get("x-provider"), strictWav(bytes).samples.length]).toEqual([
      "gemini-grounded",
      24_000 * 1.4,
    ]);
    expect(gemini.requests[0]?.path).toBe("/v1beta/models/gemini-3.8-flash-lite-tts:generateContent");
    expect(sent(gemini)).toEqual([
      {
        contents: [{ role: "user", parts: [{ text: HELLO.text }] }],
        generationConfig: {
          responseModalities: ["AUDIO"],
          speechConfig: {
            voiceConfig: { prebuiltVoiceConfig: { voiceName: "Puck" } },
            languageCode: "en-US",
          },
        },
      },
    ]);
  });

  test("a voice of Gemini's is asked of Gemini first, one of OpenAI's of nobody", async () => {
    const own = await start();
    const providers = [];
    for (const voice of ["Kore", "kore", "alloy", null]) {
      const { headers } = await speak(own, { ...HELLO, voice });
      providers.push([headers.get("x-provider"), headers.get("x-sarmalink-dropped")]);
    }
    expect(providers).toEqual([
      ["gemini-grounded", null],
      ["gemini-grounded", null],
      ["cloudflare", "voice"],
      ["cloudflare", null],
    ]);
  });
});

/** Whose account it was. */
const accounts = (): (string | undefined)[] =>
  cloudflare.requests.map(({ path }) => /accounts\/(account-\d)/.exec(path)?.[1]);

describe("keys and engines follow one another", () => {
  test("a pair that has used up its day and one without capacity are passed over, now and next time", async () => {
    const own = await start({ ...pair(1), ...pair(2), ...pair(3) });
    // Keys are begun with at random: which two fail, the first calls decide.
    const failing: (readonly [string, Script])[] = [];
    cloudflare.script = (exchange) => {
      const account = /accounts\/(account-\d)/.exec(exchange.request.path)?.[1] ?? "";
      const known = failing.find(([name]) => name === account);
      if (known !== undefined) return known[1](exchange);
      if (failing.length === 2) return melo(SPOKEN)(exchange);
      const script = failing.length === 0 ? outOfQuota : outOfCapacity;
      failing.push([account, script]);
      return script(exchange);
    };
    const first = await speak(own, HELLO);
    expect([
      first.status,
      first.headers.get("x-provider"),
      first.headers.get("x-sarmalink-attempts"),
    ]).toEqual([200, "cloudflare", "3"]);
    expect(new Set(accounts()).size).toBe(3);
    const third = accounts()[2];
    cloudflare.requests.length = 0;
    for (let count = 0; count < 5; count++) await speak(own, HELLO);
    expect(accounts()).toEqual(Array.from({ length: 5 }, () => third));
  });

  test.each<[string, Script]>([
    ["is out of quota", outOfQuota],
    ["does not take the language", refuses(400, 8002, "AiError: Invalid input")],
    ["has no such model", refuses(404, 3042, "AiError: no such model")],
    ["breaks off", (exchange) => exchange.reset()],
    [
      "is down",
      (exchange) => exchange.json(500, { success: false, errors: [{ code: 7000, message: "down" }] }),
    ],
    [
      "answers a web page",
      (exchange) => exchange.respond(200, "<html>Hi</html>", { "content-type": "text/html" }),
    ],
    [
      "answers a web page as sound",
      (exchange) => exchange.respond(200, "<html>Hi</html>", { "content-type": "audio/wav" }),
    ],
    ["answers nothing", (exchange) => exchange.respond(200, "", { "content-type": "audio/wav" })],
    ["answers no sound", melo(Buffer.alloc(0))],
    [
      "answers no base64",
      (exchange) => exchange.json(200, { success: true, result: { audio: "*** no ***" } }),
    ],
    [
      "answers something else",
      (exchange) => exchange.json(200, { success: true, result: { image: "AAAA" } }),
    ],
    [
      "says that it failed with status 200",
      (exchange) => exchange.json(200, { success: false, errors: [{ code: 3040, message: "no capacity" }] }),
    ],
    ["answers a file that is cut", melo(SPOKEN.subarray(0, 50_000))],
    ["answers silence", melo(wav(new Float64Array(24_000)))],
    [
      "answers a head without samples",
      melo(wav(new Float64Array(0), { riffLength: 0xffffffff, dataLength: 0xffffffff })),
    ],
  ])("Gemini speaks if Cloudflare %s", async (_, script) => {
    cloudflare.script = script;
    const { status, headers, bytes } = await speak(await start(), HELLO);
    expect([status, headers.get("x-provider")]).toEqual([200, "gemini-grounded"]);
    expect(rms(strictWav(bytes).samples)).toBeGreaterThan(1_000);
  });

  test.each<[string, Script]>([
    [
      "its newest model is gone",
      (exchange) =>
        exchange.json(404, {
          error: { code: 404, message: "models/gemini-3.8-flash-lite-tts is not found", status: "NOT_FOUND" },
        }),
    ],
    ["it stopped in the middle", geminiSays(PLAYED, "audio/L16;rate=24000", { finishReason: "MAX_TOKENS" })],
    [
      "it wrote text",
      (exchange) =>
        exchange.json(200, {
          candidates: [{ content: { parts: [{ text: "Hello" }] }, finishReason: "STOP" }],
        }),
    ],
    ["it gave no reason", (exchange) => exchange.json(200, { candidates: [{ finishReason: "OTHER" }] })],
  ])("Gemini's older model speaks if %s", async (_, script) => {
    const older = gemini.script;
    gemini.script = (exchange) =>
      exchange.request.path.includes("3.8") ? script(exchange) : older(exchange);
    cloudflare.script = outOfQuota;
    const { status, headers } = await speak(await start(), HELLO);
    expect([status, headers.get("x-sarmalink-engine")]).toEqual([
      200,
      "gemini-grounded/gemini-2.5-flash-preview-tts",
    ]);
  });

  test("a text that Gemini declines is refused, with its reason", async () => {
    cloudflare.script = outOfQuota;
    gemini.script = (exchange) =>
      exchange.json(200, { promptFeedback: { blockReason: "PROHIBITED_CONTENT" } });
    const { status, body } = await speak(await start(), HELLO);
    expect([status, field(field(body, "error"), "code")]).toEqual([400, "content_policy"]);
  });

  test("nobody is left", async () => {
    cloudflare.script = outOfQuota;
    gemini.script = (exchange) =>
      exchange.json(503, { error: { code: 503, message: "overloaded", status: "UNAVAILABLE" } });
    const { status, headers, body } = await speak(await start(), HELLO);
    expect([status, field(field(body, "error"), "code")]).toEqual([503, "engines_unavailable"]);
    expect(headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await rows()).toMatchObject([{ tier: "speech", status: "failed" }]);
  });

  test("nobody is configured: the answer names the variables", async () => {
    const bare = await start({
      CLOUDFLARE_ACCOUNT_ID: "",
      CLOUDFLARE_API_TOKEN: "",
      GOOGLE_GEMINI_API_KEY: "",
    });
    const { status, body } = await speak(bare, HELLO);
    expect([status, field(field(body, "error"), "code")]).toEqual([404, "no_engine_configured"]);
    expect(field(field(body, "error"), "message")).toMatch(/CLOUDFLARE_API_TOKEN.*GOOGLE_GEMINI_API_KEY/);
  });
});

/** Sentences of about 70 bytes each, numbered. */
const LONG = Array.from(
  { length: 40 },
  (_, index) => `This is sentence number ${index}, which says nothing of any weight.`,
).join(" ");

describe("a long text", () => {
  test("is spoken in parts, a few at a time, and joined without a click", async () => {
    let most = 0;
    // Each part ends in the middle of a wave, and they come in another order.
    const part = melo(wav(tone(0.5, { hertz: 300 }).subarray(7, -9)));
    cloudflare.script = async (exchange: Exchange) => {
      most = Math.max(most, cloudflare.inFlight);
      await new Promise((resolve) => setTimeout(resolve, cloudflare.requests.length % 2 === 0 ? 30 : 5));
      await part(exchange);
    };
    const { status, bytes } = await speak(await start(), { text: LONG, language: "en" });
    expect(status).toBe(200);
    const prompts = sent(cloudflare).map((body) => String(field(body, "prompt")));
    expect(prompts.length).toBeGreaterThan(2);
    expect([...prompts].sort((a, b) => LONG.indexOf(a) - LONG.indexOf(b)).join(" ")).toBe(LONG);
    for (const prompt of prompts) expect(Buffer.byteLength(prompt)).toBeLessThanOrEqual(1_000);
    expect(most).toBeLessThanOrEqual(4);
    const { rate, samples } = strictWav(bytes);
    const step = Math.ceil((2 * Math.PI * 300 * 0.5 * 32_767) / rate) + 1;
    // From the second sample on: the very first begins in a wave by itself.
    expect(maxJump(samples, 1, samples.length - 1)).toBeLessThanOrEqual(step);
    const seconds = prompts.length * ((12_000 - 16) / rate) + (prompts.length - 1) * 0.3;
    expect(samples.length / rate).toBeCloseTo(seconds, 2);
  });

  test("that one part of fails is spoken by the next engine from the beginning; the other calls are ended", async () => {
    let count = 0;
    cloudflare.script = (exchange) => (++count === 2 ? outOfCapacity(exchange) : undefined);
    const { status, headers } = await speak(await start(), { text: LONG, language: "en" });
    expect([status, headers.get("x-provider")]).toEqual([200, "gemini-grounded"]);
    await eventually("all calls are over", () => cloudflare.inFlight === 0);
    expect(cloudflare.requests.length).toBeLessThanOrEqual(4);
  });

  test("of a client that leaves is spoken no further: every call is ended", async () => {
    cloudflare.script = () => undefined;
    const client = new AbortController();
    const answer = speak(await start(), { text: LONG, language: "en" }, { signal: client.signal });
    await eventually("some parts are asked for", () => cloudflare.inFlight >= 3);
    client.abort();
    expect((await answer).status).toBe(499);
    await eventually("all are ended", () => cloudflare.inFlight === 0);
    expect(gemini.requests).toEqual([]);
    expect(await rows()).toMatchObject([{ tier: "speech", status: "cancelled" }]);
  });

  test("may come as MP3 files", async () => {
    cloudflare.script = melo(mp3(10, { tag: true, info: true }));
    const { headers, bytes } = await speak(await start(), { text: LONG, language: "en" });
    expect(headers.get("content-type")).toBe("audio/mpeg");
    expect(bytes.equals(mp3(10 * cloudflare.requests.length))).toBe(true);
  });
});

describe("who may ask, and who pays", () => {
  test("a row of its own, free unless the operator says that the provider bills", async () => {
    await speak(await start(), HELLO);
    await speak(await start({ PAID_PROVIDERS: "cloudflare" }), HELLO);
    const stored = await rows();
    expect(stored).toMatchObject([
      { tier: "speech", status: "completed", backend: "cloudflare", cost_usd: 0 },
      { tier: "speech", status: "completed", backend: "cloudflare" },
    ]);
    // 1.4 seconds at 0.0002 USD a minute.
    expect(stored[1]?.["cost_usd"]).toBeCloseTo((1.4 / 60) * 0.0002, 9);
    const used = await database.sql`select used from public.ai_quota_counters where user_id = ${user.userId}`;
    expect(used).toEqual([]);
  });

  test("the limits of a key hold", async () => {
    const own = await start({ PAID_PROVIDERS: "cloudflare,gemini-grounded" });
    const once = await createKey(database, user.userId, { requestsPerMinute: 1 });
    const statuses = [];
    for (let count = 0; count < 2; count++)
      statuses.push((await speak(own, HELLO, { credential: once })).status);
    const poor = await createKey(database, user.userId, { usdPerMonth: 0.000001 });
    // The first one spends what there is.
    for (let count = 0; count < 2; count++)
      statuses.push((await speak(own, HELLO, { credential: poor })).status);
    const narrow = await createKey(database, user.userId, { modes: ["coder"] });
    statuses.push((await speak(own, HELLO, { credential: narrow })).status);
    const named = await createKey(database, user.userId, { modes: ["named"] });
    statuses.push((await speak(own, HELLO, { credential: named })).status);
    expect(statuses).toEqual([200, 429, 200, 429, 403, 200]);
    expect(cloudflare.requests).toHaveLength(3);
  });

  test("nobody without a credential", async () => {
    const own = await start();
    for (const credential of ["", "garbage"])
      expect((await speak(own, HELLO, { credential })).status).toBe(401);
    expect(cloudflare.requests).toEqual([]);
  });

  test("an administrator can switch engines off", async () => {
    const own = await start({ ADMIN_USER_IDS: user.userId });
    const turnOff = async (provider: string): Promise<number> => {
      const request = new Request("http://gateway.test/api/admin/overrides", {
        method: "PUT",
        body: JSON.stringify({ kind: "off", provider }),
        headers: { "content-type": "application/json", authorization: `Bearer ${user.accessToken}` },
      });
      return (await apiRouter(async () => own.gateway)("/api/admin/overrides")(request, aHost())).status;
    };
    expect(await turnOff("cloudflare")).toBeLessThan(300);
    expect((await speak(own, HELLO)).headers.get("x-provider")).toBe("gemini-grounded");
    expect(await turnOff("gemini-grounded")).toBeLessThan(300);
    const { status, body } = await speak(own, HELLO);
    expect([status, field(field(body, "error"), "message")]).toEqual([
      404,
      "An administrator has switched off the engines of this gateway that speak.",
    ]);
    await database.sql`delete from public.ai_overrides`;
  });

  test("no token and no account is in what is answered or logged", async () => {
    const lines: string[] = [];
    const canary = "token-canary-7d1f";
    cloudflare.script = (exchange) =>
      exchange.json(403, {
        success: false,
        errors: [{ code: 10000, message: `Authentication error for ${canary} of account-1` }],
      });
    gemini.script = (exchange) =>
      exchange.json(400, {
        error: { code: 400, message: `bad key a-key-of-gemini`, status: "INVALID_ARGUMENT" },
      });
    const own = await start({ CLOUDFLARE_API_TOKEN: canary }, (line) => lines.push(line));
    const { bytes } = await speak(own, HELLO);
    const told = bytes.toString() + lines.join("\n");
    expect(told).not.toMatch(/canary|a-key-of-gemini/);
    expect(lines.length).toBeGreaterThan(0);
  });
});

describe("what is no text to speak is refused before any call", () => {
  test.each<[string, unknown, RegExp]>([
    ["nothing", {}, /"text"/],
    ["no language", { text: "Hi" }, /"language"/],
    ["an empty text", { text: "", language: "en" }, /"text"/],
    ["a blank text", { text: " \n\t\u3000", language: "en" }, /"text".*words/],
    ["emoji alone", { text: "🎉🎉🎉", language: "en" }, /"text".*words/],
    ["characters that nobody sees", { text: "\u200b\u2060", language: "en" }, /"text".*words/],
    ["a NUL character", { text: "Hi\0there", language: "en" }, /"text".*NUL/],
    ["4,001 characters", { text: "x".repeat(4_001), language: "en" }, /"text".*4000/],
    ["a text that is none", { text: 7, language: "en" }, /"text"/],
    [
      "a language that is not spoken",
      { text: "Hallo", language: "de" },
      /"language".*en, es, fr, zh, ja, ko/,
    ],
    ["a language named like a property", { text: "Hi", language: "constructor" }, /"language"/],
    ["a voice that nobody has", { ...HELLO, voice: "Darth" }, /"voice".*alloy.*Kore/],
    ["a list", [HELLO], /body/],
  ])("%s", async (_, body, says) => {
    const { status, body: answer } = await speak(await start(), body);
    const error = field(answer, "error");
    expect([status, isJsonObject(error) && error["code"]]).toEqual([400, "invalid_request"]);
    expect(field(error, "message")).toMatch(says);
    expect([...cloudflare.requests, ...gemini.requests]).toEqual([]);
  });

  test("4,000 characters are spoken", async () => {
    const text = `${"word ".repeat(799)}words`;
    expect(text).toHaveLength(4_000);
    expect((await speak(await start(), { text, language: "en" })).status).toBe(200);
  });
});
