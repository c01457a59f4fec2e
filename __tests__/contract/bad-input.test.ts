import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BAD_INPUTS, deep, hi } from "../support/bad-inputs.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  aHost,
  aRequest,
  type HttpHost,
  listen,
  modelsConfig,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

const MEGABYTE = 1024 * 1024;

let database: TestSupabase;
let upstream: FakeUpstream;
let user: TestUser;
let gateway: TestGateway;
let host: HttpHost;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Answered."));
  user = await database.signUp();
  gateway = await startTestGateway({
    database,
    settings: {
      MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }, { modes: ["smart", "vision"] }),
    },
  });
  host = await listen(gateway.aiChat);
});

beforeEach(() => {
  upstream.requests.length = 0;
});

afterAll(async () => {
  await host.stop();
  await gateway.stop();
  await upstream.stop();
  await database.stop();
});

async function rowsStored(): Promise<number> {
  const [found] = await database.sql`
    select (select count(*) from public.ai_chat_usage) + (select count(*) from public.ai_chat_sessions)
         + (select count(*) from public.ai_events) + (select coalesce(sum(used), 0) from public.ai_quota_counters) as n`;
  return Number(found?.["n"]);
}

describe("bad input is told what is wrong, stored nowhere and sent nowhere", () => {
  test.each(BAD_INPUTS)(
    "$name",
    async ({ body, headers = {}, status = 400, code = "invalid_request", says = /./ }) => {
      const before = await rowsStored();
      const bytes = body instanceof Uint8Array ? { body: body as Uint8Array<ArrayBuffer> } : {};
      const answer = await gateway.ask(user.accessToken, body, { headers, ...bytes });
      expect(answer.status).toBe(status);
      const parsed = JSON.parse(answer.raw) as { error: { message: string } };
      expect(parsed).toEqual({
        error: {
          code,
          message: expect.stringMatching(says),
          requestId: answer.headers.get("x-request-id"),
          ...(answer.raw.includes('"details"') ? { details: { issues: expect.any(Array) } } : {}),
        },
      });
      // A clear answer is a short one: nothing of the input comes back.
      expect(answer.raw.length).toBeLessThan(2_000);
      expect(answer.raw).not.toMatch(/<script>|\bat .*\.ts:\d/);
      expect(await rowsStored()).toBe(before);
      expect(upstream.requests).toEqual([]);
    },
  );
});

describe("odd input that can be read is answered", () => {
  test.each([
    { name: "unknown fields are ignored", body: hi('"__proto__":{"admin":true},"stream":false,"x":1') },
    { name: "null for what may be absent", body: hi('"sessionId":null,"image":null') },
    { name: "depth 190 in a field nobody reads", body: hi(`"x":${deep(190)}`) },
    { name: "a lone surrogate", body: '{"message":"a\\ud800b"}' },
    { name: "NUL and line breaks", body: '{"message":"a\\u0000\\r\\n\\u2028b"}' },
    { name: "a byte order mark", body: `\ufeff${hi('"model":"smart"')}` },
    { name: "200 000 characters", body: { message: "x".repeat(200_000) } },
    {
      name: "a charset beside the content type",
      body: { message: "Hi" },
      headers: { "content-type": "Application/JSON; charset=utf-8" },
    },
  ])("$name", async ({ body, headers = {} }) => {
    const answer = await gateway.ask(user.accessToken, body, { headers });
    expect(answer.text).toBe("Answered.");
    expect(upstream.requests).toHaveLength(1);
    expect(upstream.requests[0]?.text).not.toMatch(/\\ud800|\\u0000/);
  });

  test("an image of twelve megabytes, in no time worth mentioning", async () => {
    const image = `data:image/jpeg;base64,${"A".repeat(12 * MEGABYTE)}==`;
    const from = performance.now();
    const answer = await gateway.ask(user.accessToken, { message: "See?", image });
    expect(answer.text).toBe("Answered.");
    expect(performance.now() - from).toBeLessThan(3_000);
  });

  test("no content type at all", async () => {
    const request = aRequest(user.accessToken, { message: "Hi" });
    request.headers.delete("content-type");
    const response = await gateway.aiChat(request, aHost());
    expect(response.status).toBe(200);
    await response.text();
  });
});

describe("over a real socket", () => {
  type HttpAnswer = { status: number | undefined; body: string };

  test("26 MB in chunks, without a length: 413 long before the end", async () => {
    let sent = 0;
    const answer = await new Promise<HttpAnswer>((resolve, reject) => {
      const headers = { authorization: `Bearer ${user.accessToken}`, "content-type": "application/json" };
      const request = httpRequest(`${host.url}/api/ai-chat`, { method: "POST", headers }, (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on("end", () => {
          request.destroy();
          resolve({ status: response.statusCode, body });
        });
      });
      request.on("error", reject);
      const piece = "x".repeat(MEGABYTE);
      const more = (): void => {
        sent += 1;
        if (sent > 200 || request.destroyed) return;
        request.write(piece, () => setImmediate(more));
      };
      request.write('{"message":"');
      more();
    });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: "payload_too_large" } });
    expect(sent).toBeLessThan(60);
  });

  test("a client that breaks off in the middle of its body is no fault of ours", async () => {
    const before = await rowsStored();
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(host.url).port), "127.0.0.1", () => {
        socket.write(
          `POST /api/ai-chat HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${user.accessToken}\r\n` +
            'content-type: application/json\r\ncontent-length: 100\r\n\r\n{"message":',
        );
        setTimeout(() => socket.resetAndDestroy(), 30);
      });
      socket.on("close", () => resolve());
      socket.on("error", () => resolve());
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await rowsStored()).toBe(before);
    expect(upstream.requests).toEqual([]);
  });

  test("a body that breaks off is 499, not 500", async () => {
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('{"mess'));
        controller.error(new Error("aborted"));
      },
    });
    const init = {
      method: "POST",
      headers: { authorization: `Bearer ${user.accessToken}` },
      body,
      duplex: "half",
    } as const;
    const response = await gateway.aiChat(new Request("http://gateway.test/api/ai-chat", init), aHost());
    expect(response.status).toBe(499);
  });
});
