import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownPath } from "#lib/browser/own-path.ts";
import { PageBrowser } from "../support/page-browser.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { type Settings, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let database: TestSupabase;
let user: TestUser;
let demo: TestUser;
const gateways: TestGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
  demo = await database.signUp("demo@sarmalink.local");
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.stop();
  await database.stop();
});

async function start(settings: Settings = {}): Promise<TestGateway["gateway"]> {
  const own = { NODE_ENV: "development", DEMO_PASSWORD: demo.password, AUTH_FAILURES_PER_MINUTE: "300" };
  const started = await startTestGateway({ database, settings: { ...own, ...settings } });
  gateways.push(started);
  return started.gateway;
}

const NOBODY = { user: null };
const credentialsOf = ({ email, password }: TestUser) => ({ email, password });

describe("a session", () => {
  test("begins with the right password, is known to every route, and ends when it is signed out", async () => {
    const browser = new PageBrowser(await start({ ADMIN_USER_IDS: user.userId }));
    expect((await browser.call("GET", "/api/auth/session")).body).toMatchObject(NOBODY);
    expect((await browser.call("GET", "/api/sessions")).status).toBe(401);

    const signedIn = await browser.call("POST", "/api/auth/sign-in", credentialsOf(user));
    expect([signedIn.status, signedIn.body]).toEqual([200, { ok: true }]);
    expect((await browser.call("GET", "/api/auth/session")).body).toMatchObject({
      user: { id: user.userId, email: user.email, isAdmin: true, isDemo: false },
    });
    expect((await browser.call("GET", "/api/sessions")).status).toBe(200);
    expect((await browser.call("PUT", "/api/memories", { fact: "Lives in Bergen" })).status).toBe(201);

    expect((await browser.call("POST", "/api/auth/sign-out")).status).toBe(204);
    expect(browser.cookies.size).toBe(0);
    expect((await browser.call("GET", "/api/auth/session")).body).toMatchObject(NOBODY);
    expect((await browser.call("GET", "/api/sessions")).status).toBe(401);
  });

  test("is in cookies that scripts cannot read and other sites cannot send with writes", async () => {
    const browser = new PageBrowser(await start());
    const { setCookies } = await browser.call("POST", "/api/auth/sign-in", credentialsOf(user));
    const [cookie = ""] = setCookies.filter((line) => line.includes("-auth-token"));
    expect(cookie).toMatch(/; HttpOnly/i);
    expect(cookie).toMatch(/; SameSite=Lax/i);
    expect(cookie).toMatch(/; Path=\//i);
    expect(cookie).not.toMatch(/; Secure/i);
  });

  test.each<[string, string, Settings, Record<string, string>]>([
    ["the request's own", "https://ai.example.com", {}, {}],
    ["a trusted proxy's", "http://ai.example.com", { TRUST_PROXY: "1" }, { "x-forwarded-proto": "https" }],
    ["the public address's", "http://ai.example.com", { NEXT_PUBLIC_APP_URL: "https://ai.example.com" }, {}],
  ])("is sent over HTTPS alone when the scheme is %s", async (_, origin, settings, headers) => {
    const browser = new PageBrowser(await start(settings), { origin });
    const { setCookies } = await browser.call("POST", "/api/auth/sign-in", credentialsOf(user), headers);
    expect(setCookies.every((line) => /; Secure/i.test(line))).toBe(true);
  });

  test("is renewed before it expires, with cookies like the first", async () => {
    const browser = new PageBrowser(await start());
    await browser.call("POST", "/api/auth/sign-in", credentialsOf(user));
    const [name = "", value = ""] = [...browser.cookies].find(([key]) => key.endsWith("-auth-token")) ?? [];
    const text = Buffer.from(decodeURIComponent(value).replace("base64-", ""), "base64url").toString();
    const expired = { ...(JSON.parse(text) as object), expires_at: 1, expires_in: 1 };
    browser.cookies.set(name, `base64-${Buffer.from(JSON.stringify(expired)).toString("base64url")}`);
    const { body, setCookies } = await browser.call("GET", "/api/auth/session");
    expect(body).toMatchObject({ user: { id: user.userId } });
    expect(setCookies.join()).toMatch(/HttpOnly/i);
    expect((await browser.call("GET", "/api/sessions")).status).toBe(200);
  });

  test("of a second user shows nothing of the first", async () => {
    const gateway = await start();
    const [first, second] = [new PageBrowser(gateway), new PageBrowser(gateway)];
    await first.call("POST", "/api/auth/sign-in", credentialsOf(user));
    await first.call("POST", "/api/sessions", { title: "A secret of the first" });
    await first.call("POST", "/api/keys", { name: "A key of the first" });
    const credentials = { email: `${randomUUID()}@example.test`, password: "correct horse battery" };
    expect((await second.call("POST", "/api/auth/sign-up", credentials)).status).toBe(200);
    for (const path of ["/api/sessions", "/api/keys", "/api/memories"]) {
      const { status, body } = await second.call("GET", path);
      expect(status).toBe(200);
      expect(JSON.stringify(body)).not.toContain("of the first");
    }
    expect((await second.call("GET", "/api/admin/health")).status).toBe(403);
  });
});

describe("who is refused", () => {
  test("a wrong password and an unknown address get the same answer", async () => {
    const browser = new PageBrowser(await start());
    const wrong = await browser.call("POST", "/api/auth/sign-in", { email: user.email, password: "wrong" });
    const unknown = await browser.call("POST", "/api/auth/sign-in", {
      email: "nobody@example.test",
      password: "wrong",
    });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    const message = (body: unknown) => (body as { error: { message: string } }).error.message;
    expect(message(unknown.body)).toBe(message(wrong.body));
    expect(browser.cookies.size).toBe(0);
  });

  test.each([
    ["/api/auth/sign-in", { email: "a@b.c", password: "x" }],
    ["/api/auth/sign-up", { email: "a@b.c", password: "x" }],
    ["/api/auth/reset", { email: "a@b.c" }],
    ["/api/auth/demo", undefined],
    ["/api/auth/sign-out", undefined],
  ])("a page of another site at POST %s", async (path, body) => {
    const browser = new PageBrowser(await start());
    for (const origin of ["https://evil.example", "null", "http://localhost:3001"]) {
      expect((await browser.call("POST", path, body, { origin })).status, origin).toBe(403);
    }
    expect(browser.cookies.size).toBe(0);
  });

  test.each([
    [{}],
    [{ email: "a@b.c" }],
    [{ email: "no address", password: "x" }],
    [{ email: "a@b.c", password: "" }],
    [{ email: "a@b.c", password: "x".repeat(201) }],
    ["{"],
  ])("a body that is %j", async (body) => {
    expect((await new PageBrowser(await start()).call("POST", "/api/auth/sign-in", body)).status).toBe(400);
  });

  test("whoever guesses, by address and by account", async () => {
    const gateway = await start();
    const guess = { email: user.email, password: "wrong" };
    const browser = new PageBrowser(gateway);
    const statuses = new Set<number>();
    for (let round = 0; round < 22; round++)
      statuses.add((await browser.call("POST", "/api/auth/sign-in", guess)).status);
    expect([...statuses]).toEqual([401, 429]);
    const elsewhere = new PageBrowser(gateway, { host: { remoteAddress: "192.0.2.77" } });
    const blocked = await elsewhere.call("POST", "/api/auth/sign-in", credentialsOf(user));
    expect([blocked.status, blocked.headers.get("retry-after")]).toEqual([429, expect.any(String)]);
    expect((await elsewhere.call("POST", "/api/auth/sign-in", credentialsOf(demo))).status).toBe(200);
  });

  test("whoever guesses with many requests at once", async () => {
    const browser = new PageBrowser(await start({ AUTH_FAILURES_PER_MINUTE: "3" }));
    const guess = { email: user.email, password: "wrong" };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => browser.call("POST", "/api/auth/sign-in", guess)),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(3);
  });

  test("not whoever has the right password, however often", async () => {
    const browser = new PageBrowser(await start({ AUTH_FAILURES_PER_MINUTE: "1" }));
    for (let round = 0; round < 3; round++)
      expect((await browser.call("POST", "/api/auth/sign-in", credentialsOf(user))).status).toBe(200);
  });
});

describe("making an account", () => {
  const anybody = () => ({ email: `${randomUUID()}@example.test`, password: "correct horse battery" });

  test.each<[string, Settings, number, boolean]>([
    ["in development", {}, 200, true],
    ["in development, switched off", { ENABLE_SIGN_UP: "off" }, 403, false],
    ["in production", { NODE_ENV: "production" }, 403, false],
    ["in production, switched on", { NODE_ENV: "production", ENABLE_SIGN_UP: "on" }, 200, true],
  ])("%s", async (_, settings, status, signUp) => {
    const browser = new PageBrowser(await start(settings));
    expect((await browser.call("GET", "/api/auth/session")).body).toMatchObject({ signUp });
    expect((await browser.call("POST", "/api/auth/sign-up", anybody())).status).toBe(status);
    const isIn = (await browser.call("GET", "/api/sessions")).status === 200;
    expect(isIn).toBe(status === 200);
  });

  test("is limited by address, so that nobody makes hundreds of them", async () => {
    const browser = new PageBrowser(await start({ AUTH_FAILURES_PER_MINUTE: "2" }));
    const statuses: number[] = [];
    for (let round = 0; round < 3; round++)
      statuses.push((await browser.call("POST", "/api/auth/sign-up", anybody())).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  test("with an address that is taken is refused, and signs nobody in", async () => {
    const browser = new PageBrowser(await start());
    const taken = await browser.call("POST", "/api/auth/sign-up", {
      email: user.email,
      password: "another one",
    });
    expect(taken.status).toBeGreaterThanOrEqual(400);
    expect(browser.cookies.size).toBe(0);
  });
});

describe("the demo user", () => {
  test("is signed in without a password on a local run", async () => {
    const browser = new PageBrowser(await start({ ADMIN_EMAILS: demo.email }));
    expect((await browser.call("GET", "/api/auth/session")).body).toMatchObject({ ...NOBODY, demo: true });
    expect((await browser.call("POST", "/api/auth/demo")).status).toBe(200);
    expect((await browser.call("GET", "/api/auth/session")).body).toMatchObject({
      user: { email: demo.email, isDemo: true },
    });
  });

  test.each<[string, Settings, string, string | undefined, Record<string, string>]>([
    ["in production", { NODE_ENV: "production" }, "http://localhost:3000", "127.0.0.1", {}],
    ["switched off", { ENABLE_DEMO_SIGN_IN: "off" }, "http://localhost:3000", "127.0.0.1", {}],
    ["under another name", {}, "http://gateway.lan:3000", "127.0.0.1", {}],
    ["from another machine", {}, "http://localhost:3000", "192.0.2.9", {}],
    ["through a proxy", {}, "http://localhost:3000", "127.0.0.1", { "x-forwarded-for": "192.0.2.9" }],
    [
      "through a proxy of other words",
      {},
      "http://localhost:3000",
      "127.0.0.1",
      { "x-real-ip": "192.0.2.9" },
    ],
    ["through a proxy that names itself", {}, "http://localhost:3000", "127.0.0.1", { via: "1.1 proxy" }],
    ["through a tunnel", {}, "http://localhost:3000", "127.0.0.1", { "cf-connecting-ip": "192.0.2.9" }],
    [
      "from the network, for a host that does not tell addresses",
      { HOST: "0.0.0.0" },
      "http://localhost:3000",
      undefined,
      { "x-forwarded-for": "127.0.0.1" },
    ],
    ["for a name that begins alike", {}, "http://localhost.evil.example", "127.0.0.1", {}],
  ])("is not there %s", async (_, settings, origin, remoteAddress, headers) => {
    const browser = new PageBrowser(await start(settings), { origin, host: { remoteAddress } });
    const { body } = await browser.call("GET", "/api/auth/session", undefined, headers);
    expect(body).toMatchObject({ demo: false });
    expect((await browser.call("POST", "/api/auth/demo", undefined, headers)).status).toBe(404);
    expect(browser.cookies.size).toBe(0);
  });
});

describe("a forgotten password", () => {
  test("gets the same answer whether or not there is an account", async () => {
    const browser = new PageBrowser(await start());
    for (const email of [user.email, "nobody@example.test"]) {
      const { status, body } = await browser.call("POST", "/api/auth/reset", { email });
      expect([status, body]).toEqual([200, { ok: true, checkEmail: true }]);
    }
  });

  test("can be replaced by whoever is signed in", async () => {
    const gateway = await start();
    const other = await database.signUp();
    const browser = new PageBrowser(gateway);
    expect((await browser.call("POST", "/api/auth/password", { password: "a new long one" })).status).toBe(
      401,
    );
    await browser.call("POST", "/api/auth/sign-in", credentialsOf(other));
    expect((await browser.call("POST", "/api/auth/password", { password: "a new long one" })).status).toBe(
      200,
    );
    const again = new PageBrowser(gateway);
    const changed = { email: other.email, password: "a new long one" };
    expect((await again.call("POST", "/api/auth/sign-in", changed)).status).toBe(200);
    expect((await again.call("POST", "/api/auth/sign-in", credentialsOf(other))).status).toBe(401);
  });

  test.each([
    "",
    "?code=made-up",
    "?token_hash=made-up&type=recovery&next=/keys",
    "?error_description=expired",
  ])("a link with %j that leads nowhere goes to the page for signing in", async (query) => {
    const browser = new PageBrowser(await start());
    const { status, headers } = await browser.call("GET", `/api/auth/callback${query}`);
    expect([status, headers.get("location")]).toEqual([303, "/sign-in?problem=link"]);
  });
});

test.each([
  ["/keys", "/keys"],
  ["/?session=1#end", "/?session=1#end"],
  [undefined, "/"],
  ["", "/"],
  ["https://evil.example", "/"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["/\t/evil.example", "/"],
  ["\\\\evil.example", "/"],
  ["/..//evil.example", "/"],
  ["/./\\evil.example", "/"],
  ["javascript:alert(1)", "/"],
  ["/api/auth/sign-out", "/"],
  ["/x/../api/keys", "/"],
])("whoever wants to go on to %j goes to %j", (next, expected) => {
  expect(ownPath(next)).toBe(expected);
});
