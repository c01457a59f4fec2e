import OpenAI, { toFile } from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { isJsonObject } from "#lib/shared/json.ts";
import {
  answerError,
  answerImage,
  cloudflareSettings,
  KLEIN_9B,
  readCloudflareCall,
} from "../support/cloudflare-upstream.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { png } from "../support/images.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";

const IMAGE = png(64, 48);
const draws: Script = (exchange) => answerImage(exchange, IMAGE);

let database: TestSupabase;
let upstream: FakeUpstream;
let openai: FakeUpstream;
let proxy: ProxyGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(draws);
  openai = await startFakeUpstream((exchange) =>
    exchange.json(200, {
      created: 1,
      data: [{ b64_json: IMAGE.toString("base64") }],
      usage: { input_tokens: 20, output_tokens: 1056, total_tokens: 1076 },
    }),
  );
  proxy = await startProxyGateway(database, {
    ...cloudflareSettings(upstream.origin),
    OPENAI_API_KEY: "openai-key",
    OPENAI_BASE_URL: `${openai.origin}/v1`,
  });
}, 60_000);
afterAll(async () => {
  await proxy.stop();
  await Promise.all([upstream.stop(), openai.stop()]);
  await database.stop();
});
afterEach(() => {
  upstream.script = draws;
  upstream.requests.length = 0;
  openai.requests.length = 0;
});

const client = (): OpenAI =>
  new OpenAI({ apiKey: "any", baseURL: proxy.baseUrl, fetch: proxy.fetch, maxRetries: 0 });
const calls = () => upstream.requests.map(readCloudflareCall);

describe("the OpenAI SDK", () => {
  test.each(["gpt-image-1", "gpt-image-1-mini", "dall-e-2", "dall-e-3"])("draws with %s", async (model) => {
    const answer = await client().images.generate({ model, prompt: "A fox", size: "1792x1024" });
    expect(answer.data).toEqual([{ b64_json: IMAGE.toString("base64") }]);
    expect(answer.created).toBeGreaterThan(1_700_000_000);
    const [call] = calls();
    expect(call?.model).toBe(KLEIN_9B);
    expect([call?.form?.get("width")?.text, call?.form?.get("height")?.text]).toEqual(["1792", "1024"]);
  });

  test("gets as many as it asks for, and learns what was left out", async () => {
    const { data, response } = await client()
      .images.generate({
        model: "dall-e-3",
        prompt: "A fox",
        n: 3,
        quality: "hd",
        style: "vivid",
        user: "somebody",
        response_format: "url",
      })
      .withResponse();
    expect(data.data).toHaveLength(3);
    expect(data.data?.[0]?.b64_json).toBe(IMAGE.toString("base64"));
    expect(response.headers.get("x-sarmalink-dropped")).toBe("user, quality, style, response_format");
    expect(response.headers.get("x-sarmalink-engine")).toBe(`cloudflare/${KLEIN_9B}`);
  });

  test.each(["gpt-image-1", "dall-e-2"])("edits an image and several with %s", async (model) => {
    const one = await toFile(png(30, 20), "one.png", { type: "image/png" });
    const two = await toFile(png(20, 30), "two.png", { type: "image/png" });
    const edited = await client().images.edit({ model, image: one, prompt: "Make it red", n: 1 });
    expect(edited.data?.[0]?.b64_json).toBe(IMAGE.toString("base64"));
    await client().images.edit({ model, image: [one, two], prompt: "Both", size: "1024x1024" });
    const inputs = calls().map(({ form }) => [...(form?.keys() ?? [])].filter((name) => /^input/.test(name)));
    expect(inputs).toEqual([["input_image_0"], ["input_image_0", "input_image_1"]]);
  });

  test("is refused with its own error class what no engine can do", async () => {
    const image = await toFile(png(30, 20), "one.png", { type: "image/png" });
    const mask = await toFile(png(30, 20, 0), "mask.png", { type: "image/png" });
    const refusals: [() => Promise<unknown>, RegExp][] = [
      [() => client().images.edit({ image, mask, prompt: "Red" }), /mask/],
      [() => client().images.generate({ prompt: "A fox", n: 10 }), /"n"/],
      [() => client().images.generate({ prompt: "A fox", stream: true }), /stream/],
      [() => client().images.generate({ prompt: "x".repeat(2_001) }), /"prompt"/],
      [() => client().images.generate({ prompt: "A fox", size: "100x100" as "auto" }), /"size"/],
    ];
    for (const [ask, message] of refusals) {
      const refused = ask();
      await expect(refused).rejects.toThrow(OpenAI.BadRequestError);
      await expect(refused).rejects.toThrow(message);
    }
    expect(upstream.requests).toEqual([]);
    await expect(client().images.generate({ model: "midjourney", prompt: "A fox" })).rejects.toThrow(
      OpenAI.NotFoundError,
    );
  });

  test("sees a refusal of the content as OpenAI's", async () => {
    upstream.script = (exchange) =>
      answerError(exchange, 400, 3030, "AiError: Input prompt contains NSFW content.");
    const refused = client().images.generate({ model: "gpt-image-1", prompt: "Something" });
    await expect(refused).rejects.toThrow(OpenAI.BadRequestError);
    await expect(refused).rejects.toMatchObject({ code: expect.stringMatching(/content_policy/) });
  });

  test("reaches an engine by its name: OpenAI's own, too, which bills tokens", async () => {
    const drawn = await client().images.generate({ model: "openai/gpt-image-1", prompt: "A fox" });
    expect(drawn.data?.[0]?.b64_json).toBe(IMAGE.toString("base64"));
    expect(drawn.usage).toMatchObject({ input_tokens: 20, output_tokens: 1056 });
    expect(openai.requests[0]).toMatchObject({
      path: "/v1/images/generations",
      json: { model: "gpt-image-1", prompt: "A fox", n: 1 },
    });
    await client().images.generate({ model: "openai/dall-e-3", prompt: "A fox", size: "1024x1024" });
    expect(openai.requests[1]?.json).toMatchObject({ response_format: "b64_json", size: "1024x1024" });
    const image = await toFile(png(30, 20), "one.png", { type: "image/png" });
    await client().images.edit({ model: "openai/gpt-image-1", image, prompt: "Red" });
    expect(openai.requests[2]?.path).toBe("/v1/images/edits");
    expect(isJsonObject(openai.requests[2]?.json)).toBe(false);
  });
});
