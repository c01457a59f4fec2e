import { hash } from "node:crypto";
import { createServer } from "node:http";
import { CompactSign, exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, describe, expect, test } from "vitest";
import { createAccessTokenVerifier } from "#lib/adapters/supabase/access-tokens.ts";
import { createSessionCookies, hasSessionCookie } from "#lib/adapters/supabase/session-cookies.ts";
import { createAuthenticator } from "#lib/server/auth/auth.ts";
import { KeyCache } from "#lib/server/auth/key-cache.ts";
import { readEnv } from "#lib/server/env/env.ts";
import type { FoundGatewayKey, KeyLookup } from "#lib/services/identity/credentials.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { expectLinear } from "../../support/linear.ts";

const servers: (() => void)[] = [];
afterEach(() => {
  for (const stop of servers.splice(0)) stop();
});

/** An auth server that answers every request alike. */
async function authServer(
  status: number,
  body: unknown,
): Promise<{ url: string; calls: string[]; answer(status: number, body: unknown): void }> {
  const calls: string[] = [];
  let now = { status, body };
  const server = createServer((request, response) => {
    calls.push(request.url ?? "");
    response.writeHead(now.status, { "content-type": "application/json" }).end(JSON.stringify(now.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(() => server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, calls, answer: (status, body) => (now = { status, body }) };
}

const SUB = "0b8f1a5e-64a3-4f44-9e2c-9a9d9c3c9a11";
const SECRET = "a shared secret of more than thirty-two characters";

function token(claims: Record<string, unknown> = {}, alg = "HS256"): Promise<string> {
  return new SignJWT({ sub: SUB, role: "authenticated", email: "a@example.test", ...claims })
    .setProtectedHeader({ alg })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(SECRET));
}

describe("access tokens", () => {
  test("a token's own word is not taken for a confirmed address: user_metadata is its user's to write", async () => {
    const verify = createAccessTokenVerifier({
      url: "http://127.0.0.1:1",
      publishableKey: "k",
      jwtSecret: SECRET,
      now: () => 0,
    });
    const user = await verify(
      await token({ user_metadata: { email_verified: true }, email: "admin@example.test" }),
    );
    expect(user).toEqual({ userId: SUB, email: "admin@example.test", emailConfirmed: false });
  });

  test("without the secret the auth server is called, once a minute", async () => {
    const clock = new FakeClock();
    const server = await authServer(200, {
      id: SUB,
      email: "a@example.test",
      email_confirmed_at: "2026-01-01T00:00:00Z",
    });
    const verify = createAccessTokenVerifier({ url: server.url, publishableKey: "k", now: clock.now });
    const one = await token();
    for (let time = 0; time < 3; time++) {
      expect(await verify(one)).toEqual({ userId: SUB, email: "a@example.test", emailConfirmed: true });
    }
    expect(server.calls).toHaveLength(1);
    clock.advance(60_001);
    server.answer(200, { id: SUB, email: "a@example.test", email_confirmed_at: null });
    expect(await verify(one)).toMatchObject({ emailConfirmed: false });
    expect(server.calls).toHaveLength(2);
  });

  test.each([429, 500, 503])(
    "a server that answers %i says nothing of the token, and is asked again",
    async (status) => {
      const server = await authServer(status, { message: "trouble" });
      const verify = createAccessTokenVerifier({ url: server.url, publishableKey: "k", now: () => 0 });
      const one = await token();
      await expect(verify(one)).rejects.toMatchObject({ code: "database_unavailable" });
      server.answer(200, { id: SUB });
      expect(await verify(one)).toMatchObject({ userId: SUB });
    },
  );

  test.each([
    [403, null],
    [401, null],
  ])("a server that answers %i refuses the token", async (status, expected) => {
    const server = await authServer(status, { message: "no" });
    const verify = createAccessTokenVerifier({ url: server.url, publishableKey: "k", now: () => 0 });
    expect(await verify(await token())).toBe(expected);
  });

  test("a JWKS that is unavailable says nothing of the token either", async () => {
    const server = await authServer(503, {});
    const verify = createAccessTokenVerifier({ url: server.url, publishableKey: "k", now: () => 0 });
    const asymmetric = (await token()).replace(
      /^[^.]+/,
      Buffer.from('{"alg":"ES256","kid":"a"}').toString("base64url"),
    );
    await expect(verify(asymmetric)).rejects.toMatchObject({ code: "database_unavailable" });
    server.answer(200, { keys: [] });
    expect(await verify(asymmetric)).toBeNull();
  });
});

describe("an access token that does not expire", () => {
  const NOW_S = 1_800_000_000;
  /** Claims as JSON: what JavaScript would not write into it can be written. */
  const expiries: [string, string, boolean][] = [
    ["no exp", "{}", false],
    ["exp null", '{"exp":null}', false],
    ["exp as text", `{"exp":"${NOW_S + 3_600}"}`, false],
    ["exp as words", '{"exp":"never"}', false],
    ["exp NaN as text", '{"exp":"NaN"}', false],
    ["exp true", '{"exp":true}', false],
    ["exp in a list", `{"exp":[${NOW_S + 3_600}]}`, false],
    ["exp beyond all numbers", '{"exp":1e400}', false],
    ["exp at the end of time", '{"exp":8640000000000}', false],
    ["exp in milliseconds", `{"exp":${NOW_S * 1_000}}`, false],
    ["exp in ten years", `{"exp":${NOW_S + 3_650 * 86_400}}`, false],
    ["exp 0", '{"exp":0}', false],
    ["exp below 0", '{"exp":-1}', false],
    ["exp beyond all numbers the other way", '{"exp":-1e400}', false],
    ["exp just now", `{"exp":${NOW_S}}`, false],
    ["exp a second ago", `{"exp":${NOW_S - 1}}`, false],
    ["exp in an hour", `{"exp":${NOW_S + 3_600}}`, true],
    ["exp in a week", `{"exp":${NOW_S + 7 * 86_400}}`, true],
    ["exp in a second and a half", `{"exp":${NOW_S + 1.5}}`, true],
  ];
  const claims = (expiry: string): Uint8Array => {
    const own = JSON.stringify({ sub: SUB, role: "authenticated" });
    const text = expiry === "{}" ? own : own.replace(/\}$/, `,${expiry.slice(1)}`);
    return new TextEncoder().encode(text);
  };

  describe.each<
    [
      string,
      () => Promise<{ sign: (payload: Uint8Array) => Promise<string>; url: string; jwtSecret?: string }>,
    ]
  >([
    [
      "signed with the project's secret",
      async () => ({
        url: "http://127.0.0.1:1",
        jwtSecret: SECRET,
        sign: (payload) =>
          new CompactSign(payload)
            .setProtectedHeader({ alg: "HS256" })
            .sign(new TextEncoder().encode(SECRET)),
      }),
    ],
    [
      "that the auth server finds good",
      async () => ({
        url: (await authServer(200, { id: SUB })).url,
        sign: (payload) =>
          new CompactSign(payload)
            .setProtectedHeader({ alg: "HS256" })
            .sign(new TextEncoder().encode(SECRET)),
      }),
    ],
    ...["ES256", "RS256", "EdDSA"].map(
      (alg): [string, () => Promise<{ sign: (payload: Uint8Array) => Promise<string>; url: string }>] => [
        `signed with ${alg}`,
        async () => {
          const { publicKey, privateKey } = await generateKeyPair(alg);
          const jwk = { ...(await exportJWK(publicKey)), alg, kid: "k", use: "sig" };
          return {
            url: (await authServer(200, { keys: [jwk] })).url,
            sign: (payload) =>
              new CompactSign(payload).setProtectedHeader({ alg, kid: "k" }).sign(privateKey),
          };
        },
      ],
    ),
  ])("%s", (_, setUp) => {
    test.each(expiries)("with %s: %s is taken: %s", async (_, expiry, isGood) => {
      const { sign, url, jwtSecret } = await setUp();
      const verify = createAccessTokenVerifier({
        url,
        publishableKey: "k",
        jwtSecret,
        now: () => 0,
        wallNow: () => NOW_S * 1_000,
      });
      const found = await verify(await sign(claims(expiry)));
      expect(found?.userId).toBe(isGood ? SUB : undefined);
    });
  });

  test("is not even shown to the auth server", async () => {
    const server = await authServer(200, { id: SUB });
    const verify = createAccessTokenVerifier({ url: server.url, publishableKey: "k", now: () => 0 });
    const endless = await new CompactSign(claims("{}"))
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(SECRET));
    expect(await verify(endless)).toBeNull();
    expect(server.calls).toEqual([]);
  });

  test("what the auth server said is not kept past the token's end", async () => {
    const clock = new FakeClock();
    const start = clock.wallNow();
    const server = await authServer(200, { id: SUB });
    const verify = createAccessTokenVerifier({
      url: server.url,
      publishableKey: "k",
      now: clock.now,
      wallNow: clock.wallNow,
    });
    const short = await new CompactSign(claims(`{"exp":${Math.floor(start / 1_000) + 20}}`))
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(SECRET));
    expect(await verify(short)).toMatchObject({ userId: SUB });
    clock.advance(15_000);
    expect(await verify(short)).toMatchObject({ userId: SUB });
    expect(server.calls).toHaveLength(1);
    clock.advance(6_000);
    expect(await verify(short)).toBeNull();
    expect(server.calls).toHaveLength(1);
  });
});

describe("session cookies", () => {
  test("an expired session is 503 at once while the auth server is unavailable, and its cookies stay", async () => {
    const server = await authServer(503, {});
    const { read } = createSessionCookies({ url: server.url, publishableKey: "k", isSecure: () => false });
    const session = {
      access_token: await token(),
      refresh_token: "r",
      expires_at: 1,
      expires_in: 1,
      token_type: "bearer",
      user: {},
    };
    const cookie = `sb-127-auth-token=base64-${Buffer.from(JSON.stringify(session)).toString("base64url")}`;
    const from = performance.now();
    await expect(read(new Request("http://x.test", { headers: { cookie } }))).rejects.toMatchObject({
      code: "database_unavailable",
    });
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(server.calls).toHaveLength(1);
  });

  test("are known by their name, in linear time", () => {
    const has = (cookie: string): boolean =>
      hasSessionCookie(new Request("http://x.test", { headers: { cookie } }));
    expect(has("a=b; sb-abc-auth-token=x")).toBe(true);
    expect(has("sb-abc-auth-token.0=x")).toBe(true);
    expect(has("a=sb-abc-auth-token; b=c")).toBe(false);
    expect(has("xsb-abc-auth-token=c")).toBe(false);
    expectLinear(2_000, (size) => {
      const request = new Request("http://x.test", { headers: { cookie: "sb-".repeat(size) } });
      return () => hasSessionCookie(request);
    });
  });
});

const live = (key: FoundGatewayKey | null): KeyLookup | null => key && { key, state: "live", end: undefined };

describe("gateway keys", () => {
  function setUp() {
    const clock = new FakeClock();
    const key: FoundGatewayKey = { keyId: "k", userId: SUB, limits: {} };
    const store = { answer: async (): Promise<FoundGatewayKey | null> => key, lookups: 0 };
    const authenticator = createAuthenticator({
      env: readEnv({}),
      clock,
      keys: {
        findByHash: async () => {
          store.lookups++;
          return live(await store.answer());
        },
        anyEverCreated: async () => true,
      },
      verifyToken: async () => null,
      cookies: { mayHoldSession: hasSessionCookie, read: async () => null },
      isAdmin: async () => false,
    });
    const ask = (credential = "sk-sarmalink-x") =>
      authenticator.authenticate(
        new Request("http://x.test", { headers: { authorization: `Bearer ${credential}` } }),
        { waitUntil: () => undefined },
      );
    return { clock, store, ask };
  }
  const away = async (): Promise<never> => {
    throw new GatewayError("database_unavailable", "away");
  };

  test("are looked up once a minute, also when many ask at once", async () => {
    const { clock, store, ask } = setUp();
    await Promise.all(Array.from({ length: 20 }, () => ask()));
    await ask();
    expect(store.lookups).toBe(1);
    clock.advance(60_001);
    await Promise.all(Array.from({ length: 20 }, () => ask()));
    expect(store.lookups).toBe(2);
    expect(clock.pending).toBe(0);
  });

  test("that were good stay good while the database is unavailable, or says nothing", async () => {
    const { clock, store, ask } = setUp();
    await ask();
    clock.advance(60_001);
    store.answer = away;
    expect((await ask()).caller).toMatchObject({ userId: SUB });
    store.answer = () => new Promise(() => undefined);
    const asked = ask();
    await clock.advanceAsync(500);
    expect((await asked).caller).toMatchObject({ userId: SUB });
    expect(clock.pending).toBe(0);
  });

  test("that were never seen are 503 while the database is unavailable, and that is no failed credential", async () => {
    const { store, ask } = setUp();
    store.answer = away;
    for (let time = 0; time < 400; time++)
      await expect(ask()).rejects.toMatchObject({ code: "database_unavailable" });
  });

  test("that were revoked are refused from the next look on", async () => {
    const { clock, store, ask } = setUp();
    await ask();
    store.answer = async () => null;
    clock.advance(60_001);
    await expect(ask()).rejects.toMatchObject({ code: "unauthorized" });
    await expect(ask()).rejects.toMatchObject({ code: "unauthorized" });
  });

  test("the limit of failures is per minute, and 0 switches it off", async () => {
    const { clock, store, ask } = setUp();
    store.answer = async () => null;
    for (let time = 0; time < 300; time++)
      await expect(ask()).rejects.toMatchObject({ code: "unauthorized" });
    const lookups = store.lookups;
    await expect(ask()).rejects.toMatchObject({
      code: "too_many_auth_failures",
      retryAfterSeconds: expect.any(Number),
    });
    expect(store.lookups).toBe(lookups);
    clock.advance(60_000);
    await expect(ask()).rejects.toMatchObject({ code: "unauthorized" });
  });
});

describe("a secret that ends", () => {
  const KEY: FoundGatewayKey = { keyId: "k", userId: SUB, limits: {} };

  function setUp(as: "expired" | "replaced", inMs: number) {
    const clock = new FakeClock();
    const endsAt = clock.now() + inMs;
    const store = { isAway: false, lookups: 0 };
    const keys = {
      findByHash: async (): Promise<KeyLookup | null> => {
        store.lookups++;
        if (store.isAway) throw new GatewayError("database_unavailable", "away");
        const left = Math.max(0, endsAt - clock.now());
        const end = { as, at: "2026-11-27T12:00:00.000Z", inMs: left };
        return { key: KEY, state: left > 0 ? "live" : as, end };
      },
    };
    return { clock, store, cache: new KeyCache({ ...keys, anyEverCreated: async () => true }, clock) };
  }

  test.each([
    ["expired", /has expired at 2026-11-27T12:00:00/],
    ["replaced", /replaced by a rotation.* 2026-11-27T12:00:00/],
  ] as const)("is '%s' at that moment, with the database and without it", async (as, message) => {
    for (const isAway of [false, true]) {
      const { clock, store, cache } = setUp(as, 10_000);
      expect(await cache.find("d")).toEqual(KEY);
      clock.advance(9_999);
      expect(await cache.find("d")).toEqual(KEY);
      expect(store.lookups).toBe(1);
      store.isAway = isAway;
      clock.advance(1);
      for (const _ of [1, 2]) await expect(cache.find("d")).rejects.toThrow(message);
    }
  });

  test("is looked up again after a change, and what was being looked up meanwhile is not kept", async () => {
    const { store, cache } = setUp("expired", 1e9);
    const asked = cache.find("d");
    cache.changed(["k"]);
    expect(await asked).toEqual(KEY);
    await cache.find("d");
    await cache.find("d");
    expect(store.lookups).toBe(2);
    cache.changed(["other"]);
    await cache.find("d");
    expect(store.lookups).toBe(2);
    cache.changed("all");
    await cache.find("d");
    expect(store.lookups).toBe(3);
  });

  test("that may have changed works on while the database is unavailable; one that has changed does not", async () => {
    const { clock, store, cache } = setUp("expired", 10_000);
    const asked = cache.find("d");
    cache.changed("all");
    await asked;
    await cache.find("d");
    expect(store.lookups).toBe(2);
    cache.changed("all");
    store.isAway = true;
    expect(await cache.find("d")).toEqual(KEY);
    clock.advance(10_000);
    await expect(cache.find("d")).rejects.toThrow("expired");
    cache.changed(["k"]);
    await expect(cache.find("d")).rejects.toMatchObject({ code: "database_unavailable" });
  });
});

describe("the OpenAI-compatible routes", () => {
  const KEY: FoundGatewayKey = { keyId: "k", userId: SUB, limits: {} };
  const GOOD = "sk-sarmalink-good";

  function setUp(settings: Record<string, string> = { SUPABASE_SERVICE_ROLE_KEY: "secret" }) {
    const clock = new FakeClock();
    const warnings: string[] = [];
    const store = {
      created: async (): Promise<boolean> => false,
      find: async (): Promise<FoundGatewayKey | null> => KEY,
      questions: 0,
      lookups: 0,
      verified: 0,
    };
    const authenticator = createAuthenticator({
      env: readEnv(settings),
      clock,
      logger: { warn: (line) => warnings.push(line) },
      keys: {
        findByHash: async (digest) => {
          store.lookups++;
          return live(digest === hash("sha256", GOOD) ? await store.find() : null);
        },
        anyEverCreated: () => {
          store.questions++;
          return store.created();
        },
      },
      verifyToken: async (one) => {
        store.verified++;
        return one === "a.good.token" ? { userId: SUB, email: undefined, emailConfirmed: false } : null;
      },
      isAdmin: async () => false,
      cookies: {
        mayHoldSession: hasSessionCookie,
        read: async () => ({ accessToken: "a.good.token", setCookies: [] }),
      },
    });
    const askWith = (headers: Record<string, string>) =>
      authenticator.authenticateProxy(new Request("http://x.test", { headers }), {
        waitUntil: () => undefined,
      });
    const ask = (credential: string) => askWith({ authorization: `Bearer ${credential}` });
    return { clock, store, warnings, authenticator, ask, askWith };
  }
  const away = async (): Promise<never> => {
    throw new GatewayError("database_unavailable", "away");
  };

  test("accept any bearer while no key was ever created, and look once in five seconds", async () => {
    const { clock, store, warnings, ask, askWith } = setUp();
    await Promise.all(
      Array.from({ length: 50 }, async () => expect(await ask("x")).toEqual({ kind: "open" })),
    );
    expect(await askWith({ "x-api-key": "anything" })).toEqual({ kind: "open" });
    clock.advance(4_999);
    expect(await ask("x")).toEqual({ kind: "open" });
    expect(store).toMatchObject({ questions: 1, lookups: 0, verified: 0 });
    clock.advance(1);
    await Promise.all([ask("x"), ask("y")]);
    expect(store.questions).toBe(2);
    expect(warnings).toEqual([expect.stringContaining("any bearer")]);
  });

  test.each([{}, { authorization: "Bearer " }, { authorization: "Basic eA==" }, { "x-api-key": " " }])(
    "want some bearer all the same: %j",
    async (headers) => {
      const { askWith } = setUp();
      const cookie = "sb-127-auth-token=x";
      await expect(askWith({ ...headers, cookie })).rejects.toMatchObject({ code: "unauthorized" });
    },
  );

  test("know a good key and a good token though anybody may call", async () => {
    const { store, ask } = setUp();
    for (let time = 0; time < 3; time++) {
      expect(await ask(GOOD)).toEqual({ kind: "key", ...KEY });
      expect(await ask("a.good.token")).toMatchObject({ kind: "user", userId: SUB });
      expect(await ask("sk-sarmalink-unknown")).toEqual({ kind: "open" });
      expect(await ask("a.bad.token")).toEqual({ kind: "open" });
    }
    // One for each of the two keys: what is none is not looked up again and again either.
    expect(store.lookups).toBe(2);
  });

  test("close for good with the first key", async () => {
    const { clock, store, ask } = setUp();
    await ask("x");
    store.created = async () => true;
    clock.advance(5_000);
    await expect(ask("x")).rejects.toMatchObject({ code: "unauthorized" });
    store.created = async () => false;
    clock.advance(3_600_000);
    await expect(ask("x")).rejects.toMatchObject({ code: "unauthorized" });
    expect(await ask(GOOD)).toMatchObject({ kind: "key" });
    expect(store.questions).toBe(2);
  });

  test("close at once when the key was created here, also during a database call", async () => {
    const { store, authenticator, ask } = setUp();
    const said = Promise.withResolvers<boolean>();
    store.created = () => said.promise;
    const asked = ask("x");
    await new Promise((resolve) => setImmediate(resolve));
    authenticator.keyCreated();
    said.resolve(false);
    await expect(asked).rejects.toMatchObject({ code: "unauthorized" });
    await expect(ask("x")).rejects.toMatchObject({ code: "unauthorized" });
    expect(await authenticator.takesAnyBearer()).toBe(false);
    expect(store.questions).toBe(1);
  });

  test("limit failed credentials once they are closed", async () => {
    const { store, authenticator, ask } = setUp();
    authenticator.keyCreated();
    for (let time = 0; time < 300; time++)
      await expect(ask("sk-sarmalink-x")).rejects.toMatchObject({ code: "unauthorized" });
    const { lookups } = store;
    await expect(ask("sk-sarmalink-x")).rejects.toMatchObject({ code: "too_many_auth_failures" });
    expect(store.lookups).toBe(lookups);
  });

  test.each([false, true])(
    "while the database is unavailable know the callers they knew (closed: %s)",
    async (closed) => {
      const { clock, store, ask } = setUp();
      store.created = async () => closed;
      await ask(GOOD);
      if (closed) await expect(ask("x")).rejects.toMatchObject({ code: "unauthorized" });
      else await ask("x");
      clock.advance(60_001);
      store.created = away;
      store.find = away;
      expect(await ask(GOOD)).toMatchObject({ kind: "key" });
      await expect(ask("x")).rejects.toMatchObject({
        code: closed ? "unauthorized" : "database_unavailable",
      });
    },
  );

  test("that do not know yet whether they are open are 503 while the database is unavailable", async () => {
    const { store, ask } = setUp();
    store.created = away;
    store.find = away;
    await expect(ask("x")).rejects.toMatchObject({ code: "database_unavailable" });
    await expect(ask(GOOD)).rejects.toMatchObject({ code: "database_unavailable" });
    store.created = async () => false;
    expect(await ask("x")).toEqual({ kind: "open" });
  });

  test("forget a revoked key at once, also one that is being looked up", async () => {
    const { clock, store, authenticator, ask } = setUp();
    authenticator.keyCreated();
    expect(await ask(GOOD)).toMatchObject({ kind: "key" });
    clock.advance(60_001);
    const found = Promise.withResolvers<FoundGatewayKey | null>();
    store.find = () => found.promise;
    const asked = ask(GOOD);
    authenticator.keyRevoked("k");
    found.resolve(KEY);
    await expect(asked).rejects.toMatchObject({ code: "unauthorized" });
    await expect(ask(GOOD)).rejects.toMatchObject({ code: "unauthorized" });
  });

  test("are 503 without a service role, and name it", async () => {
    const { store, ask, authenticator } = setUp({});
    for (const asked of [ask("x"), ask("a.good.token"), authenticator.takesAnyBearer()])
      await expect(asked).rejects.toMatchObject({
        code: "not_configured",
        message: expect.stringContaining("SUPABASE_SERVICE_ROLE_KEY"),
      });
    expect(store).toMatchObject({ questions: 0, lookups: 0 });
  });
});
