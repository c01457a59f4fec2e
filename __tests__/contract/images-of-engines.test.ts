import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { arrayField, field, isJsonObject } from "#lib/shared/json.ts";
import { type FakeUpstream, isStreaming, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { saysGemini } from "../support/gemini-upstream.ts";
import { png } from "../support/images.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";

const DATA = png(32, 16).toString("base64");
const URL = `data:image/png;base64,${DATA}`;
const TEXT = "Here you are.";

/** As OpenRouter answers for models that draw. */
const openRouter =
  (...urls: readonly unknown[]): Script =>
  async (exchange) => {
    const images = urls.map((url) => ({ type: "image_url", image_url: { url } }));
    const message = { role: "assistant", content: TEXT, images };
    if (!isStreaming(exchange.request)) {
      return exchange.json(200, { id: "1", choices: [{ index: 0, message, finish_reason: "stop" }] });
    }
    await exchange.startStream();
    await exchange.event({ choices: [{ index: 0, delta: message }] });
    await exchange.event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
    await exchange.event("[DONE]");
    await exchange.endStream();
  };

const ENGINES: Record<string, (upstream: FakeUpstream) => void> = {
  "gemini-grounded/gemini-2.5-flash-image": (upstream) => {
    upstream.script = saysGemini(
      { inlineData: { mimeType: "image/png", data: DATA }, thought: true },
      { text: TEXT },
      { inlineData: { mimeType: "image/png", data: DATA } },
      { inlineData: { mimeType: "text/html", data: DATA } },
    );
  },
  "openrouter/google/gemini-2.5-flash-image": (upstream) => {
    upstream.script = openRouter(URL, URL, "https://example.com/a.png", "javascript:alert(1)", 7, null);
  },
};

let database: TestSupabase;
let upstream: FakeUpstream;
let proxy: ProxyGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(openRouter(URL));
  proxy = await startProxyGateway(database, {
    OPENROUTER_API_KEY: "openrouter-key",
    OPENROUTER_BASE_URL: `${upstream.origin}/api/v1`,
    GOOGLE_GEMINI_API_KEY: "gemini-key",
    GOOGLE_GEMINI_BASE_URL: upstream.origin,
  });
}, 60_000);
afterAll(async () => {
  await proxy.stop();
  await upstream.stop();
  await database.stop();
});

const client = () => new OpenAI({ apiKey: "any", baseURL: proxy.baseUrl, fetch: proxy.fetch, maxRetries: 0 });
const messages = [{ role: "user" as const, content: "Draw a fox" }];

describe.each(Object.keys(ENGINES))("an image that %s draws in its answer", (model) => {
  beforeEach(() => ENGINES[model]?.(upstream));

  test("is in the message, as OpenRouter has it, once and without what is no image", async () => {
    const answer = await client().chat.completions.create({ model, messages });
    const [choice] = answer.choices;
    expect(choice?.message.content).toBe(TEXT);
    expect(arrayField(choice?.message, "images")).toEqual([{ type: "image_url", image_url: { url: URL } }]);
  });

  test("is in a delta of the stream", async () => {
    const images: unknown[] = [];
    let text = "";
    for await (const chunk of await client().chat.completions.create({ model, messages, stream: true })) {
      const delta = chunk.choices[0]?.delta;
      text += delta?.content ?? "";
      images.push(...arrayField(delta, "images"));
    }
    expect(text).toBe(TEXT);
    expect(images.map((image) => field(field(image, "image_url"), "url"))).toEqual([URL]);
  });

  test.each(["/messages", "/responses"])("leaves %s whole", async (path) => {
    const body = { model, max_tokens: 100, ...(path === "/messages" ? { messages } : { input: "Draw" }) };
    const response = await proxy.fetch(`${proxy.baseUrl}${path}`, {
      method: "POST",
      headers: { authorization: "Bearer any", "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as unknown;
    expect(response.status, JSON.stringify(answer)).toBe(200);
    expect(isJsonObject(answer) && JSON.stringify(answer)).toContain(TEXT);
  });
});
