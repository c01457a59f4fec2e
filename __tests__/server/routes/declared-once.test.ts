import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { API } from "#lib/server/routes/api-routes.ts";
import { apiTable, serveApi } from "#lib/server/routes/api-table.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../../support/test-database.ts";
import {
  aHost,
  createKey,
  modelsConfig,
  type Settings,
  startTestGateway,
  type TestGateway,
} from "../../support/test-gateway.ts";

/** All that it takes to add a route: its declaration, and its place in the table. */
const shout = declareRoute({
  path: "/api/v1/shout/[id]",
  access: "proxy",
  errors: "openai",
  methods: {
    POST: {
      summary: "Says it louder",
      answers: async () => ({ 200: { description: "Loud.", json: z.object({ loud: z.string() }) } }),
      body: jsonBody({
        schema: z.object({ text: z.string().max(10) }),
        maxBytes: 1_000,
        read: ({ text }) => text.toUpperCase(),
      }),
      answer: async ({ body, caller }: GatewayCall<"proxy", string>): Promise<PlainResponse> =>
        jsonResponse({ loud: body, caller: caller.kind }),
    },
  },
});
const whoami = declareRoute({
  path: "/api/whoami",
  access: "user",
  errors: "anthropic",
  methods: {
    GET: {
      summary: "The user",
      answers: async () => ({ 200: { description: "You.", json: z.object({ userId: z.string() }) } }),
      answer: async ({ caller }: GatewayCall<"user">): Promise<PlainResponse> =>
        jsonResponse({ userId: caller.userId }),
    },
  },
});
const api = apiTable([...API.routes.filter((route) => route !== API.openApi), shout, whoami]);

let database: TestSupabase;
let upstream: FakeUpstream;
let gateway: TestGateway;
let user: TestUser;
let key: string;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Hi."));
  user = await database.signUp();
  key = await createKey(database, user.userId);
  gateway = await start({ ENABLE_OPENAI_PROXY: "true" });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await database.stop();
});

const start = (settings: Settings): Promise<TestGateway> =>
  startTestGateway({
    database,
    settings: { MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }), ...settings },
  });

async function call(
  path: string,
  options: { method?: string; credential?: string; body?: BodyInit; via?: TestGateway } = {},
): Promise<{ status: number; headers: Headers; body: unknown }> {
  const { method = "GET", credential, body, via = gateway } = options;
  const request = new Request(`http://gateway.test${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
    },
    ...(body === undefined ? {} : { body, duplex: "half" }),
  });
  const response = await serveApi(api, async () => via.gateway)(path)(request, aHost());
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? "" : JSON.parse(text) };
}

/** A body that must not be read. */
function untouchable(): { body: ReadableStream; readonly isRead: boolean } {
  let isRead = false;
  const body = new ReadableStream(
    {
      pull(controller) {
        isRead = true;
        controller.enqueue(new TextEncoder().encode('{"text":"hi"}'));
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return {
    body,
    get isRead() {
      return isRead;
    },
  };
}

const POST = { method: "POST", body: '{"text":"hi"}' };

describe("a route that is declared once", () => {
  test("is served, with its caller and its body as it reads it", async () => {
    expect(await call("/api/v1/shout/7", { ...POST, credential: key })).toMatchObject({
      status: 200,
      body: { loud: "HI", caller: "key" },
    });
    expect(await call("/api/whoami", { credential: user.accessToken })).toMatchObject({
      status: 200,
      body: { userId: user.userId },
    });
  });

  test("is guarded by its access, in the shape of its errors", async () => {
    const refused = await call("/api/v1/shout/7", POST);
    expect(refused).toMatchObject({ status: 401, body: { error: { type: "authentication_error" } } });
    const forKey = await call("/api/whoami", { credential: key });
    expect(forKey).toMatchObject({ status: 403, body: { type: "error" } });
    expect(forKey.headers.get("request-id")).toBe(forKey.headers.get("x-request-id"));
  });

  test("identifies the caller before a byte of the body is read", async () => {
    const stranger = untouchable();
    const refused = await call("/api/v1/shout/7", { method: "POST", body: stranger.body, credential: "x" });
    expect([refused.status, stranger.isRead]).toEqual([401, false]);
    const known = untouchable();
    const served = await call("/api/v1/shout/7", { method: "POST", body: known.body, credential: key });
    expect([served.status, known.isRead]).toEqual([200, true]);
  });

  test("checks the body by its schema and its limit", async () => {
    const long = await call("/api/v1/shout/7", {
      ...POST,
      body: '{"text":"much too long"}',
      credential: key,
    });
    expect(long).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining("text") } },
    });
    const large = await call("/api/v1/shout/7", { ...POST, body: " ".repeat(1_001), credential: key });
    expect(large.status).toBe(413);
  });

  test("says its methods, and 405 to others", async () => {
    const options = await call("/api/v1/shout/7", { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "POST, OPTIONS"]);
    const get = await call("/api/v1/shout/7");
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
    expect((await call("/api/whoami", { method: "HEAD", credential: user.accessToken })).status).toBe(200);
  });

  test("is off with the OpenAI-compatible routes, if its access is theirs", async () => {
    const off = await start({});
    expect((await call("/api/v1/shout/7", { ...POST, credential: key, via: off })).status).toBe(404);
    expect((await call("/api/whoami", { credential: user.accessToken, via: off })).status).toBe(200);
    await off.stop();
  });

  test("is in the OpenAPI document", async () => {
    const { body } = await call("/api/openapi.json");
    expect(body).toMatchObject({
      paths: {
        "/api/v1/shout/{id}": {
          parameters: [{ name: "id", in: "path" }],
          post: {
            summary: "Says it louder",
            description: expect.stringContaining("ENABLE_OPENAI_PROXY"),
            security: [{ bearer: [] }, { apiKey: [] }],
            requestBody: {
              content: { "application/json": { schema: { properties: { text: { maxLength: 10 } } } } },
            },
            responses: {
              200: {
                content: { "application/json": { schema: { properties: { loud: { type: "string" } } } } },
              },
              default: {
                content: { "application/json": { schema: { $ref: "#/components/schemas/OpenAiError" } } },
              },
            },
          },
        },
        "/api/whoami": { get: { security: [{ bearer: [] }, { session: [] }] } },
      },
    });
  });

  test.each([
    ["/api/shout/7", "/api/v1/shout/7"],
    ["/v1/shout/7", "/api/v1/shout/7"],
    ["/api/v1/v1/shout/7", "/api/v1/shout/7"],
    ["/v1/whoami", "/api/whoami"],
    ["/api/v1/whoami", "/api/whoami"],
    ["/v1/chat/completions", "/api/v1/chat/completions"],
    ["/api/models", "/api/v1/models"],
  ])("is what a 404 advises for %s", async (path, meant) => {
    expect(await call(path)).toMatchObject({
      status: 404,
      body: { error: { message: expect.stringContaining(`Did you mean ${meant}?`) } },
    });
  });

  test.each([
    "/api",
    "/api/v1",
    "/api/v1/shout",
    "/api/shouting/7",
    "/api/constructor",
    `/api/shout/${"x".repeat(300)}`,
  ])("is not advised for %s", async (path) => {
    const { status, body } = await call(path);
    expect([status, JSON.stringify(body).includes("Did you mean")]).toEqual([404, false]);
  });

  test("is looked for outside /api, if clients post there", () => {
    expect([api.isMisplaced("/shout/7"), api.isMisplaced("/whoami")]).toEqual([true, false]);
  });
});

describe("a declaration that does not fit does not compile", () => {
  const docs = { summary: "x", answers: async () => ({}) };
  const forProxy = async (_: GatewayCall<"proxy">): Promise<PlainResponse> => jsonResponse({});
  const forCaller = async (_: GatewayCall<"caller">): Promise<PlainResponse> => jsonResponse({});
  const withText = async (_: GatewayCall<"proxy", string>): Promise<PlainResponse> => jsonResponse({});
  const toNumber = jsonBody({ schema: z.object({}), maxBytes: 1, read: () => 7 });
  const mixed = { ...docs, body: toNumber, answer: withText };
  const base = { path: "/api/x", errors: "native" } as const;

  test("the compiler says so: see the marks", () => {
    declareRoute({ ...base, access: "proxy", methods: { GET: { ...docs, answer: forProxy } } });
    // @ts-expect-error No access.
    declareRoute({ ...base, methods: { GET: { ...docs, answer: forProxy } } });
    // @ts-expect-error No such access.
    declareRoute({ ...base, access: "anybody", methods: { GET: { ...docs, answer: forProxy } } });
    // @ts-expect-error A handler that needs a caller, on a route that asks for none.
    declareRoute({ ...base, access: "public", methods: { GET: { ...docs, answer: forProxy } } });
    // @ts-expect-error A handler that needs a user or a key, on a route that lets in more.
    declareRoute({ ...base, access: "proxy", methods: { GET: { ...docs, answer: forCaller } } });
    // @ts-expect-error A handler that needs a body, of an operation that reads none.
    declareRoute({ ...base, access: "proxy", methods: { POST: { ...docs, answer: withText } } });
    // @ts-expect-error A handler that needs another body than is read.
    declareRoute({ ...base, access: "proxy", methods: { POST: mixed } });
    // @ts-expect-error No documentation.
    declareRoute({ ...base, access: "proxy", methods: { GET: { answer: forProxy } } });
    // @ts-expect-error No such method.
    declareRoute({ ...base, access: "proxy", methods: { FETCH: { ...docs, answer: forProxy } } });
    // @ts-expect-error A reader that takes what the schema does not give.
    jsonBody({ schema: z.object({ a: z.string() }), maxBytes: 1, read: (body: { b: string }) => body.b });
    expect(true).toBe(true);
  });
});

test("an error of a handler has the shape of its route, and says nothing of the inside", async () => {
  const failing = declareRoute({
    path: "/api/failing",
    access: "public",
    errors: "openai",
    methods: {
      GET: {
        summary: "Fails",
        answers: async () => ({}),
        answer: async (_: GatewayCall<"public">): Promise<PlainResponse> => {
          throw new GatewayError("conflict", "Twice.");
        },
      },
    },
  });
  const route = serveApi(apiTable([failing]), async () => gateway.gateway)("/api/failing");
  const response = await route(new Request("http://gateway.test/api/failing"), aHost());
  expect([response.status, await response.json()]).toMatchObject([409, { error: { code: "conflict" } }]);
});
