import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Access } from "#lib/server/http/access.ts";
import { METHODS, methodsOf } from "#lib/server/http/declaration.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";
import { serveRoute } from "#lib/server/http/route.ts";
import { API, notFound } from "#lib/server/routes/api-routes.ts";
import type { GatewayRoute } from "#lib/server/routes/gateway-route.ts";
import { bearer, credentialsOf, FOREIGN } from "../support/credentials.ts";
import { PNG } from "../support/documents.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  aHost,
  createKey,
  modelsConfig,
  type Settings,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

/** What the contract says of a route, and a call of it. */
type Expected = {
  access: Access;
  methods: readonly string[];
  errors: GatewayRoute["errors"];
  /** The status of a call that is let in. */
  success: number;
  body?: unknown;
};

const HI = [{ role: "user", content: "Hi" }];
/** Errors of engines, which say whether the same request may succeed. */
const OF_ENGINES = ["model_not_found", "no_engine_configured"];

/**
 * The public routes as the contract has them, not as the table does: a route whose access is changed by
 * mistake fails here. The rows of the matrix are those of the table.
 */
const EXPECTED: Readonly<Record<string, Expected>> = {
  "/api/ai-chat": {
    access: "caller",
    methods: ["POST"],
    errors: "native",
    success: 200,
    body: { message: "Hi" },
  },
  "/api/attachments/upload": {
    access: "caller",
    methods: ["POST"],
    errors: "native",
    success: 201,
    body: { data: PNG.toString("base64") },
  },
  "/api/v1/export/pdf": {
    access: "caller",
    methods: ["POST"],
    errors: "native",
    success: 200,
    body: { content: "# One" },
  },
  "/api/v1/export/xlsx": {
    access: "caller",
    methods: ["POST"],
    errors: "native",
    success: 200,
    body: { headers: ["One"], rows: [[1]] },
  },
  // Nothing is configured there, and that is told to callers only.
  "/api/attachments/[id]": { access: "caller", methods: ["GET"], errors: "native", success: 503 },
  "/api/attachments/uploads": {
    access: "caller",
    methods: ["POST"],
    errors: "native",
    success: 503,
    body: { bytes: 10 },
  },
  "/api/attachments/uploads/[id]/complete": {
    access: "caller",
    methods: ["POST"],
    errors: "native",
    success: 503,
  },
  "/api/keys": {
    access: "user",
    methods: ["POST", "GET"],
    errors: "native",
    success: 201,
    body: { name: "made by the matrix" },
  },
  "/api/keys/[id]": {
    access: "user",
    methods: ["GET", "PATCH", "DELETE"],
    errors: "native",
    success: 404,
  },
  "/api/keys/[id]/rotate": { access: "user", methods: ["POST"], errors: "native", success: 404 },
  "/api/sessions": { access: "caller", methods: ["GET", "POST"], errors: "native", success: 200 },
  "/api/sessions/[id]": {
    access: "caller",
    methods: ["GET", "PATCH", "DELETE"],
    errors: "native",
    success: 404,
  },
  "/api/memories": {
    access: "caller",
    methods: ["GET", "PUT", "DELETE"],
    errors: "native",
    success: 200,
    body: { fact: "Made by the matrix" },
  },
  "/api/admin/health": { access: "admin", methods: ["GET"], errors: "native", success: 200 },
  "/api/admin/requests": { access: "admin", methods: ["GET"], errors: "native", success: 200 },
  "/api/admin/requests/[id]": { access: "admin", methods: ["GET"], errors: "native", success: 404 },
  "/api/admin/mcp": { access: "admin", methods: ["GET"], errors: "native", success: 200 },
  "/api/admin/series": { access: "admin", methods: ["GET"], errors: "native", success: 200 },
  "/api/health": { access: "public", methods: ["GET"], errors: "native", success: 200 },
  "/api/metrics": { access: "metrics", methods: ["GET"], errors: "native", success: 200 },
  "/api/openapi.json": { access: "public", methods: ["GET"], errors: "native", success: 200 },
  "/api/v1/chat/completions": {
    access: "proxy",
    methods: ["POST"],
    errors: "openai",
    success: 200,
    body: { model: "smart", messages: HI },
  },
  "/api/v1/embeddings": {
    access: "proxy",
    methods: ["POST"],
    errors: "openai",
    success: 404,
    body: { model: "nobody/has-it", input: "Hi" },
  },
  // It takes a form, and nothing else.
  "/api/v1/audio/transcriptions": {
    access: "proxy",
    methods: ["POST"],
    errors: "openai",
    success: 415,
    body: {},
  },
  "/api/v1/stt": { access: "caller", methods: ["POST"], errors: "native", success: 415, body: {} },
  "/api/v1/audio/speech": {
    access: "proxy",
    methods: ["POST"],
    errors: "openai",
    // Let in, and no engine speaks here.
    success: 404,
    body: { model: "tts-1", input: "Hi", voice: "alloy" },
  },
  "/api/v1/tts": {
    access: "caller",
    methods: ["POST"],
    errors: "native",
    success: 404,
    body: { text: "Hi", language: "en" },
  },
  "/api/v1/images/generate": {
    access: "caller",
    methods: ["POST"],
    errors: "native",
    success: 404,
    body: { prompt: "A fox" },
  },
  "/api/v1/images/edit": {
    access: "caller",
    methods: ["POST"],
    errors: "native",
    success: 404,
    body: { prompt: "A fox", images: ["iVBORw0KGgo="] },
  },
  "/api/v1/images/generations": {
    access: "proxy",
    methods: ["POST"],
    errors: "openai",
    success: 404,
    body: { model: "nobody/has-it", prompt: "A fox" },
  },
  "/api/v1/images/edits": {
    access: "proxy",
    methods: ["POST"],
    errors: "openai",
    success: 404,
    body: { model: "nobody/has-it", prompt: "A fox", image: "iVBORw0KGgo=" },
  },
  "/api/v1/messages": {
    access: "proxy",
    methods: ["POST"],
    errors: "anthropic",
    success: 200,
    body: { model: "smart", max_tokens: 10, messages: HI },
  },
  "/api/v1/messages/count_tokens": {
    access: "proxy",
    methods: ["POST"],
    errors: "anthropic",
    success: 200,
    body: { model: "smart", messages: HI },
  },
  "/api/v1/models": { access: "proxy", methods: ["GET"], errors: "openai", success: 200 },
  "/api/v1/models/[...id]": { access: "proxy", methods: ["GET"], errors: "openai", success: 200 },
  "/api/v1/plugins": { access: "caller", methods: ["GET"], errors: "native", success: 200 },
  "/api/v1/plugins/invoke": {
    access: "caller",
    methods: ["POST"],
    errors: "native",
    success: 404,
    body: { plugin: "nobody", path: "/" },
  },
  // No server is set up.
  "/api/v1/mcp": {
    access: "caller",
    methods: ["GET", "POST"],
    errors: "native",
    success: 503,
    body: { tool: "read_note" },
  },
  "/api/v1/mcp/catalog": {
    access: "internal",
    methods: ["POST"],
    errors: "native",
    success: 200,
    body: { tool: "list_tools" },
  },
  "/api/v1/mcp/server": {
    access: "caller",
    methods: ["POST"],
    errors: "jsonrpc",
    success: 202,
    body: { jsonrpc: "2.0", method: "notifications/initialized" },
  },
  "/api/v1/manus": {
    access: "caller",
    methods: ["POST", "GET", "DELETE"],
    errors: "native",
    // Let in, and not set up here.
    success: 503,
    body: { prompt: "Find cork" },
  },
  "/api/v1/manus/tasks/[id]": { access: "caller", methods: ["GET"], errors: "native", success: 404 },
  // Its signature is the credential: manus-webhook.test.ts.
  "/api/v1/manus/webhook": { access: "public", methods: ["POST"], errors: "native", success: 503 },
  "/api/v1/quota": { access: "caller", methods: ["GET"], errors: "native", success: 200 },
  "/api/v1/responses": {
    access: "proxy",
    methods: ["POST"],
    errors: "openai",
    success: 200,
    body: { model: "smart", input: "Hi" },
  },
  "/api/v1/agent": {
    access: "caller",
    methods: ["POST"],
    errors: "native",
    success: 200,
    body: { goal: "Say hello." },
  },
  "/api/v1/suggestions": {
    access: "caller",
    methods: ["POST"],
    errors: "native",
    success: 200,
    body: { userMsg: "Hi", aiMsg: "Hello." },
  },
  "/api/admin/overrides": { access: "admin", methods: ["GET", "PUT"], errors: "native", success: 200 },
  "/api/admin/overrides/[id]": {
    access: "admin",
    methods: ["PUT", "DELETE"],
    errors: "native",
    success: 404,
    body: { kind: "off", provider: "groq" },
  },
  "/api/auth/session": { access: "public", methods: ["GET"], errors: "native", success: 200 },
  "/api/auth/callback": { access: "public", methods: ["GET"], errors: "native", success: 303 },
  "/api/auth/sign-in": { access: "public", methods: ["POST"], errors: "native", success: 403 },
  "/api/auth/sign-up": { access: "public", methods: ["POST"], errors: "native", success: 403 },
  "/api/auth/demo": { access: "public", methods: ["POST"], errors: "native", success: 403 },
  "/api/auth/sign-out": { access: "public", methods: ["POST"], errors: "native", success: 403 },
  "/api/auth/reset": { access: "public", methods: ["POST"], errors: "native", success: 403 },
  "/api/auth/password": { access: "user", methods: ["POST"], errors: "native", success: 403 },
  "/api/[...path]": { access: "public", methods: METHODS, errors: "native", success: 404 },
};

/** A row of the matrix: a declared route, and what is to come of a call that is let in. */
type RouteRow = {
  route: GatewayRoute;
  /** Any status but a refusal, of a route about which nothing more is known. */
  success: number | undefined;
  body: unknown;
};

/** Every route of the table, and the one for all other paths. A route that joins the table is in here. */
const ROWS: readonly (readonly [string, RouteRow])[] = [...API.routes, notFound].map((route) => {
  const expected = EXPECTED[route.path];
  return [route.path, { route, success: expected?.success, body: expected?.body ?? {} }];
});

function rowOf(path: string): RouteRow {
  const [, row] = ROWS.find(([known]) => known === path) ?? [];
  return row ?? expect.fail(`There is no route ${path}.`);
}

const ORIGIN = "http://gateway.test";

let database: TestSupabase;
let upstream: FakeUpstream;
let user: TestUser;
let gateway: TestGateway;
let keys: { live: string; revoked: string; expired: string };

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("in"));
  user = await database.signUp();
  keys = {
    live: await createKey(database, user.userId),
    revoked: await createKey(database, user.userId, { revoked: true }),
    expired: await createKey(database, user.userId, { expiresAt: new Date(Date.now() - 60_000) }),
  };
  // The user is an administrator, whose keys are none.
  // The MCP server asks for the gateway's own address before it lets its pages in.
  const internal = { MCP_INTERNAL_KEY: "a-key-of-the-operator", NEXT_PUBLIC_APP_URL: ORIGIN };
  gateway = await start({ AUTH_FAILURES_PER_MINUTE: "0", ADMIN_USER_IDS: user.userId, ...internal });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await database.stop();
});

function start(settings: Settings): Promise<TestGateway> {
  const config = modelsConfig({ only: `${upstream.origin}/v1` });
  const own = { MODELS_CONFIG: config, ENABLE_OPENAI_PROXY: "true" };
  return startTestGateway({ database, settings: { ...own, ...settings } });
}

/** What an error looks like in each shape. */
const ERRORS = {
  native: (requestId: string | null) => ({
    error: { code: expect.any(String), message: expect.any(String), requestId },
  }),
  openai: () => ({
    error: {
      message: expect.any(String),
      type: expect.any(String),
      param: expect.toBeOneOf([null, expect.any(String)]),
      code: expect.any(String),
    },
  }),
  anthropic: (requestId: string | null) => ({
    type: "error",
    error: { type: expect.any(String), message: expect.any(String) },
    request_id: requestId,
  }),
  jsonrpc: (requestId: string | null) => ({
    jsonrpc: "2.0",
    error: {
      code: expect.any(Number),
      message: expect.any(String),
      data: { code: expect.any(String), requestId },
    },
    id: null,
  }),
};

const {
  all: CREDENTIALS,
  secret,
  token,
  cookie,
} = credentialsOf(() => ({ database, user, keys, origin: ORIGIN }));

/** What has opened doors elsewhere: CVE-2025-29927, and Next's own internal requests. */
const REPLAYS: readonly Record<string, string>[] = [
  {},
  { "x-middleware-subrequest": "middleware:middleware:middleware:middleware:middleware" },
  { "x-middleware-subrequest": "src/middleware:src/middleware:src/middleware:src/middleware:src/middleware" },
  { RSC: "1", "next-router-prefetch": "1", "next-router-state-tree": "%5B%22%22%5D" },
];

type Call = { status: number; body: string; headers: Headers };

async function call(
  row: RouteRow,
  headers: Record<string, string>,
  options: { via?: TestGateway; host?: Partial<HostContext>; method?: string; body?: unknown } = {},
): Promise<Call> {
  const { via = gateway, host = {}, method = methodsOf(row.route)[0] ?? "GET", body = row.body } = options;
  const route = serveRoute(row.route, async () => via.gateway);
  const hasBody = method !== "GET" && method !== "HEAD" && method !== "OPTIONS";
  const request = new Request(`${ORIGIN}${row.route.path.replace(/\[.*\]/, "x")}`, {
    method,
    ...(hasBody ? { body: JSON.stringify(body) } : {}),
  });
  // A Request made here may not be told its own cookie, origin and host: hosts may.
  const all = new Headers({
    host: "gateway.test",
    // As clients of MCP say it; others do not care.
    ...(hasBody ? { "content-type": "application/json", accept: "application/json, text/event-stream" } : {}),
    ...headers,
  });
  Object.defineProperty(request, "headers", { value: all });
  const response = await route(request, aHost(host));
  return { status: response.status, headers: response.headers, body: await response.text() };
}

describe("who may call", () => {
  test.each(Object.entries(EXPECTED))("%s is declared as the contract has it", (path, expected) => {
    const { route } = rowOf(path);
    expect([route.access, methodsOf(route), route.errors]).toEqual([
      expected.access,
      expected.methods,
      expected.errors,
    ]);
  });

  for (const [path, row] of ROWS) {
    describe(path, () => {
      const { access, errors } = row.route;

      // For pages of our own alone, whatever the credential: `sign-in.test.ts` calls them as these do.
      const isOfPages = path.startsWith("/api/auth/") && row.success === 403;

      test.skipIf(isOfPages).each(CREDENTIALS)("$name", async ({ headers, user, account = user }) => {
        const own = await headers();
        const isCookie = own["cookie"] !== undefined && own["authorization"] === undefined;
        // A cookie of another site's page may not write; reading gives that page nothing, without CORS.
        const isRead = methodsOf(row.route)[0] === "GET" && isCookie && user === 403;
        const isAccount = access === "user" || access === "admin" || access === "metrics";
        const ofCaller = isRead ? "in" : user;
        const ofUser = isRead ? "in" : account;
        const isOfNoUser = access === "internal" || (access === "proxy" && isCookie);
        const expected = isAccount ? ofUser : isOfNoUser ? 401 : ofCaller;
        const isLetIn = access === "public" || expected === "in";
        for (const replay of REPLAYS) {
          const { status, body, headers: sent } = await call(row, { ...(await headers()), ...replay });
          if (!isLetIn) expect(status, JSON.stringify(replay)).toBe(expected);
          else if (row.success === undefined) expect([401, 403, 405, 500]).not.toContain(status);
          else expect(status, JSON.stringify(replay)).toBe(row.success);
          expect(sent.get("x-request-id")).toBeTruthy();
          expect(sent.get("cache-control")).toContain("no-store");
          expect(sent.get("access-control-allow-origin")).toBeNull();
          if (status < 400) continue;
          const { error, ...rest } = JSON.parse(body) as { error: Record<string, unknown> };
          // A model that does not exist is a matter of engines, whose errors say whether to try again.
          const { retryable, ...plain } = error;
          expect(retryable).toBe(OF_ENGINES.includes(String(error["code"])) ? false : undefined);
          expect({ error: plain, ...rest }).toEqual(ERRORS[errors](sent.get("x-request-id")));
        }
      });

      test("other methods are 405 with Allow, for anybody", async () => {
        const methods: readonly string[] = methodsOf(row.route);
        for (const method of [...METHODS, "toString", "constructor"].filter(
          (one) => !methods.includes(one),
        )) {
          const { status, headers, body } = await call(row, bearer(user.accessToken), { method });
          expect(status, method).toBe(405);
          expect(headers.get("allow")).toBe([...methods, "OPTIONS"].join(", "));
          expect(JSON.parse(body)).toEqual(ERRORS[errors](headers.get("x-request-id")));
        }
      });
    });
  }
});

describe("the routes of administrators", () => {
  const rows = ROWS.filter(([, { route }]) => route.access === "admin");
  const WHO: readonly [string, () => Settings, 403 | "in"][] = [
    ["nobody, unless somebody is named", () => ({}), 403],
    ["not a user beside them", () => ({ ADMIN_USER_IDS: randomUUID(), ADMIN_EMAILS: "x@example.test" }), 403],
    ["a user who is named by id", () => ({ ADMIN_USER_IDS: user.userId.toUpperCase() }), "in"],
    ["a user who is named by e-mail address", () => ({ ADMIN_EMAILS: user.email }), "in"],
  ];

  test.each(WHO)("let in %s", async (_, settings, expected) => {
    const via = await start(settings());
    for (const [path, row] of rows) {
      const { status, body } = await call(row, bearer(user.accessToken), { via });
      expect(status, path).toBe(expected === "in" ? row.success : expected);
      if (expected === 403) expect(JSON.parse(body)).toMatchObject({ error: { code: "forbidden" } });
      expect((await call(row, bearer(keys.live), { via })).status, path).toBe(403);
    }
    await via.stop();
  });
});

describe("the OpenAI-compatible routes", () => {
  const rows = ROWS.filter(([, { route }]) => route.access === "proxy");

  test.each(rows)("%s is not there unless it is switched on", async (_, row) => {
    const off = await start({ ENABLE_OPENAI_PROXY: "" });
    const { status, body } = await call(row, bearer(keys.live), { via: off });
    expect([status, body]).toEqual([404, expect.stringContaining("ENABLE_OPENAI_PROXY")]);
    for (const method of ["OPTIONS", "PATCH"])
      expect((await call(row, bearer(keys.live), { via: off, method })).status).toBe(404);
    await off.stop();
  });

  test.each(rows)("%s takes any bearer, but none, until there is a gateway key", async (_, row) => {
    const fresh = await startTestSupabase();
    const config = modelsConfig({ only: `${upstream.origin}/v1` });
    const settings = { MODELS_CONFIG: config, ENABLE_OPENAI_PROXY: "true" };
    const open = await startTestGateway({ database: fresh, settings });
    const letIn = row.success ?? expect.not.toBeOneOf([401, 403]);
    expect((await call(row, bearer("anything"), { via: open })).status).toEqual(letIn);
    expect((await call(row, { "x-api-key": "anything" }, { via: open })).status).toEqual(letIn);
    expect((await call(row, {}, { via: open })).status).toBe(401);
    await open.stop();
    await fresh.stop();
  });
});

const aiChatRow = rowOf("/api/ai-chat");

test("a health probe may ask with HEAD", async () => {
  expect((await call(rowOf("/api/health"), {}, { method: "HEAD" })).status).toBe(200);
});

describe("failed credentials", () => {
  test("are limited by address; who was let in before still is", async () => {
    const limited = await start({ AUTH_FAILURES_PER_MINUTE: "3" });
    const ask = async (credential: string, address: string): Promise<number> => {
      const answer = await call(aiChatRow, bearer(credential), {
        via: limited,
        host: { remoteAddress: address },
      });
      if (answer.status === 429) {
        const seconds = Number(answer.headers.get("retry-after"));
        expect(seconds).toBeGreaterThan(0);
        expect(seconds).toBeLessThanOrEqual(60);
        expect(answer.body).toContain("too_many_auth_failures");
      }
      return answer.status;
    };
    expect(await ask(keys.live, "198.51.100.1")).toBe(200);
    for (let failure = 0; failure < 3; failure++)
      expect(await ask(`bad-${failure}`, "198.51.100.1")).toBe(401);
    expect(await ask("bad-4", "198.51.100.1")).toBe(429);
    // A stranger behind the same address must wait; another address need not.
    expect(await ask(user.accessToken, "198.51.100.1")).toBe(429);
    expect(await ask(user.accessToken, "198.51.100.2")).toBe(200);
    // One address's guesses must not lock out the people behind it (a proxy, an office).
    expect(await ask(keys.live, "198.51.100.1")).toBe(200);
    await limited.stop();
  });

  test("in cookies count as well", async () => {
    const limited = await start({ AUTH_FAILURES_PER_MINUTE: "2" });
    const forged = {
      cookie: cookie({ access_token: await token({}, "1h", secret("x".repeat(40))) }),
      origin: ORIGIN,
    };
    const statuses = [];
    for (let failure = 0; failure < 3; failure++)
      statuses.push((await call(aiChatRow, forged, { via: limited })).status);
    expect(statuses).toEqual([401, 401, 429]);
    await limited.stop();
  });

  test.each([
    { trust: "", xff: "203.0.113.1", other: "203.0.113.2", second: 429 },
    { trust: "true", xff: "203.0.113.1", other: "203.0.113.2", second: 401 },
    // Only the last entry is the proxy's own word.
    { trust: "true", xff: "203.0.113.1, 203.0.113.9", other: "203.0.113.2, 203.0.113.9", second: 429 },
  ])("TRUST_PROXY=$trust: $xff, then $other: $second", async ({ trust, xff, other, second }) => {
    const limited = await start({ AUTH_FAILURES_PER_MINUTE: "1", TRUST_PROXY: trust });
    const ask = async (forwarded: string) =>
      (await call(aiChatRow, { ...bearer("bad"), "x-forwarded-for": forwarded }, { via: limited })).status;
    expect(await ask(xff)).toBe(401);
    expect(await ask(other)).toBe(second);
    await limited.stop();
  });
});

describe("a session that has to be refreshed", () => {
  const expired = async (): Promise<Record<string, string>> => {
    const person = await database.signUp();
    const session = { access_token: person.accessToken, refresh_token: person.refreshToken, expires_at: 1 };
    return { cookie: cookie(session), origin: ORIGIN };
  };

  test("lets in and sets its new cookies", async () => {
    const answer = await call(aiChatRow, await expired());
    expect(answer.status, answer.body).toBe(200);
    expect(answer.headers.getSetCookie().join()).toContain("auth-token=base64-");
    expect(answer.headers.get("cache-control")).toContain("no-store");
  });

  test("sets them for a user who may not use the route, too", async () => {
    const answer = await call(rowOf("/api/admin/health"), await expired());
    expect(answer.status).toBe(403);
    expect(answer.headers.getSetCookie().join()).toContain("auth-token=base64-");
  });

  test("sets them beside an error too: the old refresh token is used up", async () => {
    const answer = await call(aiChatRow, await expired(), { body: { message: 1 } });
    expect(answer.status).toBe(400);
    expect(answer.headers.getSetCookie().join()).toContain("auth-token=base64-");
  });

  test("is not refreshed for another site's page", async () => {
    const headers = await expired();
    const refused = await call(aiChatRow, { ...headers, origin: FOREIGN });
    expect(refused.status).toBe(403);
    expect(refused.headers.getSetCookie()).toEqual([]);
    expect((await call(aiChatRow, headers)).status).toBe(200);
  });
});

describe("CORS", () => {
  const ALLOWED = "https://app.example";
  let open: TestGateway;
  beforeAll(async () => {
    open = await start({ CORS_ALLOWED_ORIGINS: `${ALLOWED}, https://other.example` });
  });
  afterAll(() => open.stop());

  test("an allowed origin may read, with a bearer, errors included", async () => {
    for (const credential of [user.accessToken, "garbage"]) {
      const { headers } = await call(aiChatRow, { ...bearer(credential), origin: ALLOWED }, { via: open });
      expect(headers.get("access-control-allow-origin")).toBe(ALLOWED);
      expect(headers.get("access-control-expose-headers")).toContain("x-request-id");
      expect(headers.get("vary")).toBe("Origin");
    }
  });

  test("a preflight is answered without a credential", async () => {
    const { status, headers, body } = await call(
      aiChatRow,
      { origin: ALLOWED, "access-control-request-method": "POST" },
      { via: open, method: "OPTIONS" },
    );
    expect(status).toBe(204);
    expect(body).toBe("");
    expect(headers.get("access-control-allow-origin")).toBe(ALLOWED);
    expect(headers.get("access-control-allow-methods")).toBe("POST, OPTIONS");
    expect(headers.get("access-control-allow-headers")).toContain("authorization");
  });

  test.each([FOREIGN, "null", "https://app.example.evil.example", "http://app.example", ""])(
    "a foreign origin (%s) is allowed nothing",
    async (origin) => {
      for (const method of ["OPTIONS", "POST"]) {
        const { headers } = await call(
          aiChatRow,
          { ...bearer(user.accessToken), origin },
          { via: open, method },
        );
        expect(headers.get("access-control-allow-origin")).toBeNull();
        expect(headers.get("access-control-allow-methods")).toBeNull();
        expect(headers.get("vary")).toBe("Origin");
      }
    },
  );

  test("credentials are never allowed, and an allowed origin's cookie still may not write", async () => {
    const answer = await call(aiChatRow, { cookie: cookie(), origin: ALLOWED }, { via: open });
    expect(answer.status).toBe(403);
    for (const method of ["OPTIONS", "POST"]) {
      const { headers } = await call(
        aiChatRow,
        { ...bearer(user.accessToken), origin: ALLOWED },
        { via: open, method },
      );
      expect(headers.get("access-control-allow-credentials")).toBeNull();
    }
  });

  test("nothing is allowed by default", async () => {
    const { headers } = await call(aiChatRow, { ...bearer(user.accessToken), origin: ALLOWED });
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });
});
