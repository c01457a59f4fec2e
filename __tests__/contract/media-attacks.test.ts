import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { field, stringField } from "#lib/shared/json.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { png } from "../support/images.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { type S3Server, startS3Server, TEST_SECRET_KEY } from "../support/s3-server.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";

const WAV = readFileSync(new URL("../fixtures/audio/tone.wav", import.meta.url));
const IMAGE = png(64, 48);
const IMAGE_BASE64 = IMAGE.toString("base64");
/** Not shaped like keys, so that only knowing them can hide them. */
const CANARIES = {
  CLOUDFLARE_ACCOUNT_ID: "canary.account.zzzzzzzz",
  CLOUDFLARE_API_TOKEN: "canary.token.zzzzzzzz",
  GROQ_API_KEY: "canary.groq.zzzzzzzz",
  GEMINI_API_KEY: "canary.gemini.zzzzzzzz",
  OPENAI_API_KEY: "canary.openai.zzzzzzzz",
};

let database: TestSupabase;
let upstream: FakeUpstream;
let storage: S3Server;
let user: TestUser;
let proxy: ProxyGateway;
const log: string[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream((exchange) => exchange.json(500, {}));
  storage = await startS3Server();
  user = await database.signUp();
}, 60_000);
beforeEach(async () => {
  upstream.requests.length = 0;
  log.length = 0;
  const settings = {
    ...CANARIES,
    ...storage.settings,
    CLOUDFLARE_BASE_URL: `${upstream.origin}/client/v4`,
    GROQ_BASE_URL: `${upstream.origin}/groq/v1`,
    GEMINI_BASE_URL: `${upstream.origin}/gemini`,
    OPENAI_BASE_URL: `${upstream.origin}/openai/v1`,
  };
  // New benches for every test.
  proxy = await startProxyGateway(database, settings, (line) => log.push(line));
});
afterEach(() => proxy.stop());
afterAll(async () => {
  await Promise.all([upstream.stop(), storage.stop()]);
  await database.stop();
});

type Answer = { status: number; headers: Headers; text: string };

async function send(path: string, body: object | string | Buffer | FormData, type?: string): Promise<Answer> {
  const isRaw = typeof body === "string" || Buffer.isBuffer(body) || body instanceof FormData;
  const contentType = type ?? (isRaw ? undefined : "application/json");
  const response = await proxy.fetch(new URL(path, proxy.baseUrl).href, {
    method: "POST",
    headers: {
      authorization: `Bearer ${user.accessToken}`,
      ...(contentType === undefined ? {} : { "content-type": contentType }),
    },
    body: isRaw ? (body as string | FormData) : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** A form as no library writes it. */
function rawForm(parts: readonly { head: string; body: Buffer | string }[]): [Buffer, string] {
  const written = parts.flatMap(({ head, body }) => [
    Buffer.from(`--edge\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
    Buffer.from(body),
    Buffer.from("\r\n"),
  ]);
  return [Buffer.concat([...written, Buffer.from("--edge--\r\n")]), "multipart/form-data; boundary=edge"];
}

const V1 = "/api/v1";
const recording = (model?: string): FormData => {
  const form = new FormData();
  form.set("file", new Blob([WAV]), "tone.wav");
  if (model !== undefined) form.set("model", model);
  return form;
};

const MEDIA: readonly [path: string, body: () => object | FormData][] = [
  [`${V1}/tts`, () => ({ text: "Hello", language: "en" })],
  [`${V1}/audio/speech`, () => ({ model: "tts-1", input: "Hello", voice: "alloy" })],
  [`${V1}/stt`, () => recording()],
  [`${V1}/audio/transcriptions`, () => recording("whisper-1")],
  [`${V1}/images/generate`, () => ({ prompt: "A fox" })],
  [`${V1}/images/edit`, () => ({ prompt: "Red", image: IMAGE_BASE64 })],
  [`${V1}/images/generations`, () => ({ model: "gpt-image-1", prompt: "A fox", n: 2 })],
];

/** Everything that was sent with a secret in it, said back in every place that an error has. */
const echo =
  (status: number, headers: Record<string, string> = {}): Script =>
  (exchange) => {
    const { headers: sent, path } = exchange.request;
    const key = sent["authorization"] ?? sent["x-goog-api-key"] ?? "none";
    const text = `Invalid credential ${key} (${key.replace("Bearer ", "")}) for ${upstream.origin}${path}\nat 1`;
    const error = { message: text, type: key, code: key, param: path, status: text };
    return exchange.json(
      status,
      { error, success: false, errors: [{ code: 10_000, message: text }] },
      headers,
    );
  };

describe("no secret and no account gets out by way of media", () => {
  test.each<[string, Script]>([
    ["400", echo(400)],
    ["401", echo(401)],
    ["404", echo(404)],
    ["429", echo(429, { "retry-after": "1" })],
    ["500", echo(500)],
    ["success that is none", echo(200)],
    ["a redirect", echo(302, { location: "http://127.0.0.1:1/canary" })],
    [
      "no HTTP",
      (exchange) => exchange.raw(`${exchange.request.headers["authorization"]} is no HTTP\r\n\r\n`),
    ],
  ])("when engines answer with %s", async (_what, script) => {
    upstream.script = script;
    const answers: Answer[] = [];
    for (const [path, body] of MEDIA) answers.push(await send(path, body()));
    await proxy.settled();
    expect(upstream.requests.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 500 || status < 400)).toEqual([]);
    const told = answers.map(({ headers, text }) => JSON.stringify([...headers]) + text);
    const rows = [
      await database.sql`select * from public.ai_chat_usage`,
      await database.sql`select * from public.ai_events`,
    ];
    const everything = [...told, ...log, JSON.stringify(rows)].join("\n");
    expect(everything).not.toMatch(/canary/);
    expect(everything).not.toContain(TEST_SECRET_KEY);
    expect(everything).not.toContain(new URL(upstream.origin).port);
  });
});

describe("what clients make up stays where it belongs", () => {
  test.each<[string, string, object]>([
    ["a voice", `${V1}/audio/speech`, { model: "tts-1", input: "Hi", voice: "a\r\nx-evil: 1" }],
    ["a voice that is a path", `${V1}/audio/speech`, { model: "tts-1", input: "Hi", voice: "../../x?y#z" }],
    [
      "a model",
      `${V1}/audio/speech`,
      { model: "cloudflare/@cf/../../../x\r\n", input: "Hi", voice: "alloy" },
    ],
    ["an inherited model", `${V1}/audio/speech`, { model: "constructor", input: "Hi", voice: "__proto__" }],
    ["a language", `${V1}/tts`, { text: "Hi", language: "__proto__" }],
    ["a language with a line", `${V1}/tts`, { text: "Hi", language: "en\r\nx-evil: 1" }],
    ["an image model", `${V1}/images/generations`, { model: "cloudflare/../../../v1/x?y", prompt: "A fox" }],
    ["names of fields", `${V1}/images/generations`, { prompt: "A fox", "x\r\nx-evil: 1": 1, "é\0": 2 }],
    ["a name from objects", `${V1}/images/generate`, JSON.parse('{"prompt":"A","__proto__":{"count":99}}')],
    ["an address as an image", `${V1}/images/edit`, { prompt: "A", image: "http://169.254.169.254/latest" }],
    ["a file as an image", `${V1}/images/edit`, { prompt: "A", image: "file:///etc/passwd" }],
    ["half a character", `${V1}/tts`, { text: "Hi \ud800", language: "en" }],
    ["nothing but signs", `${V1}/tts`, { text: "\0\u200b\u202e", language: "en" }],
  ])("%s", async (_what, path, body) => {
    upstream.script = echo(400);
    const answer = await send(path, body);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).not.toBe(500);
    expect(JSON.stringify([...answer.headers])).not.toContain("evil");
    for (const { path: called, headers } of upstream.requests) {
      expect(called).toMatch(/^\/(?:client\/v4|groq|gemini|openai)\//);
      expect(decodeURIComponent(called)).not.toMatch(/\.\.|[\r\n]/);
      expect(headers).not.toHaveProperty("x-evil");
    }
  });

  test.each<[string, readonly { head: string; body: Buffer | string }[]]>([
    [
      "a name that ends the header",
      [{ head: 'name="file"; filename="a%0D%0AX-Evil: 1%22; name=%22x"', body: WAV }],
    ],
    [
      "a field from objects",
      [
        { head: 'name="file"; filename="a.wav"', body: WAV },
        { head: 'name="__proto__"', body: "x" },
        { head: 'name="constructor"', body: "x" },
      ],
    ],
    [
      "a prompt that imitates a boundary",
      [
        { head: 'name="file"; filename="a.wav"', body: WAV },
        {
          head: 'name="prompt"',
          body: 'x\r\n--edg\r\nContent-Disposition: form-data; name="model"\r\n\r\nevil',
        },
      ],
    ],
  ])("a recording with %s", async (_what, parts) => {
    upstream.script = (exchange) => exchange.json(200, { text: "Hello" });
    const [body, type] = rawForm(parts);
    const answer = await send(`${V1}/stt`, body, type);
    expect(answer.status).toBe(200);
    const [call] = upstream.requests;
    const sent = call?.bytes.toString("latin1") ?? "";
    const edge = /boundary=(.+)$/.exec(call?.headers["content-type"] ?? "")?.[1] ?? "";
    const names = sent
      .split(`--${edge}`)
      .flatMap((part) => /^\r\n[^\r]*; name="([^"]*)"/.exec(part)?.[1] ?? []);
    const ours = new Set(["file", "model", "response_format", "prompt", "timestamp_granularities[]"]);
    expect(names.filter((name) => !ours.has(name))).toEqual([]);
    expect(names).toContain("file");
    expect(sent).toContain('filename="audio.wav"');
    expect(sent).not.toContain("X-Evil");
  });

  test.each([
    ["pdf", { content: "Hello" }],
    ["xlsx", { headers: ["a"], rows: [["=1+1"]] }],
  ])("the name of an exported %s", async (kind, body) => {
    const filename = 'a"\r\nX-Evil: 1; é/../..\\b\0\u202e😀\ud800';
    const { status, headers } = await send(`${V1}/export/${kind}`, { ...body, filename });
    expect(status).toBe(200);
    expect(headers.get("x-evil")).toBeNull();
    const disposition = headers.get("content-disposition") ?? "";
    expect(disposition).toMatch(/^attachment; filename="[\x20-\x7e]+"(?:; filename\*=UTF-8''[\w.%~-]+)?$/);
    expect(disposition.match(/"/g)).toHaveLength(2);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });
});

describe("uploads that a client sends itself", () => {
  test("completed several times at the same moment are one file", async () => {
    const begun: unknown = JSON.parse(
      (await send("/api/attachments/uploads", { name: "a.png", bytes: IMAGE.length })).text,
    );
    const headers = field(begun, "headers") as Record<string, string>;
    const put = await fetch(stringField(begun, "url") ?? "", {
      method: "PUT",
      headers,
      body: new Uint8Array(IMAGE),
    });
    expect(put.status).toBe(200);
    const path = `/api/attachments/uploads/${stringField(begun, "id")}/complete`;
    const answers = await Promise.all(Array.from({ length: 4 }, () => send(path, "")));
    expect(answers.filter(({ status }) => status === 500)).toEqual([]);
    const files = new Set(
      answers.flatMap(({ status, text }) => (status === 201 ? [stringField(JSON.parse(text), "id")] : [])),
    );
    expect(files.size).toBe(1);
    expect((await send(path, "")).status).toBe(404);
  });
});
