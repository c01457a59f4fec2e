import { once } from "node:events";
import type { Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createLogger } from "#lib/adapters/logger.ts";
import { createSelfHost, type SelfHost } from "#lib/server/host/self-host.ts";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { answers } from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { rawClient } from "../support/raw-client.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { eventually } from "../support/test-gateway.ts";

const MEGABYTE = 1024 * 1024;
let database: TestSupabase;
let gateway: ProxyGateway;
let host: SelfHost;
let url: string;
let users: TestUser[];
const sockets: Socket[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  // The least there may be: 32 MB a caller.
  gateway = await startProxyGateway(database, { BODY_MEMORY_MB: "64" });
  users = [await database.signUp(), await database.signUp(), await database.signUp()];
  host = createSelfHost({
    routeOf: apiRouter(async () => gateway.gateway.gateway),
    logger: createLogger([], () => undefined),
    pages: async (_incoming, outgoing) => {
      outgoing.end();
    },
    graceMs: 0,
  });
  url = `http://127.0.0.1:${await host.listen(0, "127.0.0.1")}`;
});
afterAll(async () => {
  await host.stop();
  await gateway.stop();
  await database.stop();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await eventually("all memory is given back", () => taken() === 0);
});

const taken = (): number => gateway.gateway.gateway.bodies.taken;
const tokenOf = (index: number): string => users[index]?.accessToken ?? "";

/** An upload that says how long it will be, and then sends no more than this. */
async function upload(user: number, megabytes: number, path = "/api/v1/chat/completions", start = "{") {
  const before = taken();
  const client = await rawClient(
    url,
    `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokenOf(user)}\r\n` +
      `content-type: application/json\r\ncontent-length: ${megabytes * MEGABYTE}\r\n\r\n${start}`,
  );
  sockets.push(client.socket);
  await Promise.race([eventually("it has its place", () => taken() > before), client.until("\r\n\r\n")]);
  return client;
}

function post(user: number, body: unknown, path = "/api/v1/chat/completions"): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${tokenOf(user)}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
const ask = { model: "smart", messages: [{ role: "user", content: "Hi" }] };

describe("bodies under way", () => {
  test.each([
    { path: "/api/v1/chat/completions", error: { code: "rate_limit_exceeded", type: "rate_limit_error" } },
    { path: "/api/v1/responses", error: { code: "rate_limit_exceeded" } },
    { path: "/api/v1/messages", error: { type: "rate_limit_error" } },
    { path: "/api/v1/embeddings", error: { code: "rate_limit_exceeded" } },
    { path: "/api/ai-chat", error: { code: "rate_limited" } },
  ])("past a caller's part are refused before they are read: $path", async ({ path, error }) => {
    await upload(0, 20);
    const refused = await upload(0, 13, path);
    await refused.until("}");
    expect(refused.text).toMatch(/^HTTP\/1\.1 429 /);
    expect(refused.text.toLowerCase()).toContain("retry-after: 2");
    expect(JSON.parse(refused.text.slice(refused.text.indexOf("{")))).toMatchObject({ error });
    expect((await post(0, ask)).status).toBe(200);
  });

  test("past the part of the process are refused to everybody, and small ones go on", async () => {
    // Two callers announce as much as they can.
    await upload(0, 24);
    await upload(1, 24);
    const refused = await upload(2, 1);
    await refused.until("}");
    expect(refused.text).toMatch(/^HTTP\/1\.1 503 /);
    expect(refused.text).toContain('"code":"overloaded"');
    expect(refused.text.toLowerCase()).toContain("retry-after: 2");
    expect((await post(2, ask)).status).toBe(200);
    expect((await fetch(`${url}/api/health`)).status).toBe(200);
  });

  test("are refused as too large where one alone passes a caller's part", async () => {
    // 25 MB of text, and 20 MB more for what its objects take.
    const body = `{"model":"smart","x":"${"a".repeat(22 * MEGABYTE)}","y":[${Array(150_000).fill("{}").join(",")}]}`;
    const response = await fetch(`${url}/api/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${tokenOf(0)}`, "content-type": "application/json" },
      body,
    });
    expect(response.status).toBe(413);
    expect(await response.text()).toContain("BODY_MEMORY_MB");
  });

  test("count by what came where no length is told", async () => {
    await upload(0, 20);
    const client = await rawClient(
      url,
      `POST /api/v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokenOf(0)}\r\n` +
        'content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{"\r\n',
    );
    sockets.push(client.socket);
    const piece = `100000\r\n${"a".repeat(MEGABYTE)}\r\n`;
    for (let sent = 0; sent < 14; sent++) client.socket.write(piece);
    await client.until("429 Too Many Requests");
  });

  test("count for what their values will take, beside their length", async () => {
    const values = Array(150_000).fill("{}");
    const [first, second] = await Promise.all([
      upload(0, 2, undefined, `{"x":[${values.join(",")}`),
      upload(1, 2),
    ]);
    await eventually("its values are counted", () => taken() > 15 * MEGABYTE);
    first.socket.destroy();
    second.socket.destroy();
  });

  test("give their memory back when the client leaves, is refused, or has its answer", async () => {
    const left = await upload(0, 24);
    left.socket.destroy();
    await eventually("it is given back", () => taken() === 0);
    expect((await post(0, { ...ask, messages: 5 })).status).toBe(400);
    expect((await post(0, ask)).status).toBe(200);
    await eventually("it is given back", () => taken() === 0);
  });

  test.each(["/api/v1/chat/completions", "/api/ai-chat"])(
    "are held for as long as their answer streams: %s",
    async (path) => {
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      gateway.first.script = async (exchange) => {
        await released;
        await answers("Late.")(exchange);
      };
      const body = path === "/api/ai-chat" ? { message: "Hi", model: "smart" } : { ...ask, stream: true };
      const asked = post(0, body, path);
      await eventually("its memory is taken", () => taken() > 0);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(taken()).toBeGreaterThan(0);
      release();
      expect(await (await asked).text()).toContain("Late.");
      await eventually("it is given back", () => taken() === 0);
      gateway.first.script = answers("Hello from first.");
    },
  );
});

test("a connection that was refused can be used again once the upload has ended", async () => {
  await upload(0, 20);
  const client = await upload(0, 13);
  await client.until("429 Too Many Requests");
  const rest = Buffer.alloc(13 * MEGABYTE - 1, "a");
  client.socket.write(rest);
  client.socket.write("GET /api/health HTTP/1.1\r\nhost: x\r\n\r\n");
  await client.until('"status":"ok"');
  if (!client.socket.destroyed) {
    client.socket.destroy();
    await once(client.socket, "close");
  }
});
