import { type ClientRequest, request as httpRequest } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BAD_INPUTS } from "../support/bad-inputs.ts";
import { bearer, credentialsOf } from "../support/credentials.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, databaseSettings, modelsConfig } from "../support/test-gateway.ts";
import { type HostName, type ServedGateway, serveGateway } from "./served-gateway.ts";

/**
 * What the contract tests ask of the routes in process, asked over HTTP of the hosts that serve them.
 */
let database: TestSupabase;
let upstream: FakeUpstream;
let user: TestUser;
let keys: { live: string; revoked: string };
let origin: string;
const credentials = credentialsOf(() => ({ database, user, keys, origin }));

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Answered."));
  user = await database.signUp();
  keys = {
    live: await createKey(database, user.userId),
    revoked: await createKey(database, user.userId, { revoked: true }),
  };
});
beforeEach(() => {
  upstream.requests.length = 0;
});
afterAll(async () => {
  await upstream.stop();
  await database.stop();
});

type Answer = { status: number | undefined; headers: Record<string, unknown>; body: string };

/** A client that sends every header as it is told to, and reads an answer that comes before its body is out. */
function send(
  url: string,
  method: string,
  headers: Record<string, string>,
  body?: string | Uint8Array,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let answered = false;
    const request: ClientRequest = httpRequest(url, { method, headers }, (response) => {
      answered = true;
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("close", () =>
        resolve({ status: response.statusCode, headers: response.headers, body: text }),
      );
    });
    request.on("error", (error) => {
      if (!answered) reject(error);
    });
    request.end(body);
  });
}

const json = { "content-type": "application/json" };

describe.each<{ host: HostName }>([{ host: "start" }, { host: "next-start" }])("under $host", ({ host }) => {
  let gateway: ServedGateway;
  beforeAll(async () => {
    gateway = await serveGateway(host, {
      ...databaseSettings(database),
      AUTH_FAILURES_PER_MINUTE: "0",
      MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }, { modes: ["smart", "vision"] }),
    });
    origin = gateway.url;
  });
  afterAll(async () => {
    await gateway.stop();
  });

  test.each(credentials.all)("$name", async ({ headers, user: expected, account = expected }) => {
    const sent = await headers();
    const ask = { ...json, ...sent };
    const chat = await send(`${gateway.url}/api/ai-chat`, "POST", ask, JSON.stringify({ message: "Hi" }));
    expect(chat.status).toBe(expected === "in" ? 200 : expected);
    expect(chat.headers["x-request-id"]).toBeTruthy();
    const key = await send(`${gateway.url}/api/keys`, "POST", ask, JSON.stringify({ name: "a key" }));
    expect(key.status).toBe(account === "in" ? 201 : account);
    expect((await send(`${gateway.url}/api/health`, "GET", sent)).status).toBe(200);
    expect((await send(`${gateway.url}/api/nothing`, "GET", sent)).status).toBe(404);
  });

  // Over HTTP a Content-Length that lies is not the body's length: the host has its own word on it.
  test.each(BAD_INPUTS.filter(({ headers }) => headers?.["content-length"] === undefined))(
    "$name is told so",
    async ({ body, headers = {}, status = 400, code = "invalid_request", says = /./ }) => {
      const bytes = body instanceof Uint8Array || typeof body === "string" ? body : JSON.stringify(body);
      const sent = { ...json, ...bearer(keys.live), ...headers };
      const answer = await send(`${gateway.url}/api/ai-chat`, "POST", sent, bytes);
      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.body)).toMatchObject({
        error: { code, message: expect.stringMatching(says), requestId: answer.headers["x-request-id"] },
      });
      expect(upstream.requests).toEqual([]);
    },
  );

  test("a turn goes well, and its usage is stored under the request id", async () => {
    const sent = { ...json, ...bearer(keys.live) };
    const answer = await send(`${gateway.url}/api/ai-chat`, "POST", sent, '{"message":"Hi"}');
    expect(answer.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
    expect(answer.body).toMatch(/^data: \{"type":"session"[\s\S]*data: \{"type":"done".*\n\n$/);
    const id = String(answer.headers["x-request-id"]);
    const [row] = await database.sql`select status from public.ai_chat_usage where id = ${id}`;
    expect(row).toEqual({ status: "completed" });
  });

  test.each(["PUT", "PATCH", "DELETE", "GET"])(
    "%s of a route that only takes POST is 405",
    async (method) => {
      const answer = await send(`${gateway.url}/api/ai-chat`, method, {});
      expect(answer.status).toBe(405);
      expect(answer.headers["allow"]).toBe("POST, OPTIONS");
      expect(answer.body).toContain("method_not_allowed");
    },
  );
});
