import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PageBrowser } from "../support/page-browser.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { type HttpHost, listen, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/** What the embedded Supabase does not do: send e-mails, limit them, and be out of order. */
let authServer: HttpHost;
let database: TestSupabase;
let gateway: TestGateway;
let answers: Record<string, () => Response>;
let asked: { path: string; body: unknown }[];

const user = { id: "4b1c6a52-27c5-4d0e-9c1b-6e2a3ad0c001", aud: "authenticated", email: "a@example.test" };
const session = () => {
  const claims = { sub: user.id, exp: Math.floor(Date.now() / 1_000) + 3_600 };
  const token = ["{}", JSON.stringify(claims), "signature"].map((part) =>
    Buffer.from(part).toString("base64url"),
  );
  return Response.json({
    access_token: token.join("."),
    token_type: "bearer",
    expires_in: 3_600,
    refresh_token: "refresh",
    user,
  });
};
const status = (code: number) => () => Response.json({ msg: "No." }, { status: code });

beforeAll(async () => {
  database = await startTestSupabase();
  authServer = await listen(async (request) => {
    const { pathname, search } = new URL(request.url);
    const path = pathname.replace("/auth/v1", "") + search.replace(/[?&]redirect_to=[^&]*/, "");
    const text = await request.text();
    asked.push({ path, body: text === "" ? undefined : JSON.parse(text) });
    return answers[path]?.() ?? Response.json({});
  });
  gateway = await startTestGateway({
    database,
    settings: { NEXT_PUBLIC_SUPABASE_URL: authServer.url, ENABLE_SIGN_UP: "on" },
  });
});
afterAll(async () => {
  await gateway.stop();
  await authServer.stop();
  await database.stop();
});
beforeEach(() => {
  asked = [];
  answers = {
    "/token?grant_type=password": session,
    "/token?grant_type=pkce": session,
    "/verify": session,
    "/logout": () => new Response(null, { status: 204 }),
  };
});

const credentials = { email: user.email, password: "correct horse battery" };
const hasSession = ({ cookies }: PageBrowser): boolean =>
  [...cookies.keys()].some((name) => /-auth-token(?:\.\d+)?$/.test(name));

/** A browser that has asked for a link. */
async function asker(): Promise<PageBrowser> {
  const browser = new PageBrowser(gateway.gateway);
  expect((await browser.call("POST", "/api/auth/reset", { email: user.email })).status).toBe(200);
  return browser;
}

async function follow(browser: PageBrowser, query: string): Promise<string | null> {
  const { status, headers } = await browser.call("GET", `/api/auth/callback?${query}`);
  expect(status).toBe(303);
  return headers.get("location");
}

describe("a link of an e-mail", () => {
  test("is not used up by a scanner of e-mails that asks with HEAD", async () => {
    const browser = new PageBrowser(gateway.gateway);
    const link = "/api/auth/callback?token_hash=hash&type=recovery";
    const { status, headers } = await browser.call("HEAD", link);
    expect([status, headers.get("location")]).toEqual([303, "/sign-in"]);
    expect(asked).toEqual([]);
    expect(hasSession(browser)).toBe(false);
  });

  test.each([
    ["/reset-password", "/reset-password"],
    ["//evil.example", "/"],
    ["https://evil.example/", "/"],
    ["/\\evil.example", "/"],
    ["/..//evil.example", "/"],
    ["/api/auth/sign-out", "/"],
  ])("signs in the browser that asked for it, and goes on from %j to %j", async (next, expected) => {
    const browser = await asker();
    expect(await follow(browser, `code=abc&next=${encodeURIComponent(next)}`)).toBe(expected);
    expect(hasSession(browser)).toBe(true);
    const { body } = asked.find(({ path }) => path === "/token?grant_type=pkce") ?? {};
    expect(body).toMatchObject({ auth_code: "abc", code_verifier: expect.stringMatching(/.{43,}/) });
  });

  test("with a code signs in no other browser", async () => {
    const other = new PageBrowser(gateway.gateway);
    expect(await follow(other, "code=abc&next=/keys")).toBe("/sign-in?problem=link");
    expect(hasSession(other)).toBe(false);
  });

  test("with a hash signs in any browser", async () => {
    const browser = new PageBrowser(gateway.gateway);
    expect(await follow(browser, "token_hash=abc&type=recovery&next=/reset-password")).toBe(
      "/reset-password",
    );
    expect(hasSession(browser)).toBe(true);
    expect(asked).toEqual([
      { path: "/verify", body: expect.objectContaining({ token_hash: "abc", type: "recovery" }) },
    ]);
  });
});

describe("an auth server that asks for patience", () => {
  test.each<[string, string]>([
    ["/api/auth/sign-in", "/token?grant_type=password"],
    ["/api/auth/sign-up", "/signup"],
  ])("is no outage: POST %s", async (path, called) => {
    answers[called] = status(429);
    const answer = await new PageBrowser(gateway.gateway).call("POST", path, credentials);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(answer.body).toMatchObject({ error: { code: "rate_limited" } });
  });

  test("does not tell who has an account when a link for a new password is asked for", async () => {
    const ask = async () => {
      const browser = new PageBrowser(gateway.gateway);
      const answer = await browser.call("POST", "/api/auth/reset", { email: user.email });
      const cookies = [...browser.cookies.keys()].map((name) => name.replace(/-[0-9a-f]{32}-/, "-…-"));
      return [answer.status, answer.body, cookies];
    };
    const sent = await ask();
    answers["/recover"] = status(429);
    expect(await ask()).toEqual(sent);
    expect(sent).toEqual([
      200,
      { ok: true, checkEmail: true },
      expect.arrayContaining([expect.stringMatching(/code-verifier$/)]),
    ]);
  });
});

describe("an auth server that is out of order", () => {
  test.each<[string, string]>([
    ["/api/auth/sign-in", "/token?grant_type=password"],
    ["/api/auth/sign-up", "/signup"],
    ["/api/auth/reset", "/recover"],
  ])("is 503 and leaves no session: POST %s", async (path, called) => {
    answers[called] = status(500);
    const browser = new PageBrowser(gateway.gateway);
    const body = path.endsWith("reset") ? { email: user.email } : credentials;
    expect((await browser.call("POST", path, body)).status).toBe(503);
    expect(hasSession(browser)).toBe(false);
  });

  test("cannot keep anybody signed in", async () => {
    const browser = new PageBrowser(gateway.gateway);
    await browser.call("POST", "/api/auth/sign-in", credentials);
    expect(hasSession(browser)).toBe(true);
    answers["/logout?scope=local"] = status(500);
    expect((await browser.call("POST", "/api/auth/sign-out")).status).toBe(204);
    expect(hasSession(browser)).toBe(false);
    expect(asked.at(-1)?.path).toBe("/logout?scope=local");
  });
});

test("who signs in over a session that is there gets a new one, and keeps nothing of the old", async () => {
  const browser = new PageBrowser(gateway.gateway);
  await browser.call("POST", "/api/auth/sign-in", credentials);
  const name = [...browser.cookies.keys()].find((key) => key.endsWith("-auth-token")) ?? "";
  const planted = `base64-${Buffer.from('{"access_token":"planted"}').toString("base64url")}`;
  browser.cookies.set(name, planted);
  browser.cookies.set(`${name}.0`, planted);
  await browser.call("POST", "/api/auth/sign-in", credentials);
  expect([...browser.cookies.values()].join()).not.toContain(planted);
});
