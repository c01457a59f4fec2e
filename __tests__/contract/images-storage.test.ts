import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { stringField } from "#lib/shared/json.ts";
import { answerImage, cloudflareSettings } from "../support/cloudflare-upstream.ts";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { png } from "../support/images.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { type S3Server, startS3Server, TEST_SECRET_KEY } from "../support/s3-server.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";

const IMAGE = png(64, 48);

let database: TestSupabase;
let upstream: FakeUpstream;
let storage: S3Server;
let user: TestUser;
let proxy: ProxyGateway;
const log: string[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream((exchange) => answerImage(exchange, IMAGE));
  storage = await startS3Server();
  proxy = await startProxyGateway(
    database,
    { ...cloudflareSettings(upstream.origin), ...storage.settings },
    (line) => log.push(line),
  );
}, 60_000);
beforeEach(async () => {
  user = await database.signUp();
});
afterAll(async () => {
  await proxy.stop();
  await Promise.all([upstream.stop(), storage.stop()]);
  await database.stop();
});

async function post(path: string, body: object, via: ProxyGateway = proxy, credential = user.accessToken) {
  const response = await via.fetch(`${via.baseUrl}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${credential}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
}

describe("with an object storage", () => {
  test("an image has an address that works for a week, and is private without its signature", async () => {
    const { body } = await post("/images/generate", { prompt: "A fox" });
    const url = stringField(body, "url") ?? "";
    const served = await fetch(url);
    expect(served.status).toBe(200);
    expect(served.headers.get("content-type")).toBe("image/png");
    expect(Buffer.from(await served.arrayBuffer()).equals(IMAGE)).toBe(true);
    expect(new URL(url).searchParams.get("X-Amz-Expires")).toBe("604800");
    expect(new URL(url).pathname).toMatch(
      new RegExp(`/images/${user.userId}/[\\d-]{10}/[0-9a-f-]{36}\\.png$`),
    );
    expect(JSON.stringify(body) + log.join("")).not.toContain(TEST_SECRET_KEY);
  });

  test("an image in a public bucket has its lasting address", async () => {
    const open = await startProxyGateway(database, {
      ...cloudflareSettings(upstream.origin),
      ...storage.settings,
      R2_PUBLIC_URL: "https://images.example.com/all",
    });
    const { body } = await post("/images/generate", { prompt: "A fox" }, open);
    expect(stringField(body, "url")).toMatch(/^https:\/\/images\.example\.com\/all\/images\/[^?]+\.png$/);
    await open.stop();
  });

  test("the OpenAI-shaped route answers with addresses if it is asked to, and stores nothing otherwise", async () => {
    const before = (await storage.keys()).length;
    const asked = await post("/images/generations", { model: "dall-e-3", prompt: "A fox", n: 2 });
    expect(asked.body).toMatchObject({ data: [{ url: expect.any(String) }, { url: expect.any(String) }] });
    expect(asked.headers.get("x-sarmalink-dropped")).toBeNull();
    expect(await storage.keys()).toHaveLength(before + 2);
    const inline = await post("/images/generations", { model: "gpt-image-1", prompt: "A fox" });
    expect(inline.body).toMatchObject({ data: [{ b64_json: IMAGE.toString("base64") }] });
    expect(await storage.keys()).toHaveLength(before + 2);
  });

  test("a storage that fails takes nothing from the answer; the operator is told", async () => {
    const wrong = await startProxyGateway(
      database,
      { ...cloudflareSettings(upstream.origin), ...storage.settings, R2_SECRET_ACCESS_KEY: "a-wrong-one" },
      (line) => log.push(line),
    );
    const { status, body } = await post("/images/generate", { prompt: "A fox" }, wrong);
    expect(status).toBe(200);
    expect(body).toMatchObject({ url: null, base64: IMAGE.toString("base64") });
    expect(log.join("\n")).toContain("An image could not be stored");
    await wrong.stop();
  });
});
