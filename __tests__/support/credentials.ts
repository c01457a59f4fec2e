import { decodeJwt, SignJWT, UnsecuredJWT } from "jose";
import type { TestSupabase, TestUser } from "./test-database.ts";

/** Who there is to be, by the time a test runs. */
export type World = {
  database: TestSupabase;
  user: TestUser;
  keys: { live: string; revoked: string; expired: string };
  /** Of the gateway, as a browser would say. */
  origin: string;
};

export const FOREIGN = "https://evil.example";

export const bearer = (credential: string): Record<string, string> => ({
  authorization: `Bearer ${credential}`,
});

export type Credential = {
  name: string;
  headers: () => Record<string, string> | Promise<Record<string, string>>;
  user: "in" | 401 | 403;
  /** Where an account's routes say something else. */
  account?: 403;
};

export type Credentials = {
  /** Every credential that a caller may come with, and what becomes of it. */
  all: readonly Credential[];
  secret(text?: string): Uint8Array;
  token(claims?: Record<string, unknown>, expires?: string, key?: Uint8Array): Promise<string>;
  /** The cookie in which @supabase/ssr keeps a session. */
  cookie(session?: Record<string, unknown>): string;
};

/** The credentials of a world that need not be there yet. */
export function credentialsOf(world: () => World): Credentials {
  const secret = (text = world().database.jwtSecret): Uint8Array => new TextEncoder().encode(text);

  function token(claims: Record<string, unknown> = {}, expires = "1h", key = secret()): Promise<string> {
    return new SignJWT({ ...decodeJwt(world().user.accessToken), ...claims })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setExpirationTime(expires)
      .sign(key);
  }

  function cookie(session: Record<string, unknown> = {}): string {
    const name = `sb-${new URL(world().database.url).hostname.split(".")[0]}-auth-token`;
    const value = JSON.stringify({
      access_token: world().user.accessToken,
      refresh_token: world().user.refreshToken,
      token_type: "bearer",
      expires_in: 3_600,
      expires_at: Math.floor(Date.now() / 1_000) + 3_600,
      user: { id: world().user.userId },
      ...session,
    });
    return `${name}=base64-${Buffer.from(value).toString("base64url")}`;
  }

  const all: readonly Credential[] = [
    { name: "no credential", headers: () => ({}), user: 401 },
    { name: "an empty bearer", headers: () => ({ authorization: "Bearer " }), user: 401 },
    { name: "an empty x-api-key", headers: () => ({ "x-api-key": "" }), user: 401 },
    { name: "garbage", headers: () => bearer("garbage"), user: 401 },
    {
      name: "garbage that looks like a token",
      headers: () => bearer("eyJhbGciOiJIUzI1NiJ9.e30.x"),
      user: 401,
    },
    { name: "garbage that looks like a key", headers: () => bearer("sk-sarmalink-0000"), user: 401 },
    {
      name: "a token that never expires",
      headers: async () => {
        const { exp: _, ...endless } = decodeJwt(world().user.accessToken);
        return bearer(await new SignJWT(endless).setProtectedHeader({ alg: "HS256" }).sign(secret()));
      },
      user: 401,
    },
    {
      name: "a token that expires in two years",
      headers: async () => bearer(await token({}, "2y")),
      user: 401,
    },
    { name: "an expired token", headers: async () => bearer(await token({}, "-1m")), user: 401 },
    {
      name: "a forged signature",
      headers: async () => bearer(await token({}, "1h", secret("x".repeat(40)))),
      user: 401,
    },
    {
      name: "a token changed after it was signed",
      headers: () =>
        bearer(
          world().user.accessToken.replace(
            /\.[^.]+\./,
            `.${Buffer.from('{"sub":"x"}').toString("base64url")}.`,
          ),
        ),
      user: 401,
    },
    {
      name: "alg none",
      headers: () => bearer(new UnsecuredJWT(decodeJwt(world().user.accessToken)).encode()),
      user: 401,
    },
    {
      name: "an asymmetric algorithm of nobody's key",
      headers: () =>
        bearer(
          world().user.accessToken.replace(
            /^[^.]+/,
            Buffer.from('{"alg":"ES256","kid":"x"}').toString("base64url"),
          ),
        ),
      user: 401,
    },
    { name: "the publishable key", headers: () => bearer(world().database.publishableKey), user: 401 },
    { name: "the secret key", headers: () => bearer(world().database.secretKey), user: 401 },
    {
      name: "an anon token",
      headers: async () => bearer(await token({ role: "anon", sub: undefined })),
      user: 401,
    },
    {
      name: "a service_role token",
      headers: async () => bearer(await token({ role: "service_role" })),
      user: 401,
    },
    {
      name: "a token without a user",
      headers: async () => bearer(await token({ sub: undefined })),
      user: 401,
    },
    {
      name: "another scheme",
      headers: () => ({ authorization: `Basic ${btoa(`user:${world().keys.live}`)}` }),
      user: 401,
    },
    { name: "a key without its scheme", headers: () => ({ authorization: world().keys.live }), user: 401 },
    { name: "a valid user token", headers: () => bearer(world().user.accessToken), user: "in" },
    {
      name: "a valid user token, scheme in lower case",
      headers: () => ({ authorization: `bearer ${world().user.accessToken}` }),
      user: "in",
    },
    { name: "a valid gateway key", headers: () => bearer(world().keys.live), user: "in", account: 403 },
    {
      name: "a valid gateway key as x-api-key",
      headers: () => ({ "x-api-key": world().keys.live }),
      user: "in",
      account: 403,
    },
    { name: "an expired key", headers: () => bearer(world().keys.expired), user: 401 },
    { name: "a revoked key", headers: () => bearer(world().keys.revoked), user: 401 },
    {
      name: "a key with one letter changed",
      headers: () => bearer(`${world().keys.live.slice(0, -1)}?`),
      user: 401,
    },
    {
      name: "a session cookie of the same origin",
      headers: () => ({ cookie: cookie(), origin: world().origin }),
      user: "in",
    },
    {
      name: "a session cookie of the same site, as a browser says",
      headers: () => ({ cookie: cookie(), "sec-fetch-site": "same-origin" }),
      user: "in",
    },
    {
      name: "a session cookie of a foreign origin",
      headers: () => ({ cookie: cookie(), origin: FOREIGN }),
      user: 403,
    },
    {
      name: "a session cookie of origin null",
      headers: () => ({ cookie: cookie(), origin: "null" }),
      user: 403,
    },
    {
      name: "a session cookie of a look-alike origin",
      headers: () => ({ cookie: cookie(), origin: "http://gateway.test.evil.example" }),
      user: 403,
    },
    {
      name: "a session cookie of a foreign origin that forges x-forwarded-host",
      headers: () => ({ cookie: cookie(), origin: FOREIGN, "x-forwarded-host": "evil.example" }),
      user: 403,
    },
    { name: "a session cookie without an origin", headers: () => ({ cookie: cookie() }), user: 403 },
    {
      name: "a cookie that is no session",
      headers: () => ({ cookie: "sb-127-auth-token=%E0%A4%A", origin: world().origin }),
      user: 401,
    },
    {
      name: "a cookie whose session is garbage",
      headers: () => ({ cookie: "sb-127-auth-token=base64-AAAA; x=%", origin: world().origin }),
      user: 401,
    },
    {
      name: "a cookie with a forged token",
      headers: async () => ({
        cookie: cookie({ access_token: await token({}, "1h", secret("x".repeat(40))) }),
        origin: world().origin,
      }),
      user: 401,
    },
    {
      name: "a bad bearer beside a good cookie",
      headers: () => ({ cookie: cookie(), origin: world().origin, ...bearer("garbage") }),
      user: 401,
    },
  ];

  return { all, secret, token, cookie };
}
