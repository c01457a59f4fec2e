import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type FakeUpstream,
  type Script,
  type SeenRequest,
  startFakeUpstream,
} from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, eventually } from "../support/test-gateway.ts";

const file = (name: string): Buffer => readFileSync(new URL(`../fixtures/audio/${name}`, import.meta.url));
const WAV = file("tone.wav");

let database: TestSupabase;
let user: TestUser;
let groq: FakeUpstream;
let cloudflare: FakeUpstream;
let gateway: ProxyGateway;
const logs: string[] = [];

const heard =
  (text = " Hello there. "): Script =>
  (exchange) =>
    exchange.json(200, {
      task: "transcribe",
      language: "English",
      duration: 1.2,
      text,
      segments: [
        {
          id: 0,
          seek: 0,
          start: 0,
          end: 1.2,
          text,
          tokens: [50364],
          temperature: 0,
          avg_logprob: -0.2,
          compression_ratio: 1.1,
          no_speech_prob: 0.01,
        },
      ],
      x_groq: { id: "req_1" },
    });
const heardAtCloudflare: Script = (exchange) =>
  exchange.json(200, {
    result: {
      text: "Hello there.",
      word_count: 2,
      transcription_info: { language: "en", duration: 1.2 },
      segments: [
        {
          start: 0,
          end: 1.2,
          text: "Hello there.",
          words: [
            { word: "Hello", start: 0, end: 0.5 },
            { word: "there.", start: 0.5, end: 1.2 },
          ],
        },
      ],
    },
    success: true,
    errors: [],
    messages: [],
  });
const fails =
  (status: number, message = "down", headers: Record<string, string> = {}): Script =>
  (exchange) =>
    exchange.json(status, { error: { message, type: "error" } }, headers);
const failsAtCloudflare =
  (status: number, code: number): Script =>
  (exchange) =>
    exchange.json(status, {
      result: null,
      success: false,
      errors: [{ code, message: "AiError: no" }],
      messages: [],
    });

/** Each gateway has benches of its own: what one test leaves benched is no matter of the next. */
async function start(settings: Record<string, string> = {}): Promise<void> {
  await gateway?.stop();
  gateway = await startProxyGateway(
    database,
    {
      GROQ_API_KEY: "groq-key-canary",
      GROQ_BASE_URL: `${groq.origin}/openai/v1`,
      CLOUDFLARE_BASE_URL: `${cloudflare.origin}/client/v4`,
      CLOUDFLARE_ACCOUNT_ID: "account-1",
      CLOUDFLARE_API_TOKEN: "token-1-canary",
      CLOUDFLARE_ACCOUNT_ID_2: "account-2",
      CLOUDFLARE_API_TOKEN_2: "token-2-canary",
      ...settings,
    },
    (line) => logs.push(line),
  );
}

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
  groq = await startFakeUpstream(heard());
  cloudflare = await startFakeUpstream(heardAtCloudflare);
}, 30_000);
beforeEach(async () => {
  groq.script = heard();
  cloudflare.script = heardAtCloudflare;
  groq.requests.length = 0;
  cloudflare.requests.length = 0;
  logs.length = 0;
  await start();
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([groq.stop(), cloudflare.stop()]);
  await database.stop();
});

function form(
  bytes: Uint8Array,
  fields: Record<string, string> = {},
  name = "voice.wav",
  type = "",
): FormData {
  const data = new FormData();
  for (const [field, value] of Object.entries(fields)) data.append(field, value);
  data.append("file", new Blob([new Uint8Array(bytes)], { type }), name);
  return data;
}

type Answer = {
  status: number;
  headers: Headers;
  json: Record<string, unknown> & { error?: Record<string, unknown> };
};

async function send(body: BodyInit, init: RequestInit = {}, credential = user.accessToken): Promise<Answer> {
  const response = await gateway.fetch(`${gateway.baseUrl}/stt`, {
    method: "POST",
    body,
    ...init,
    headers: { authorization: `Bearer ${credential}`, ...init.headers },
  });
  return {
    status: response.status,
    headers: response.headers,
    json: (await response.json()) as Answer["json"],
  };
}

/** The parts of a form as an engine received it: the texts, and of the file its head and its bytes. */
function parts({ headers, bytes }: SeenRequest): { fields: [string, string][]; head: string; sent: Buffer } {
  const [, boundary = ""] = /boundary=(\S+)/.exec(headers["content-type"] ?? "") ?? [];
  const fields: [string, string][] = [];
  let head = "";
  let sent = Buffer.alloc(0);
  for (const part of bytes.toString("latin1").split(`--${boundary}`).slice(1, -1)) {
    const [heading = "", ...rest] = part.split("\r\n\r\n");
    const value = rest.join("\r\n\r\n").slice(0, -2);
    if (heading.includes("filename=")) [head, sent] = [heading.trim(), Buffer.from(value, "latin1")];
    else fields.push([/name="([^"]*)"/.exec(heading)?.[1] ?? "", value]);
  }
  return { fields, head, sent };
}
const only = (requests: readonly SeenRequest[]): SeenRequest => {
  expect(requests).toHaveLength(1);
  return requests[0] ?? expect.fail();
};
const rowOf = async (requestId: string | null) => {
  await gateway.settled();
  return (await database.sql`select * from ai_chat_usage where id = ${requestId}`)[0];
};

describe("a recording is written down", () => {
  test("by Groq first; the answer has what its caller needs", async () => {
    const { status, json, headers } = await send(form(WAV));
    expect(status, JSON.stringify(json)).toBe(200);
    expect(json).toEqual({ ok: true, text: "Hello there.", language: "en", provider: "groq" });
    expect(headers.get("x-sarmalink-engine")).toBe("groq/whisper-large-v3-turbo");
    const request = only(groq.requests);
    expect([request.method, request.path]).toEqual(["POST", "/openai/v1/audio/transcriptions"]);
    expect(request.headers["authorization"]).toBe("Bearer groq-key-canary");
    const { fields, head, sent } = parts(request);
    expect(head).toBe(
      'Content-Disposition: form-data; name="file"; filename="audio.wav"\r\nContent-Type: audio/wav',
    );
    expect(sent.equals(WAV)).toBe(true);
    expect(fields).toEqual([
      ["model", "whisper-large-v3-turbo"],
      ["response_format", "verbose_json"],
      ["timestamp_granularities[]", "segment"],
    ]);
  });

  test("with the language and the prompt of the client, and with segments if it asks", async () => {
    const prompt = `${"x".repeat(1_000)} Sarma`;
    const { json } = await send(form(WAV, { language: "pt-BR", prompt, verbose: "true" }));
    expect(json).toEqual({
      ok: true,
      text: "Hello there.",
      language: "en",
      duration: 1.2,
      segments: [{ start: 0, end: 1.2, text: "Hello there." }],
      provider: "groq",
    });
    const sent = Object.fromEntries(parts(only(groq.requests)).fields);
    // Groq refuses a longer prompt; Whisper looks at its end.
    expect(sent).toMatchObject({ language: "pt", prompt: prompt.slice(-896) });
  });

  test.each([
    ["tone.flac", "audio.flac", "audio/flac"],
    ["tone-tagged.mp3", "audio.mp3", "audio/mpeg"],
    ["tone-bare.mp3", "audio.mp3", "audio/mpeg"],
    ["tone-mp2.mpga", "audio.mp3", "audio/mpeg"],
    ["tone.m4a", "audio.mp4", "audio/mp4"],
    ["film.mp4", "audio.mp4", "audio/mp4"],
    ["tone-fragmented.mp4", "audio.mp4", "audio/mp4"],
    ["tone-opus.ogg", "audio.ogg", "audio/ogg"],
    ["tone-vorbis.ogg", "audio.ogg", "audio/ogg"],
    ["tone.webm", "audio.webm", "audio/webm"],
    ["tone-live.webm", "audio.webm", "audio/webm"],
  ])("%s, whatever it is called, is sent as %s", async (name, sentName, type) => {
    const { status } = await send(form(file(name), {}, '../../"x".exe', "text/html"));
    expect(status).toBe(200);
    const { head, sent } = parts(only(groq.requests));
    expect(head).toContain(`filename="${sentName}"\r\nContent-Type: ${type}`);
    expect(sent.equals(file(name))).toBe(true);
  });

  test("silence is an answer", async () => {
    groq.script = heard("");
    const { status, json } = await send(form(WAV, { verbose: "1" }));
    expect({ status, json }).toEqual({
      status: 200,
      json: { ok: true, text: "", language: "en", duration: 1.2, segments: [], provider: "groq" },
    });
    expect(cloudflare.requests.length).toBe(0);
  });

  test("an answer with absurd segments is put in order", async () => {
    groq.script = (exchange) =>
      exchange.respond(
        200,
        '{"text":"ok","language":7,"duration":1e999,"segments":[{"start":-1,"end":null,"text":"a"},{"start":"x","end":1e400,"text":"b"},{"start":3,"end":1,"text":"c"},{"text":5},null]}',
      );
    const { json } = await send(form(WAV, { verbose: "on" }));
    expect(json).toEqual({
      ok: true,
      text: "ok",
      duration: 1.2,
      segments: [
        { start: 0, end: 0, text: "a" },
        { start: 0, end: 0, text: "b" },
        { start: 3, end: 3, text: "c" },
      ],
      provider: "groq",
    });
  });
});

describe("failover", () => {
  test("Groq's two models, then Cloudflare's two, each as it wants the recording", async () => {
    groq.script = fails(500);
    cloudflare.script = (exchange) =>
      exchange.request.path.endsWith("turbo")
        ? failsAtCloudflare(500, 1000)(exchange)
        : heardAtCloudflare(exchange);
    const { status, json, headers } = await send(form(WAV, { language: "en", prompt: "Sarma" }));
    expect(status, JSON.stringify(json)).toBe(200);
    expect(json).toMatchObject({ text: "Hello there.", provider: "cloudflare" });
    expect(headers.get("x-sarmalink-engine")).toBe("cloudflare/@cf/openai/whisper");
    expect(headers.get("x-sarmalink-dropped")).toBe("language, prompt");
    expect(groq.requests.map((request) => parts(request).fields[0]?.[1])).toEqual([
      "whisper-large-v3-turbo",
      "whisper-large-v3",
    ]);
    const [turbo, small] = [cloudflare.requests[0], cloudflare.requests.at(-1)];
    expect(turbo?.path).toMatch(
      /^\/client\/v4\/accounts\/account-[12]\/ai\/run\/@cf\/openai\/whisper-large-v3-turbo$/,
    );
    expect(turbo?.json).toEqual({
      audio: WAV.toString("base64"),
      task: "transcribe",
      language: "en",
      initial_prompt: "Sarma",
    });
    expect(small?.path).toMatch(/\/ai\/run\/@cf\/openai\/whisper$/);
    expect(small?.headers["content-type"]).toBe("application/octet-stream");
    expect(small?.bytes.equals(WAV)).toBe(true);
  });

  test("an account without allowance rests, and the next request starts with the other", async () => {
    await start({ GROQ_API_KEY: "" });
    let spent = "";
    cloudflare.script = (exchange) => {
      const account = /accounts\/([^/]+)/.exec(exchange.request.path)?.[1] ?? "";
      spent ||= account;
      return account === spent ? failsAtCloudflare(429, 3036)(exchange) : heardAtCloudflare(exchange);
    };
    for (let round = 0; round < 3; round++) expect((await send(form(WAV))).json).toMatchObject({ ok: true });
    const accounts = cloudflare.requests.map(({ path }) => /accounts\/([^/]+)/.exec(path)?.[1]);
    expect(accounts.filter((account) => account === spent)).toHaveLength(1);
    expect(accounts).toHaveLength(4);
    const token = spent === "account-1" ? "token-1-canary" : "token-2-canary";
    expect(cloudflare.requests[0]?.headers["authorization"]).toBe(`Bearer ${token}`);
  });

  test("a provider that takes no file of this size is passed over; if none does, it is the client's 413", async () => {
    groq.script = (exchange) =>
      exchange.respond(413, "<html>413 Request Entity Too Large</html>", { "content-type": "text/html" });
    expect((await send(form(WAV))).json).toMatchObject({ provider: "cloudflare" });
    cloudflare.script = failsAtCloudflare(413, 3006);
    const { status, json } = await send(form(WAV));
    expect(status).toBe(413);
    expect(json.error).toMatchObject({ code: "payload_too_large" });
  });

  test("Groq's limits of audio seconds are waited for as its headers say", async () => {
    const message =
      "Rate limit reached for model `whisper-large-v3-turbo` in organization `org_1` service tier `on_demand` on seconds of audio per hour (ASPH): Limit 7200, Used 7166, Requested 60.";
    groq.script = fails(429, message, {
      "x-ratelimit-remaining-audio-seconds": "0",
      "x-ratelimit-reset-audio-seconds": "1m30s",
      "x-ratelimit-remaining-requests": "1999",
      "x-ratelimit-reset-requests": "43.2s",
    });
    await start({
      CLOUDFLARE_ACCOUNT_ID: "",
      CLOUDFLARE_API_TOKEN: "",
      CLOUDFLARE_ACCOUNT_ID_2: "",
      CLOUDFLARE_API_TOKEN_2: "",
    });
    const { status, headers } = await send(form(WAV));
    expect(status).toBe(503);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(80);
    expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(90);
    expect(groq.requests).toHaveLength(2);
  });

  test("an answer without a text is none", async () => {
    groq.script = (exchange) => exchange.json(200, { task: "transcribe", segments: [] });
    cloudflare.script = (exchange) => exchange.json(200, { result: { words: [] }, success: true });
    expect((await send(form(WAV))).status).toBe(503);
  });

  test("a client that leaves is followed to the engine", async () => {
    groq.script = () => undefined;
    const client = new AbortController();
    const answer = send(form(WAV), { signal: client.signal });
    await eventually("the engine is called", () => groq.requests.length === 1);
    client.abort();
    await answer.catch(() => undefined);
    await eventually("the engine is left", () => groq.requests[0]?.closedAt !== undefined);
    expect(cloudflare.requests.length).toBe(0);
  });
});

test("what an administrator has switched off is not asked", async () => {
  await start({ ADMIN_USER_IDS: user.userId });
  const off = async (target: object): Promise<void> => {
    const response = await gateway.fetch(new URL("/api/admin/overrides", gateway.baseUrl), {
      method: "PUT",
      headers: { authorization: `Bearer ${user.accessToken}`, "content-type": "application/json" },
      body: JSON.stringify({ kind: "off", ...target }),
    });
    expect(response.status, await response.text()).toBe(201);
  };
  await off({ engine: "groq/whisper-large-v3-turbo" });
  expect((await send(form(WAV))).headers.get("x-sarmalink-engine")).toBe("groq/whisper-large-v3");
  await off({ provider: "groq" });
  expect((await send(form(WAV))).json).toMatchObject({ provider: "cloudflare" });
  await off({ provider: "cloudflare" });
  const { status, json } = await send(form(WAV));
  expect(status).toBe(404);
  expect(json.error?.["message"]).toBe(
    "An administrator has switched off the engines of this gateway that transcribe.",
  );
  await database.sql`delete from ai_overrides`;
});

describe("what is refused before any engine is called", () => {
  const two = (): FormData => {
    const data = form(WAV);
    data.append("other", new Blob(["x"]), "other.wav");
    return data;
  };
  const without = (fields: Record<string, string>): FormData => {
    const data = new FormData();
    for (const [name, value] of Object.entries(fields)) data.append(name, value);
    return data;
  };
  const named = (field: string): FormData => {
    const data = new FormData();
    data.append(field, new Blob([new Uint8Array(WAV)]), "voice.wav");
    return data;
  };

  test.each<[string, () => BodyInit, number, RegExp]>([
    ["no file", () => without({ language: "en" }), 400, /"file": is required/],
    ["a file in another field", () => named("audio"), 400, /"file": is required/],
    ["base64 in place of the file", () => without({ file: WAV.toString("base64") }), 400, /not as base64/],
    ["two files", two, 400, /more than one file/],
    ["an empty file", () => form(Buffer.alloc(0)), 400, /is empty/],
    [
      "a PDF that claims to be a recording",
      () => form(Buffer.from("%PDF-1.7\n%%EOF".padEnd(300)), {}, "a.mp3", "audio/mpeg"),
      415,
      /\(application\/pdf\) is not a recording.*Send FLAC, MP3/,
    ],
    [
      "a text that claims to be one",
      () => form(Buffer.from("Hello."), {}, "a.wav", "audio/wav"),
      415,
      /The file is not a recording/,
    ],
    ["AAC without a container", () => form(file("tone.aac")), 415, /audio\/aac/],
    ["Matroska", () => form(file("tone.mka")), 415, /matroska/],
    ["a film without sound", () => form(file("film-silent.mp4")), 400, /holds no sound/],
    [
      "a language that nobody speaks",
      () => form(WAV, { language: "klingon" }),
      400,
      /"language": is not a language/,
    ],
    ["a word for verbose", () => form(WAV, { verbose: "perhaps" }), 400, /"verbose"/],
    [
      "two languages",
      () => {
        const data = form(WAV, { language: "en" });
        data.append("language", "de");
        return data;
      },
      400,
      /"language": is given more than once/,
    ],
    ["too long a prompt", () => form(WAV, { prompt: "x".repeat(10_001) }), 400, /"prompt"/],
    [
      "too large a file",
      () => form(Buffer.concat([WAV, Buffer.alloc(25 * 1024 * 1024)])),
      413,
      /at most 25 MB/,
    ],
  ])("%s", async (_what, body, status, message) => {
    const answer = await send(body());
    expect(answer.status, JSON.stringify(answer.json)).toBe(status);
    expect(answer.json.error?.["message"]).toMatch(message);
    expect([groq.requests.length, cloudflare.requests.length]).toEqual([0, 0]);
  });

  test("a choice that was not made, as browsers send it", async () => {
    const body =
      '--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--x--\r\n';
    const answer = await send(body, { headers: { "content-type": "multipart/form-data; boundary=x" } });
    expect(answer.status).toBe(400);
    expect(answer.json.error?.["message"]).toMatch(/"file": is required/);
  });

  test.each([
    ["application/json", '{"file":"abc"}'],
    ["audio/wav", "RIFF"],
  ])("a body of %s: 415", async (type, body) => {
    const { status, json } = await send(body, { headers: { "content-type": type } });
    expect(status).toBe(415);
    expect(json.error?.["message"]).toContain("multipart/form-data");
  });

  test("a body over 25 MB is refused while it comes", async () => {
    const host = await gateway.overHttp();
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1_000_000;
        controller.enqueue(new Uint8Array(1_000_000));
        if (sent > 60_000_000) controller.close();
      },
    });
    const init = {
      method: "POST",
      body: endless,
      duplex: "half",
      headers: {
        authorization: `Bearer ${user.accessToken}`,
        "content-type": "multipart/form-data; boundary=x",
      },
    };
    const response = await fetch(`${host.url}/api/v1/stt`, init).catch(() => undefined);
    // The refusal may come while the client is still sending, which then cannot read it.
    if (response !== undefined) expect(response.status).toBe(413);
    expect(sent).toBeLessThan(60_000_000);
  });

  test("without an engine that transcribes, the variables are named", async () => {
    await start({
      GROQ_API_KEY: "",
      CLOUDFLARE_ACCOUNT_ID: "",
      CLOUDFLARE_API_TOKEN: "",
      CLOUDFLARE_ACCOUNT_ID_2: "",
      CLOUDFLARE_API_TOKEN_2: "",
    });
    const { status, json } = await send(form(WAV));
    expect(status).toBe(404);
    expect(json.error).toMatchObject({
      code: "no_engine_configured",
      message: expect.stringMatching(/GROQ_API_KEY, or CLOUDFLARE_ACCOUNT_ID with CLOUDFLARE_API_TOKEN/),
    });
  });
});

describe("the ledger", () => {
  test("has a row with the engine and, where it is billed, the cost of what was heard", async () => {
    await start({ PAID_PROVIDERS: "groq,cloudflare" });
    const key = await createKey(database, user.userId);
    const { headers } = await send(form(WAV), {}, key);
    const row = await rowOf(headers.get("x-request-id"));
    expect(row).toMatchObject({
      status: "completed",
      tier: "transcription",
      usage_source: "estimated",
      user_id: user.userId,
    });
    // Groq bills ten seconds at least.
    expect(Number(row?.["cost_usd"])).toBeCloseTo((10 / 60) * 0.000667, 8);
    groq.script = fails(500);
    const other = await rowOf((await send(form(WAV), {}, key)).headers.get("x-request-id"));
    expect(Number(other?.["cost_usd"])).toBeCloseTo((1.2 / 60) * 0.00051, 8);
  });

  test("says so of a call that failed", async () => {
    groq.script = fails(401, "Invalid API Key");
    cloudflare.script = failsAtCloudflare(401, 10000);
    const { status, headers } = await send(form(WAV));
    expect(status).toBe(503);
    expect(await rowOf(headers.get("x-request-id"))).toMatchObject({
      status: "failed",
      tier: "transcription",
    });
  });

  test("and the limits of keys apply", async () => {
    await start({ PAID_PROVIDERS: "groq,cloudflare" });
    const one = await createKey(database, user.userId, { requestsPerMinute: 1 });
    expect((await send(form(WAV), {}, one)).status).toBe(200);
    expect((await send(form(WAV), {}, one)).json.error).toMatchObject({ code: "rate_limited" });
    const poor = await createKey(database, user.userId, { usdPerMonth: 0.0001 });
    expect((await send(form(WAV), {}, poor)).status).toBe(200);
    await gateway.settled();
    expect((await send(form(WAV), {}, poor)).json.error).toMatchObject({ code: "budget_exceeded" });
    const chats = await createKey(database, user.userId, { modes: ["fast"] });
    expect((await send(form(WAV), {}, chats)).json.error).toMatchObject({ code: "forbidden" });
    expect(groq.requests).toHaveLength(2);
  });

  test("neither keys nor what is said stand in a log", async () => {
    groq.script = fails(500, "Key groq-key-canary: it heard a spoken canary");
    cloudflare.script = failsAtCloudflare(500, 1000);
    await send(form(WAV, { prompt: "prompt-canary" }));
    await gateway.settled();
    expect(logs.join("\n")).not.toMatch(/groq-key-canary|token-.-canary|prompt-canary/);
  });
});
