import { createOpenAI } from "@ai-sdk/openai";
import { experimental_generateSpeech as generateSpeech } from "ai";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { field } from "#lib/shared/json.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { mp3, rms, samplesOf, strictWav, utterance, wav } from "../support/sound.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";

let database: TestSupabase;
let cloudflare: FakeUpstream;
let gemini: FakeUpstream;
let openai: FakeUpstream;
/** With Cloudflare and Gemini. */
let free: ProxyGateway;
/** With OpenAI as well. */
let paid: ProxyGateway;

const SPOKEN = wav(utterance(1, 44_100), { rate: 44_100 });
const melo: Script = (exchange) =>
  exchange.json(200, {
    result: { audio: SPOKEN.toString("base64") },
    success: true,
    errors: [],
    messages: [],
  });
const geminiSays: Script = (exchange) => {
  const inlineData = { mimeType: "audio/wav", data: wav(utterance(1)).toString("base64") };
  return exchange.json(200, { candidates: [{ content: { parts: [{ inlineData }] }, finishReason: "STOP" }] });
};
/** OpenAI answers with what is asked for, and does not know the length of a WAV file beforehand. */
const openaiSays: Script = (exchange) => {
  const format = field(exchange.request.json, "response_format") ?? "mp3";
  const files: Record<string, [Buffer, string]> = {
    mp3: [mp3(40), "audio/mpeg"],
    wav: [wav(utterance(1), { riffLength: 0xffffffff, dataLength: 0xffffffff }), "audio/wav"],
    opus: [Buffer.from("OggS\0\u0002 and more"), "audio/ogg"],
    flac: [Buffer.from("fLaC\0\0\0\u0022 and more"), "audio/flac"],
    aac: [Buffer.from([0xff, 0xf1, 0x50, 0x80, 0, 0x1f, 0xfc, 0, 0, 0]), "audio/aac"],
  };
  const [body, type] = files[String(format)] ?? [Buffer.from("?"), "text/plain"];
  return exchange.respond(200, body, { "content-type": type });
};

beforeAll(async () => {
  database = await startTestSupabase();
  cloudflare = await startFakeUpstream(melo);
  gemini = await startFakeUpstream(geminiSays);
  openai = await startFakeUpstream(openaiSays);
  const settings = {
    CLOUDFLARE_ACCOUNT_ID: "account-1",
    CLOUDFLARE_API_TOKEN: "token-1",
    CLOUDFLARE_BASE_URL: `${cloudflare.origin}/client/v4`,
    GOOGLE_GEMINI_API_KEY: "gemini-key",
    GOOGLE_GEMINI_BASE_URL: gemini.origin,
  };
  free = await startProxyGateway(database, settings);
  paid = await startProxyGateway(database, {
    ...settings,
    OPENAI_API_KEY: "openai-key",
    OPENAI_BASE_URL: `${openai.origin}/v1`,
  });
}, 30_000);
beforeEach(() => {
  cloudflare.script = melo;
  for (const { requests } of [cloudflare, gemini, openai]) requests.length = 0;
});
afterAll(async () => {
  await Promise.all([free.stop(), paid.stop()]);
  await Promise.all([cloudflare.stop(), gemini.stop(), openai.stop()]);
  await database.stop();
});

function client(via: ProxyGateway = free): OpenAI {
  return new OpenAI({ apiKey: "any", baseURL: via.baseUrl, fetch: via.fetch, maxRetries: 0 });
}

type SpeechParams = Parameters<OpenAI["audio"]["speech"]["create"]>[0];
const HELLO = { model: "tts-1", voice: "alloy", input: "Hello there." } satisfies SpeechParams;

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

describe("the OpenAI SDK gets a file", () => {
  test.each<[string, Partial<SpeechParams>]>([
    ["that asks for no format", {}],
    ["that asks for WAV", { response_format: "wav" }],
    ["that names the engines of the gateway", { model: "speech" }],
    ["that names a mode", { model: "smart" }],
    ["that has a speed of 1", { speed: 1 }],
  ])("%s", async (_, params) => {
    const response = await client().audio.speech.create({ ...HELLO, ...params });
    const shown = ["content-type", "x-provider", "x-sarmalink-dropped"].map((name) =>
      response.headers.get(name),
    );
    expect(shown).toEqual(["audio/wav", "cloudflare", "voice"]);
    expect(strictWav(await bytesOf(response)).rate).toBe(44_100);
  });

  test("that asks for samples gets them at 24 kHz, whatever the engine makes", async () => {
    const response = await client().audio.speech.create({ ...HELLO, response_format: "pcm" });
    const samples = samplesOf(await bytesOf(response));
    expect(response.headers.get("content-type")).toBe("audio/pcm;rate=24000;channels=1");
    expect(samples.length).toBe(24_000 * 1.4);
    expect(rms(samples)).toBeCloseTo(rms(samplesOf(SPOKEN.subarray(44))), -2);
  });

  test("over a real socket, with its length", async () => {
    const { url } = await free.overHttp();
    const sdk = new OpenAI({ apiKey: "any", baseURL: `${url}/api/v1`, maxRetries: 0 });
    const response = await sdk.audio.speech.create(HELLO);
    expect(strictWav(await bytesOf(response)).rate).toBe(44_100);
  });

  test("in the language of its text", async () => {
    for (const input of ["Hola, ¿cómo está usted?", "今日は天気がいいですね。"])
      await client().audio.speech.create({ ...HELLO, input });
    expect(cloudflare.requests.map(({ json }) => field(json, "lang"))).toEqual(["es", "ja"]);
  });

  test.each([
    ["gemini-grounded/gemini-3.8-flash-tts", { text: "Hello there.", speech_metadata: { style: "Whisper" } }],
    ["gemini-grounded/gemini-2.5-flash-preview-tts", { text: "Whisper:\nHello there." }],
  ])(
    "of the engine that it names, %s, with a voice that is like OpenAI's and a style",
    async (model, part) => {
      const response = await client().audio.speech.create({
        ...HELLO,
        model,
        voice: "onyx",
        instructions: "Whisper",
      });
      expect(response.headers.get("x-sarmalink-engine")).toBe(model);
      expect(response.headers.get("x-sarmalink-dropped")).toBeNull();
      const [sent] = gemini.requests;
      expect(sent?.json).toMatchObject({ contents: [{ parts: [part] }] });
      expect(sent?.text).toContain('"voiceName":"Algenib"');
    },
  );

  test("fields that no engine receives are named", async () => {
    const body = { ...HELLO, instructions: "Whisper", made_up: 1 };
    const response = await client().audio.speech.create(body);
    expect(response.headers.get("x-sarmalink-dropped")).toBe("made_up, voice, instructions");
  });
});

describe("OpenAI itself speaks", () => {
  test.each<[string, Partial<SpeechParams>, string]>([
    ["if it is named", { model: "openai/gpt-4o-mini-tts" }, "audio/mpeg"],
    ["if nobody else makes the format", { response_format: "mp3" }, "audio/mpeg"],
    ["opus", { response_format: "opus" }, "audio/ogg"],
    ["flac", { response_format: "flac" }, "audio/flac"],
    ["aac", { response_format: "aac" }, "audio/aac"],
    ["if nobody else has the speed", { speed: 1.5 }, "audio/mpeg"],
  ])("%s", async (_, params, type) => {
    const response = await client(paid).audio.speech.create({ ...HELLO, ...params });
    expect([response.headers.get("content-type"), response.headers.get("x-provider")]).toEqual([
      type,
      "openai",
    ]);
    expect(openai.requests[0]?.json).toMatchObject({ input: HELLO.input, voice: "alloy" });
    expect(cloudflare.requests).toEqual([]);
  });

  test("its WAV files get their lengths, and its samples are made of them", async () => {
    const named = { ...HELLO, model: "openai/gpt-4o-mini-tts" };
    const file = await client(paid).audio.speech.create({ ...named, response_format: "wav" });
    expect(strictWav(await bytesOf(file)).samples.length).toBe(24_000 * 1.4);
    const samples = await client(paid).audio.speech.create({ ...named, response_format: "pcm" });
    expect((await bytesOf(samples)).length).toBe(2 * 24_000 * 1.4);
  });

  test("last, if it is not named and the others are down", async () => {
    cloudflare.script = (exchange) => exchange.json(500, { success: false, errors: [] });
    gemini.script = (exchange) => exchange.json(500, { error: { message: "down" } });
    const response = await client(paid).audio.speech.create(HELLO);
    expect([response.headers.get("x-sarmalink-engine"), openai.requests.length]).toEqual(["openai/tts-1", 1]);
    gemini.script = geminiSays;
  });

  test("its own voices are passed on if it is named", async () => {
    await client(paid).audio.speech.create({
      ...HELLO,
      model: "openai/gpt-4o-mini-tts",
      voice: { id: "voice_1" },
    });
    expect(field(openai.requests[0]?.json, "voice")).toBe("voice_1");
  });
});

describe("what cannot be made is refused before any call", () => {
  test.each<[string, object, status: number, param: string, says: RegExp]>([
    ["MP3 of engines that make none", { response_format: "mp3" }, 400, "response_format", /mp3.*wav or pcm/],
    ["opus", { response_format: "opus" }, 400, "response_format", /opus/],
    ["a format that is none", { response_format: "midi" }, 400, "response_format", /response_format/],
    ["a speed", { speed: 1.25 }, 400, "speed", /speed/],
    ["a speed out of bounds", { speed: 5 }, 400, "speed", /speed/],
    ["events", { stream_format: "sse" }, 400, "stream_format", /events/],
    ["a voice that nobody has", { voice: "af_bella" }, 400, "voice", /alloy/],
    ["a voice of somebody's account", { voice: { id: "voice_1" } }, 400, "voice", /alloy/],
    ["4,097 characters", { input: "x".repeat(4_097) }, 400, "input", /4096/],
    ["no words", { input: "🎉" }, 400, "input", /words/],
    ["a model that does not speak", { model: "whisper-1" }, 404, "model", /tts-1/],
    ["a provider that does not speak", { model: "first/m" }, 400, "model", /no engine that speaks/],
    ["a provider that is not configured", { model: "openai/tts-1" }, 404, "model", /OPENAI_API_KEY/],
  ])("%s", async (_, params, status, param, says) => {
    const error: unknown = await client()
      .audio.speech.create({ ...HELLO, ...params })
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof OpenAI.APIError)) return expect.fail("It was not refused.");
    expect([error.status, error.param]).toEqual([status, param]);
    expect(error.message).toMatch(says);
    expect([...cloudflare.requests, ...gemini.requests]).toEqual([]);
  });
});

test("the AI SDK speaks, too, once it is told a format", async () => {
  const provider = createOpenAI({ apiKey: "any", baseURL: free.baseUrl, fetch: free.fetch });
  const { audio } = await generateSpeech({
    model: provider.speech("tts-1"),
    text: "Hello there.",
    outputFormat: "wav",
  });
  expect(strictWav(audio.uint8Array).rate).toBe(44_100);
});
