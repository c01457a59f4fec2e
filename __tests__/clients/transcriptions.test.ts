import { createReadStream, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";

const url = (name: string): URL => new URL(`../fixtures/audio/${name}`, import.meta.url);
const wav = () => toFile(readFileSync(url("tone.wav")), "tone.wav");

let database: TestSupabase;
let upstream: FakeUpstream;
let proxy: ProxyGateway;
let openai: OpenAI;

const SEGMENTS = [
  {
    id: 0,
    seek: 0,
    start: 0,
    end: 2.5,
    text: " Hello there.",
    tokens: [50364, 2425],
    temperature: 0,
    avg_logprob: -0.21,
    compression_ratio: 1.1,
    no_speech_prob: 0.02,
  },
  {
    id: 1,
    seek: 0,
    start: 2.5,
    end: 4,
    text: " How <are> you?",
    tokens: [50465],
    temperature: 0.2,
    avg_logprob: -0.3,
    compression_ratio: 1.2,
    no_speech_prob: 0.01,
  },
];
const WORDS = [
  { word: "Hello", start: 0, end: 0.5 },
  { word: "there.", start: 0.5, end: 2.5 },
];
const TEXT = "Hello there. How <are> you?";

/** An engine that tells what it is asked for, as Groq does. */
const hears: Script = (exchange) => {
  const { text } = exchange.request;
  const has = (value: string): boolean => text.includes(`\r\n\r\n${value}\r\n`);
  if (has("json"))
    return exchange.json(200, {
      text: ` ${TEXT}`,
      usage: { type: "tokens", input_tokens: 9, output_tokens: 5, total_tokens: 14 },
    });
  return exchange.json(200, {
    task: "transcribe",
    language: "English",
    duration: 4.04,
    text: ` ${TEXT}`,
    segments: SEGMENTS,
    ...(has("word") ? { words: WORDS } : {}),
  });
};

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(hears);
  proxy = await startProxyGateway(database, {
    GROQ_API_KEY: "groq-key",
    GROQ_BASE_URL: `${upstream.origin}/openai/v1`,
    OPENAI_API_KEY: "openai-key",
    OPENAI_BASE_URL: `${upstream.origin}/v1`,
  });
  openai = new OpenAI({ apiKey: "sk-any", baseURL: proxy.baseUrl, fetch: proxy.fetch, maxRetries: 0 });
}, 30_000);
beforeEach(() => {
  upstream.script = hears;
  upstream.requests.length = 0;
});
afterAll(async () => {
  await proxy.stop();
  await upstream.stop();
  await database.stop();
});

/** The values of a field, as the engine received them. */
const sent = (name: string): string[] =>
  [
    ...(upstream.requests.at(-1)?.text ?? "").matchAll(
      new RegExp(`name="${name.replace(/[[\]]/g, "\\$&")}"\\r\\n\\r\\n([^\\r]*)`, "g"),
    ),
  ].map(([, value]) => value ?? "");

describe("the official SDK", () => {
  test("json, by default", async () => {
    const { data, response } = await openai.audio.transcriptions
      .create({ file: await wav(), model: "whisper-1" })
      .withResponse();
    expect(data).toEqual({ text: TEXT, usage: { type: "duration", seconds: 5 } });
    expect(response.headers.get("x-sarmalink-engine")).toBe("groq/whisper-large-v3-turbo");
    expect(sent("model")).toEqual(["whisper-large-v3-turbo"]);
  });

  test("a file stream", async () => {
    const file = createReadStream(fileURLToPath(url("tone-opus.ogg")));
    const { text } = await openai.audio.transcriptions.create({ file, model: "gpt-4o-mini-transcribe" });
    expect(text).toBe(TEXT);
    expect(upstream.requests[0]?.bytes.includes(readFileSync(url("tone-opus.ogg")))).toBe(true);
  });

  test("verbose_json: segments, and only those, unless words are asked for", async () => {
    const file = await wav();
    const options = { file, model: "whisper-1", response_format: "verbose_json" } as const;
    const verbose = await openai.audio.transcriptions.create(options);
    expect(verbose).toEqual({
      task: "transcribe",
      language: "english",
      duration: 4.04,
      text: TEXT,
      segments: SEGMENTS.map((segment) => ({ ...segment, text: segment.text.trim(), tokens: [] })),
      usage: { type: "duration", seconds: 5 },
    });
    const words = await openai.audio.transcriptions.create({ ...options, timestamp_granularities: ["word"] });
    expect(words).toMatchObject({ words: WORDS });
    expect(words).not.toHaveProperty("segments");
    expect(sent("timestamp_granularities[]")).toEqual(["segment", "word"]);
    const both = await openai.audio.transcriptions.create({
      ...options,
      timestamp_granularities: ["word", "segment"],
    });
    expect([both.words?.length, both.segments?.length]).toEqual([2, 2]);
  });

  test("text, srt and vtt", async () => {
    const file = await wav();
    const as = async (format: "text" | "srt" | "vtt") => {
      const { data, response } = await openai.audio.transcriptions
        .create({ file, model: "whisper-1", response_format: format })
        .withResponse();
      return [response.headers.get("content-type"), data];
    };
    expect(await as("text")).toEqual(["text/plain; charset=utf-8", `${TEXT}\n`]);
    expect(await as("srt")).toEqual([
      "application/x-subrip; charset=utf-8",
      "1\n00:00:00,000 --> 00:00:02,500\nHello there.\n\n2\n00:00:02,500 --> 00:00:04,000\nHow <are> you?\n\n",
    ]);
    expect(await as("vtt")).toEqual([
      "text/vtt; charset=utf-8",
      "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nHello there.\n\n00:00:02.500 --> 00:00:04.000\nHow &lt;are&gt; you?\n\n",
    ]);
  });

  test("a stream: one piece of text, and its end", async () => {
    const stream = await openai.audio.transcriptions.create({
      file: await wav(),
      model: "gpt-4o-transcribe",
      stream: true,
    });
    const events = [];
    for await (const event of stream) events.push(event);
    expect(events).toEqual([
      { type: "transcript.text.delta", delta: TEXT },
      { type: "transcript.text.done", text: TEXT },
    ]);
  });

  test("its fields arrive, and those that no engine takes are named", async () => {
    const { response } = await openai.audio.transcriptions
      .create({
        file: await wav(),
        model: "whisper-1",
        language: "en",
        prompt: "Sarma",
        temperature: 0.2,
        include: ["logprobs"],
        chunking_strategy: { type: "server_vad", threshold: 0.5 },
      })
      .withResponse();
    expect([sent("language"), sent("prompt"), sent("temperature")]).toEqual([["en"], ["Sarma"], ["0.2"]]);
    expect(response.headers.get("x-sarmalink-dropped")).toBe("include, chunking_strategy");
  });

  test("engines by name; one without times tells them as it can", async () => {
    const file = await wav();
    await openai.audio.transcriptions.create({ file, model: "groq/whisper-large-v3" });
    expect(sent("model")).toEqual(["whisper-large-v3"]);
    const { data, response } = await openai.audio.transcriptions
      .create({
        file,
        model: "openai/gpt-4o-transcribe",
        response_format: "verbose_json",
        timestamp_granularities: ["word"],
      })
      .withResponse();
    expect(sent("response_format")).toEqual(["json"]);
    expect(sent("timestamp_granularities[]")).toEqual([]);
    expect(data).toMatchObject({ language: "unknown", duration: 1.2, text: TEXT, words: [] });
    expect(response.headers.get("x-sarmalink-dropped")).toBe("timestamp_granularities");
    const srt = await openai.audio.transcriptions.create({
      file,
      model: "openai/gpt-4o-transcribe",
      response_format: "srt",
    });
    expect(srt).toBe("1\n00:00:00,000 --> 00:00:01,200\nHello there. How <are> you?\n\n");
  });

  test("OpenAI's own model is asked last for its name", async () => {
    upstream.script = (exchange) =>
      exchange.request.path.startsWith("/openai/")
        ? exchange.json(500, { error: { message: "down" } })
        : hears(exchange);
    const { response } = await openai.audio.transcriptions
      .create({ file: await wav(), model: "whisper-1" })
      .withResponse();
    expect(response.headers.get("x-sarmalink-engine")).toBe("openai/whisper-1");
    expect(response.headers.get("x-sarmalink-attempts")).toBe("3");
  });
});

describe("what is refused", () => {
  test.each<[string, Record<string, unknown>, number, string, string]>([
    ["a model that nobody has", { model: "nobody" }, 404, "model_not_found", "model"],
    [
      "a provider that is not configured",
      { model: "cloudflare/@cf/openai/whisper" },
      404,
      "model_not_found",
      "model",
    ],
    ["a provider that does not transcribe", { model: "first/m" }, 400, "engines_refused", "model"],
    ["telling speakers apart", { model: "gpt-4o-transcribe-diarize" }, 400, "invalid_request", "model"],
    [
      "a format that nobody writes",
      { response_format: "diarized_json" },
      400,
      "invalid_request",
      "response_format",
    ],
    ["a stream of subtitles", { response_format: "srt", stream: true }, 400, "invalid_request", "stream"],
    ["a wild temperature", { temperature: 1.5 }, 400, "invalid_request", "temperature"],
    ["a language of no kind", { language: "xx" }, 400, "invalid_request", "language"],
    [
      "other granularities",
      { timestamp_granularities: ["letter"] },
      400,
      "invalid_request",
      "timestamp_granularities[].0",
    ],
  ])("%s", async (_what, options, status, code, param) => {
    const create = openai.audio.transcriptions.create({ file: await wav(), model: "whisper-1", ...options });
    const error: unknown = await create.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ status, code, param });
    expect(upstream.requests.length).toBe(0);
  });

  test("a file that is no recording, with its field", async () => {
    const file = await toFile(Buffer.from("<!doctype html><p>Hi"), "speech.mp3", { type: "audio/mpeg" });
    const error: unknown = await openai.audio.transcriptions
      .create({ file, model: "whisper-1" })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 415, code: "unsupported_media_type", param: "file" });
  });
});
