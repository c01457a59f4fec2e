import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { imageFileOf } from "#lib/images/image-file.ts";
import { arrayField, field, stringField } from "#lib/shared/json.ts";
import {
  answerError,
  answerImage,
  cloudflareSettings,
  KLEIN_4B,
  KLEIN_9B,
  readCloudflareCall,
  SCHNELL,
} from "../support/cloudflare-upstream.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { gifClaiming, jpegHead, png, pngClaiming } from "../support/images.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey } from "../support/test-gateway.ts";

const IMAGE = png(64, 48);
const draws: Script = (exchange) => answerImage(exchange, IMAGE);

let database: TestSupabase;
let upstream: FakeUpstream;
let proxy: ProxyGateway;
let user: TestUser;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(draws);
  user = await database.signUp();
}, 60_000);
beforeEach(async () => {
  upstream.script = draws;
  upstream.requests.length = 0;
  // New benches for every test.
  proxy = await startProxyGateway(database, cloudflareSettings(upstream.origin));
});
afterEach(() => proxy.stop());
afterAll(async () => {
  await upstream.stop();
  await database.stop();
});

async function post(path: string, body: object | FormData, init: RequestInit = {}) {
  const isForm = body instanceof FormData;
  const response = await proxy.fetch(`${proxy.baseUrl}${path}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${user.accessToken}`,
      ...(isForm ? {} : { "content-type": "application/json" }),
    },
    body: isForm ? body : JSON.stringify(body),
    ...init,
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
}

const calls = () => upstream.requests.map(readCloudflareCall);
const models = () => calls().map(({ model }) => model);

describe("a new image", () => {
  test("comes from FLUX.2 klein, which is sent a form with a size, whatever was asked for", async () => {
    const answer = await post("/images/generate", { prompt: "A fox in the snow" });
    expect(answer).toMatchObject({ status: 200, body: { ok: true, provider: "cloudflare", url: null } });
    expect(answer.body).toMatchObject({ mimeType: "image/png", width: 64, height: 48, model: KLEIN_9B });
    expect(stringField(answer.body, "base64")).toBe(IMAGE.toString("base64"));
    expect(answer.headers.get("x-provider")).toBe("cloudflare");
    const [call] = calls();
    expect(call?.token).toBe(`Bearer cloudflare-token-${call?.pair}`);
    expect([...(call?.form ?? [])].map(([name, { text }]) => [name, text])).toEqual([
      ["prompt", "A fox in the snow"],
      ["width", "1024"],
      ["height", "1024"],
    ]);
  });

  test.each([
    [{ size: "512x768" }, { width: "512", height: "768" }],
    [{ size: "auto" }, { width: "1024", height: "1024" }],
    [
      { width: 256, height: 1920 },
      { width: "256", height: "1920" },
    ],
    [{ width: 640 }, { width: "640", height: "1024" }],
    [
      { seed: 0, guidance: 3.5 },
      { seed: "0", guidance: "3.5" },
    ],
  ])("is asked for as %j", async (wish, fields) => {
    expect((await post("/images/generate", { prompt: "A fox", ...wish })).status).toBe(200);
    const form = Object.fromEntries([...(calls()[0]?.form ?? [])].map(([name, { text }]) => [name, text]));
    expect(form).toMatchObject(fields);
    expect(form).not.toHaveProperty("steps");
  });

  test.each([
    [{ prompt: "" }],
    [{ prompt: " \u200b" }],
    [{ prompt: "x".repeat(2_001) }],
    [{ prompt: "A fox", width: 255 }],
    [{ prompt: "A fox", height: 1_921 }],
    [{ prompt: "A fox", width: 512.5 }],
    [{ prompt: "A fox", size: "100x100" }],
    [{ prompt: "A fox", size: "9999999999x1" }],
    [{ prompt: "A fox", size: "big" }],
    [{ prompt: "A fox", count: 5 }],
    [{ prompt: "A fox", count: 0 }],
    [{ prompt: "A fox", seed: -1 }],
    [{}],
  ])("is not asked for as %j", async (body) => {
    expect((await post("/images/generate", body)).status).toBe(400);
    expect(upstream.requests).toEqual([]);
  });

  test("several are drawn side by side, with a seed each", async () => {
    const answer = await post("/images/generate", { prompt: "A fox", count: 3, seed: 7 });
    expect(arrayField(answer.body, "images")).toHaveLength(3);
    expect(calls().map(({ form }) => form?.get("seed")?.text)).toEqual(["7", "8", "9"]);
  });

  test("is what its bytes are, whatever the engine says", async () => {
    upstream.script = (exchange) =>
      exchange.respond(200, jpegHead(1024, 768), { "content-type": "image/png" });
    const answer = await post("/images/generate", { prompt: "A fox" });
    expect(answer.body).toMatchObject({ mimeType: "image/jpeg", width: 1024, height: 768 });
  });

  test.each<[string, Script]>([
    ["a text in base64", (exchange) => answerImage(exchange, Buffer.from("No image at all, but text."))],
    ["nothing", (exchange) => answerImage(exchange, Buffer.alloc(0))],
    ["another shape", (exchange) => exchange.json(200, { result: { image: 7 }, success: true })],
    ["no success", (exchange) => exchange.json(200, { result: { image: "iVBORw0KGgo=" }, success: false })],
    ["a web page", (exchange) => exchange.respond(200, "<html>", { "content-type": "text/html" })],
    ["other bytes", (exchange) => exchange.respond(200, "RIFF", { "content-type": "image/png" })],
    ["an image without pixels", (exchange) => answerImage(exchange, pngClaiming(0, 0))],
  ])("an answer of %s is a failure of the engine, and the next one draws", async (_, script) => {
    upstream.script = (exchange) =>
      readCloudflareCall(exchange.request).model === KLEIN_9B ? script(exchange) : draws(exchange);
    const answer = await post("/images/generate", { prompt: "A fox" });
    expect(answer).toMatchObject({ status: 200, body: { model: KLEIN_4B } });
    expect(models()).toEqual([KLEIN_9B, KLEIN_4B]);
  });

  test("of the last engine is asked for with a prompt alone; what it cannot take is named", async () => {
    upstream.script = (exchange) =>
      readCloudflareCall(exchange.request).model === SCHNELL
        ? draws(exchange)
        : answerError(exchange, 500, 1031, "AiError: down");
    const answer = await post("/images/generate", { prompt: "A fox", size: "512x512", seed: 1 });
    expect(answer).toMatchObject({ status: 200, body: { model: SCHNELL } });
    expect(calls().at(-1)?.json).toEqual({ prompt: "A fox" });
    expect(answer.headers.get("x-sarmalink-dropped")).toBe("size, seed");
  });

  test("that no engine wants to draw is an error of the request, at the first refusal", async () => {
    upstream.script = (exchange) =>
      answerError(exchange, 400, 3030, "AiError: Input prompt contains NSFW content.");
    const answer = await post("/images/generate", { prompt: "Something" });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: "content_policy" } } });
    expect(upstream.requests).toHaveLength(1);
  });
});

describe("pairs of accounts and tokens", () => {
  const LIMITS = {
    daily: (exchange: Parameters<Script>[0]) =>
      answerError(
        exchange,
        429,
        3036,
        "AiError: You have used up your daily free allocation of 10,000 neurons.",
      ),
    capacity: (exchange: Parameters<Script>[0]) =>
      answerError(exchange, 429, 3040, "AiError: Capacity temporarily exceeded, please try again."),
  };

  test("one out of its day's allowance, one out of capacity: the third draws, and begins the next time", async () => {
    const order: number[] = [];
    upstream.script = (exchange) => {
      const { pair } = readCloudflareCall(exchange.request);
      if (!order.includes(pair)) order.push(pair);
      const place = order.indexOf(pair);
      if (place === 0) return LIMITS.daily(exchange);
      return place === 1 ? LIMITS.capacity(exchange) : draws(exchange);
    };
    const first = await post("/images/generate", { prompt: "A fox" });
    expect(first).toMatchObject({ status: 200, body: { model: KLEIN_9B } });
    expect(calls().map(({ pair }) => pair)).toEqual(order);
    expect(order).toHaveLength(3);
    const spent = order.slice(0, 2);
    for (let time = 0; time < 6; time++) await post("/images/generate", { prompt: "Another fox" });
    const later = calls().slice(3);
    expect(later).toHaveLength(6);
    for (const { pair } of later) expect(spent).not.toContain(pair);
    await proxy.settled();
    const attempts = await database.sql`
      select status from public.ai_events where user_id = ${user.userId} and status in ('account', 'rate_limited')`;
    expect(attempts.map((row) => row["status"]).sort()).toEqual(["account", "rate_limited"]);
  });

  test("all out of their allowance: the client is told when to come again", async () => {
    upstream.script = LIMITS.daily;
    const answer = await post("/images/generate", { prompt: "A fox" });
    expect(answer).toMatchObject({ status: 503, body: { error: { retryable: true } } });
    expect(stringField(field(answer.body, "error"), "message")).toMatch(/Try again in /);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(upstream.requests).toHaveLength(4);
    expect(JSON.stringify(answer.body)).not.toMatch(/cloudflare-token|1111111/);
  });
});

describe("several images of which some fail", () => {
  test("what was drawn is kept: the next engine draws the rest", async () => {
    upstream.script = (exchange) => {
      const { model, form } = readCloudflareCall(exchange.request);
      return model === KLEIN_9B && form?.get("seed")?.text === "2"
        ? answerError(exchange, 500, 1031, "AiError: down")
        : draws(exchange);
    };
    const answer = await post("/images/generate", { prompt: "A fox", count: 3, seed: 1 });
    expect(arrayField(answer.body, "images")).toHaveLength(3);
    expect(models().sort()).toEqual([KLEIN_4B, KLEIN_9B, KLEIN_9B, KLEIN_9B].sort());
  });
});

describe("an edit", () => {
  const decoded = async () => {
    const inputs = [...(calls()[0]?.form ?? [])].filter(([name]) => name.startsWith("input_image_"));
    return Promise.all(
      inputs.map(async ([name, { bytes, contentType }]) => {
        const { width, height, format, hasAlpha } = await sharp(bytes).metadata();
        return { name, contentType, width, height, format, hasAlpha };
      }),
    );
  };

  test("sends up to four images, each smaller than 512 by 512, in their order", async () => {
    const images = [png(2000, 1000), png(100, 100, 10), png(600, 1800), png(512, 512)];
    const answer = await post("/images/edit", {
      prompt: "All in one",
      images: images.map((bytes) => `data:image/png;base64,${bytes.toString("base64")}`),
    });
    expect(answer.status).toBe(200);
    const common = { contentType: "image/png", format: "png", hasAlpha: true };
    expect(await decoded()).toEqual([
      { name: "input_image_0", width: 511, height: 256, ...common },
      { name: "input_image_1", width: 100, height: 100, ...common },
      { name: "input_image_2", width: 170, height: 511, ...common },
      { name: "input_image_3", width: 511, height: 511, ...common },
    ]);
  });

  test("turns a photo as the camera was held, and takes the first frame of an animation", async () => {
    const photo = await sharp(png(400, 200)).withExif({}).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const frames = await sharp([png(40, 30), png(40, 30, 0)], { join: { animated: true } })
      .gif()
      .toBuffer();
    const form = new FormData();
    form.set("prompt", "Both");
    form.append("images", new Blob([new Uint8Array(photo)]), "photo.jpg");
    form.append("images", new Blob([new Uint8Array(frames)]), "frames.gif");
    expect((await post("/images/edit", form)).status).toBe(200);
    expect(await decoded()).toMatchObject([
      { width: 200, height: 400 },
      { width: 40, height: 30 },
    ]);
  });

  test("is never given to an engine that cannot", async () => {
    upstream.script = (exchange) => answerError(exchange, 500, 1031, "AiError: down");
    const image = png(10, 10).toString("base64");
    expect((await post("/images/edit", { prompt: "Red", image })).status).toBe(503);
    expect(new Set(models())).toEqual(new Set([KLEIN_9B, KLEIN_4B]));
  });

  test("takes uploads of the caller, and nobody else's", async () => {
    const upload = new FormData();
    upload.set("file", new Blob([new Uint8Array(png(30, 20))]), "a.png");
    const response = await proxy.fetch("http://gateway.test/api/attachments/upload", {
      method: "POST",
      headers: { authorization: `Bearer ${user.accessToken}` },
      body: upload,
    });
    const id = stringField(await response.json(), "id") ?? "";
    expect((await post("/images/edit", { prompt: "Red", images: [id] })).status).toBe(200);
    expect(await decoded()).toMatchObject([{ width: 30, height: 20 }]);
    const stranger = await database.signUp();
    const headers = { authorization: `Bearer ${stranger.accessToken}`, "content-type": "application/json" };
    const theirs = await post("/images/edit", { prompt: "Red", images: [id] }, { headers });
    expect(theirs).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
  });

  test.each([
    ["no image", Buffer.from("Just text, in base64."), 415],
    ["a bomb", pngClaiming(30_000, 30_000), 413],
    ["a GIF that takes most of a gigabyte", gifClaiming(7_000, 7_000), 413],
    ["a damaged image", pngClaiming(400, 400), 422],
  ])("%s is refused, and nothing is sent", async (_, bytes, status) => {
    const answer = await post("/images/edit", { prompt: "Red", image: bytes.toString("base64") });
    expect(answer.status).toBe(status);
    expect(upstream.requests).toEqual([]);
  });

  test("a request that the key's limits refuse has nothing scaled", async () => {
    let scaled = 0;
    const { createImages } = await import("#lib/server/wiring/images.ts");
    const counting = await startProxyGateway(database, cloudflareSettings(upstream.origin), undefined, {
      createImages: (parts) => {
        const images = createImages(parts);
        const scale: typeof images.scaler.scale = (...given) => {
          scaled += 1;
          return images.scaler.scale(...given);
        };
        return { ...images, scaler: { scale } };
      },
    });
    const key = await createKey(database, user.userId, { requestsPerMinute: 1, requestsAtOnce: 1 });
    const edit = async (bytes: Buffer): Promise<number> => {
      const response = await counting.fetch(`${counting.baseUrl}/images/edits`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({
          prompt: "Red",
          images: [{ image_url: `data:image/png;base64,${bytes.toString("base64")}` }],
        }),
      });
      await response.arrayBuffer();
      return response.status;
    };
    const statuses = [await edit(png(20, 20)), await edit(png(20, 20))];
    await counting.settled();
    await counting.stop();
    expect({ statuses, scaled }).toEqual({ statuses: [200, 429], scaled: 1 });
  });

  test("an image that cannot be scaled gives its place at the key back", async () => {
    const key = await createKey(database, user.userId, { requestsAtOnce: 1 });
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const edit = (bytes: Buffer) =>
      post("/images/edit", { prompt: "Red", image: bytes.toString("base64") }, { headers });
    expect((await edit(pngClaiming(400, 400))).status).toBe(422);
    await proxy.settled();
    expect((await edit(png(20, 20))).status).toBe(200);
  });

  test("fetches no address, and says what can be sent", async () => {
    const answer = await post("/images/edit", { prompt: "Red", images: ["https://example.com/a.png"] });
    expect(answer.status).toBe(400);
    expect(stringField(field(answer.body, "error"), "message")).toMatch(/"images\.0": must be a data: URL/);
  });

  test("needs an image, and takes no more than four", async () => {
    expect((await post("/images/edit", { prompt: "Red" })).status).toBe(400);
    const image = png(10, 10).toString("base64");
    expect((await post("/images/edit", { prompt: "Red", images: Array(5).fill(image) })).status).toBe(400);
    const form = new FormData();
    form.set("prompt", "Red");
    expect((await post("/images/edit", form)).status).toBe(400);
  });

  test.each([
    ["/images/edit", "a field that is given twice", ["prompt", "Blue"], "prompt"],
    ["/images/edits", "a field that is given twice", ["prompt", "Blue"], "prompt"],
    ["/images/edit", "a mask, which no engine takes", ["mask", new Blob([new Uint8Array(IMAGE)])], "mask"],
    ["/images/edits", "a mask, which no engine takes", ["mask", new Blob([new Uint8Array(IMAGE)])], "mask"],
    ["/images/edit", "a file in another field", ["picture", new Blob([new Uint8Array(IMAGE)])], "picture"],
    ["/images/edits", "a file in another field", ["picture", new Blob([new Uint8Array(IMAGE)])], "picture"],
  ] as const)("as a form at %s is refused with %s", async (path, _, [name, value], param) => {
    const form = new FormData();
    form.set("prompt", "Red");
    form.append("image", new Blob([new Uint8Array(IMAGE)]), "a.png");
    form.append(name, value);
    const { status, body } = await post(path, form);
    expect({ status, text: JSON.stringify(body) }).toMatchObject({
      status: 400,
      text: expect.stringContaining(`"${param}"`),
    });
    expect(upstream.requests).toEqual([]);
  });
});

describe("a client that leaves", () => {
  test("closes the call to the engine", async () => {
    const leaving = new AbortController();
    const asked = Promise.withResolvers<void>();
    upstream.script = async (exchange) => {
      asked.resolve();
      await exchange.closed();
    };
    const answer = post("/images/generate", { prompt: "A fox" }, { signal: leaving.signal }).catch(
      () => undefined,
    );
    await asked.promise;
    leaving.abort();
    await answer;
    await expect.poll(() => upstream.inFlight).toBe(0);
    expect(upstream.requests).toHaveLength(1);
  });
});

describe("the ledger", () => {
  test("has a row for the turn with its engine, and no cost on the free allowance", async () => {
    const owner = await database.signUp();
    const headers = { authorization: `Bearer ${owner.accessToken}`, "content-type": "application/json" };
    await post("/images/generate", { prompt: "A fox", count: 2 }, { headers });
    await proxy.settled();
    const rows = await database.sql`
      select tier, backend, model, status, delivered, cost_usd::float, route
      from public.ai_chat_usage where user_id = ${owner.userId}`;
    expect(rows).toEqual([
      {
        ...{ tier: "images", backend: "cloudflare", model: KLEIN_9B, status: "completed" },
        ...{ delivered: true, cost_usd: 0, route: "/api/v1/images/generate" },
      },
    ]);
  });

  test("has the price of every image that was drawn, where the provider bills", async () => {
    const paying = await startProxyGateway(database, {
      ...cloudflareSettings(upstream.origin, 1),
      PAID_PROVIDERS: "cloudflare",
    });
    const owner = await database.signUp();
    upstream.script = (exchange) => {
      const { model, form } = readCloudflareCall(exchange.request);
      return model === KLEIN_9B && form?.get("seed")?.text === "2"
        ? answerError(exchange, 500, 1031, "AiError: down")
        : draws(exchange);
    };
    const response = await paying.fetch(`${paying.baseUrl}/images/generate`, {
      method: "POST",
      headers: { authorization: `Bearer ${owner.accessToken}`, "content-type": "application/json" },
      body: JSON.stringify({ prompt: "A fox", count: 3, seed: 1 }),
    });
    expect(response.status).toBe(200);
    await paying.settled();
    await paying.stop();
    const [row] = await database.sql`
      select cost_usd::float from public.ai_chat_usage where user_id = ${owner.userId}`;
    // Two of the first engine, one of the second.
    expect(row?.["cost_usd"]).toBeCloseTo(2 * 0.015 + 0.00115, 6);
  });
});

describe("without sharp", () => {
  test("images that are small enough pass as they are, others are refused with what to do", async () => {
    const { createImages } = await import("#lib/server/wiring/images.ts");
    const { createSharpScaler } = await import("#lib/adapters/images/sharp-scaler.ts");
    const bare = await startProxyGateway(database, cloudflareSettings(upstream.origin), undefined, {
      createImages: (parts) => ({
        ...createImages(parts),
        scaler: createSharpScaler(parts.engines.logger, () =>
          Promise.reject(new Error("Cannot find package")),
        ),
      }),
    });
    const edit = async (bytes: Buffer) => {
      const response = await bare.fetch(`${bare.baseUrl}/images/edit`, {
        method: "POST",
        headers: { authorization: `Bearer ${user.accessToken}`, "content-type": "application/json" },
        body: JSON.stringify({ prompt: "Red", image: bytes.toString("base64") }),
      });
      return { status: response.status, body: (await response.json()) as unknown };
    };
    const small = png(511, 511);
    expect((await edit(small)).status).toBe(200);
    expect(calls()[0]?.form?.get("input_image_0")?.bytes.equals(small)).toBe(true);
    const large = await edit(png(512, 10));
    expect(large).toMatchObject({ status: 503, body: { error: { code: "not_configured" } } });
    expect(JSON.stringify(large.body)).toContain("sharp");
    await bare.stop();
  });
});

test("the size of an image is read from its head, whatever format", () => {
  expect(imageFileOf(jpegHead(4000, 3000))).toMatchObject({ type: "jpeg", width: 4000, height: 3000 });
  expect(imageFileOf(Buffer.alloc(0))).toBeUndefined();
});
