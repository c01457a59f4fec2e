import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readEnv } from "#lib/server/env/env.ts";
import { suspiciousPublicNames } from "#lib/server/env/secret-shapes.ts";

const FLAGS = [
  "ENABLE_SANDBOX",
  "TRUST_PROXY",
  "ENABLE_PROMPT_CACHE",
  "MIDSTREAM_RECOVERY",
  "VERCEL",
  "ENABLE_OPENAI_PROXY",
  "ENABLE_LIVE_TOOLS",
  "ENABLE_AUTO_ROUTE",
  "ENABLE_PLUGIN_AUTOROUTE",
] as const;
const SOURCES = [
  "FRANKFURTER_BASE_URL",
  "OPEN_METEO_BASE_URL",
  "OPEN_METEO_GEOCODING_BASE_URL",
  "HACKER_NEWS_BASE_URL",
] as const;
const TIMES = [
  "CONNECT_TIMEOUT_MS",
  "FIRST_TOKEN_TIMEOUT_MS",
  "ANSWER_TIMEOUT_MS",
  "REQUEST_DEADLINE_MS",
] as const;

describe("the environment", () => {
  test("has the contract's defaults", () => {
    expect(readEnv({})).toMatchObject({
      PORT: 3_000,
      WORKERS: 1,
      SHUTDOWN_GRACE_MS: 15_000,
      CONNECT_TIMEOUT_MS: 3_000,
      FIRST_TOKEN_TIMEOUT_MS: 12_000,
      ANSWER_TIMEOUT_MS: 60_000,
      PROVIDER_TIMEOUT_MS: 30_000,
      REQUEST_DEADLINE_MS: 120_000,
      AUTH_FAILURES_PER_MINUTE: 300,
      ENABLE_PROMPT_CACHE: true,
      MIDSTREAM_RECOVERY: true,
      ENABLE_SANDBOX: false,
      TRUST_PROXY: false,
      CORS_ALLOWED_ORIGINS: [],
      SARMALINK_DATA_DIR: ".data",
    });
  });

  test.each(FLAGS)("%s takes every usual word for on and off, and nothing else", (name) => {
    for (const text of ["1", "true", "yes", "y", "on", "TRUE", " On ", "Yes"])
      expect(readEnv({ [name]: text })[name], text).toBe(true);
    for (const text of ["0", "false", "no", "n", "off", "FALSE", " Off "])
      expect(readEnv({ [name]: text })[name], text).toBe(false);
    for (const text of ["", "  "]) expect(readEnv({ [name]: text })[name], text).toBe(readEnv({})[name]);
    for (const text of ["2", "x", "enabled", "yes!", "true false"])
      expect(() => readEnv({ [name]: text }), text).toThrow(
        `${name} is "${text}": it must be on (1, true, yes, y) or off (0, false, no, n), for example ${name}=on`,
      );
  });

  test.each(SOURCES)("%s is an address to which paths can be appended", (name) => {
    expect(readEnv({ [name]: "http://127.0.0.1:9/mirror/" })[name]).toBe("http://127.0.0.1:9/mirror");
    for (const text of ["nope", "ftp://x", "http://x/v1?y", "http://x/#y"])
      expect(() => readEnv({ [name]: text }), text).toThrow(`${name} is not valid: it must be a URL`);
  });

  test("empty is unset, for every variable", () => {
    const names = Object.keys(readEnv({})).concat(
      "NEXT_PUBLIC_SUPABASE_URL",
      "MODELS_CONFIG",
      "GROQ_API_KEY",
    );
    const { setting: _, ...empty } = readEnv(Object.fromEntries(names.map((name) => [name, " "])));
    const { setting, ...none } = readEnv({});
    expect(empty).toEqual(none);
    expect(setting("GROQ_API_KEY")).toBeUndefined();
  });

  test.each([
    ["1", 1_000],
    ["1000", 1_000],
    ["300000", 300_000],
    ["999999999", 300_000],
  ])("PROVIDER_TIMEOUT_MS=%s is clamped to %i", (text, value) => {
    expect(readEnv({ PROVIDER_TIMEOUT_MS: text }).PROVIDER_TIMEOUT_MS).toBe(value);
  });

  test.each(TIMES)("%s is taken as it is", (name) => {
    expect(readEnv({ [name]: "1" })[name]).toBe(1);
    expect(readEnv({ [name]: "900000" })[name]).toBe(900_000);
  });

  test("WORKERS is a number or auto, SHUTDOWN_GRACE_MS may be 0", () => {
    expect(readEnv({ WORKERS: "4" }).WORKERS).toBe(4);
    expect(readEnv({ WORKERS: "auto" }).WORKERS).toBe("auto");
    expect(readEnv({ SHUTDOWN_GRACE_MS: "0" }).SHUTDOWN_GRACE_MS).toBe(0);
  });

  test("lists are split at commas", () => {
    expect(
      readEnv({ CORS_ALLOWED_ORIGINS: " https://a.example ,,https://b.example, " }).CORS_ALLOWED_ORIGINS,
    ).toEqual(["https://a.example", "https://b.example"]);
    const id = "5F0C7E5E-3C1B-4D5A-9B8E-0D9F5C1A2B3C";
    expect(readEnv({ ADMIN_USER_IDS: `${id},, ` }).ADMIN_USER_IDS).toEqual([id.toLowerCase()]);
    expect(readEnv({ ADMIN_EMAILS: " a@b.example ,c@d.example" }).ADMIN_EMAILS).toEqual([
      "a@b.example",
      "c@d.example",
    ]);
  });

  test("origins are taken as browsers write them", () => {
    const given = "https://App.Example:443/, http://localhost:5173,*,capacitor://localhost, tauri://x";
    expect(readEnv({ CORS_ALLOWED_ORIGINS: given }).CORS_ALLOWED_ORIGINS).toEqual([
      "https://app.example",
      "http://localhost:5173",
      "*",
      "capacitor://localhost",
      "tauri://x",
    ]);
  });

  test.each(["127.0.0.1", "::", "::1", "0.0.0.0", "localhost", "gateway-1.internal"])(
    "HOST=%s will do",
    (host) => {
      expect(readEnv({ HOST: host }).HOST).toBe(host);
    },
  );

  test("a ~ that no shell has replaced is the home folder", () => {
    expect(readEnv({ SARMALINK_DATA_DIR: "~/data" }).SARMALINK_DATA_DIR).toBe(join(homedir(), "data"));
    expect(readEnv({ SARMALINK_DATA_DIR: "/srv/~/x" }).SARMALINK_DATA_DIR).toBe("/srv/~/x");
  });

  test("URLs lose their closing slash", () => {
    expect(readEnv({ NEXT_PUBLIC_SUPABASE_URL: "https://x.supabase.co//" }).NEXT_PUBLIC_SUPABASE_URL).toBe(
      "https://x.supabase.co",
    );
  });

  test.each([
    ["PORT", "http"],
    ["PORT", "70000"],
    ["PORT", "-1"],
    ["PORT", "1e3"],
    ["PORT", "0x1F90"],
    ["PORT", "3000.5"],
    ["HOST", "http://localhost"],
    ["HOST", "localhost:3000"],
    ["HOST", "0.0.0.0/0"],
    ["WORKERS", "0"],
    ["WORKERS", "many"],
    ["SHUTDOWN_GRACE_MS", "-1"],
    ["CONNECT_TIMEOUT_MS", "0"],
    ["CONNECT_TIMEOUT_MS", "3s"],
    // A timer of more than 31 bits fires at once.
    ["FIRST_TOKEN_TIMEOUT_MS", "9999999999"],
    ["AUTH_FAILURES_PER_MINUTE", "-1"],
    ["NEXT_PUBLIC_SUPABASE_URL", "x.supabase.co"],
    ["NEXT_PUBLIC_SUPABASE_URL", "https://x.supabase.co/rest/v1"],
    ["NEXT_PUBLIC_SUPABASE_URL", "https://supabase.com/dashboard/project/x"],
    ["NEXT_PUBLIC_APP_URL", "ftp://example.test"],
    ["OLLAMA_URL", "localhost:11434"],
    ["OLLAMA_URL", "ftp://localhost:11434"],
    ["SARMALINK_DATA_DIR", "~somebody/data"],
    ["CORS_ALLOWED_ORIGINS", "app.example"],
    ["CORS_ALLOWED_ORIGINS", "https://a.example/path"],
    ["CORS_ALLOWED_ORIGINS", "https://a.example?x=1"],
    ["CORS_ALLOWED_ORIGINS", "https://*.example.com"],
    ["CORS_ALLOWED_ORIGINS", "https://a.example, null"],
    ["CORS_ALLOWED_ORIGINS", "https://a.example https://b.example"],
    ["ADMIN_USER_IDS", "admin"],
    ["ADMIN_USER_IDS", "5f0c7e5e-3c1b-4d5a-9b8e-0d9f5c1a2b3c, x"],
    ["ADMIN_EMAILS", "ops"],
    ["ADMIN_EMAILS", "a@example.com b@example.com"],
  ])("%s=%s is refused in one plain line: the name, what is allowed, an example", (name, value) => {
    const line = new RegExp(`^${name} [^\n]*: it must be [^\n]+, for example ${name}=\\S`);
    expect(() => readEnv({ [name]: value })).toThrow(
      expect.objectContaining({ code: "not_configured", message: expect.stringMatching(line) }),
    );
    // Words of the schema library are nobody's.
    expect(() => readEnv({ [name]: value })).not.toThrow(/Invalid|expected|received|NaN|regex|pattern/);
    if (!["OLLAMA_URL", "CORS_ALLOWED_ORIGINS", "ADMIN_EMAILS"].includes(name))
      expect(() => readEnv({ [name]: value })).toThrow(`"${value}"`);
  });
});

/** A key of the older kind, which says in its middle what it is. */
const jwt = (role: string): string =>
  ["{}", JSON.stringify({ iss: "supabase", role }), "x"]
    .map((part, index) => (index === 0 ? "eyJhbGciOiJIUzI1NiJ9" : Buffer.from(part).toString("base64url")))
    .join(".");
const PUBLISHABLE = ["sb_publishable_0123456789abcdefghij_abcdef", jwt("anon")];
const SECRET = ["sb_secret_0123456789abcdefghij_abcdef", jwt("service_role")];

describe("keys in the wrong place end the start, and are not repeated", () => {
  const refused = (settings: Record<string, string>, says: RegExp): void => {
    try {
      readEnv(settings);
    } catch (error) {
      const message = error instanceof Error ? error.message : "";
      expect(message).toMatch(says);
      expect(message).not.toContain("\n");
      for (const value of Object.values(settings)) expect(message).not.toContain(value);
      return;
    }
    expect.fail("It was accepted.");
  };

  test.each(SECRET)("the secret key as the public one: %s", (key) => {
    refused({ NEXT_PUBLIC_SUPABASE_ANON_KEY: key }, /^NEXT_PUBLIC_SUPABASE_ANON_KEY holds the secret/);
    refused({ NEXT_PUBLIC_ANYTHING: key }, /^NEXT_PUBLIC_ANYTHING holds a secret/);
    refused(
      { NEXT_PUBLIC_SUPABASE_URL: key },
      /^NEXT_PUBLIC_SUPABASE_URL is something that looks like a secret/,
    );
    refused({ SUPABASE_JWT_SECRET: key }, /^SUPABASE_JWT_SECRET holds a key/);
    refused({ PORT: key }, /^PORT is something that looks like a secret/);
  });

  test.each([...PUBLISHABLE, jwt("authenticated")])("another as the secret one: %s", (key) => {
    refused({ SUPABASE_SERVICE_ROLE_KEY: key }, /^SUPABASE_SERVICE_ROLE_KEY holds .*it must be the secret/);
  });

  test.each([
    [{ NEXT_PUBLIC_GROQ_API_KEY: "gsk_aaaa" }],
    [{ NEXT_PUBLIC_OPENAI_API_KEY_2: "whatever" }],
    [{ NEXT_PUBLIC_SUPABASE_SERVICE_ROLE_KEY: "whatever" }],
    [{ NEXT_PUBLIC_MY_SECRET: "9b2f04c1d7aa4e0db3c5" }],
    [{ NEXT_PUBLIC_DB_PASSWORD: "uT3x+9/aQ0kLmZ7bWcYp5g==" }],
    [{ NEXT_PUBLIC_STRIPE: `sk_live_${"51H8".repeat(6)}` }],
    [{ NEXT_PUBLIC_SIGNING: "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----" }],
    [{ NEXT_PUBLIC_KEY: "the second one", MISTRAL_API_KEY_2: "the second one" }],
    [{ NEXT_PUBLIC_MODEL: "sk-ant-REDACTED" }],
    [{ NEXT_PUBLIC_KEY: "the very same", MISTRAL_API_KEY: "the very same" }],
  ])("a secret in a public variable: %j", (settings) => {
    refused(settings as Record<string, string>, /^NEXT_PUBLIC_\w+ holds a secret, and everybody can read/);
  });

  test.each([
    ["NEXT_PUBLIC_PASSWORD_MIN_LENGTH", "8"],
    ["NEXT_PUBLIC_SHOW_PASSWORD", "true"],
    ["NEXT_PUBLIC_PASSWORD_RESET_URL", "https://example.test/reset-password/v2?from=mail"],
    ["NEXT_PUBLIC_SECRET_SANTA_TITLE", "Secret Santa 2026 at our office"],
    ["NEXT_PUBLIC_PASSWORD_HINT", "at-least-eight-characters"],
    ["NEXT_PUBLIC_PASSWORD_POLICY", "1f0d8f6e-3a52-4c77-9c1e-5f0a3d1b2c4d"],
    ["NEXT_PUBLIC_SECRET_WORDS", "2,4,6"],
    ["NEXT_PUBLIC_MODEL", "hf-internal-testing"],
  ])("a public variable of others whose value is harmless is no secret: %s=%s", (name, value) => {
    expect(() => readEnv({ [name]: value })).not.toThrow();
  });

  test("a value that a public variable shares with a key by chance is no secret", () => {
    expect(() => readEnv({ NEXT_PUBLIC_ANALYTICS: "none", OPENAI_API_KEY: "none" })).not.toThrow();
  });

  test("a public name that speaks of a secret is a warning", () => {
    const names = ["NEXT_PUBLIC_PASSWORD_MIN_LENGTH", "NEXT_PUBLIC_APP_NAME", "SECRET"];
    expect(suspiciousPublicNames(names)).toEqual(["NEXT_PUBLIC_PASSWORD_MIN_LENGTH"]);
  });

  test("keys in their places, and public variables of others, are taken", () => {
    for (const index of [0, 1]) {
      const settings = {
        NEXT_PUBLIC_SUPABASE_ANON_KEY: PUBLISHABLE[index] ?? "",
        SUPABASE_SERVICE_ROLE_KEY: SECRET[index] ?? "",
        SUPABASE_ANON_KEY: PUBLISHABLE[index] ?? "",
        SUPABASE_JWT_SECRET: "a-long-text-that-signs-tokens",
        NEXT_PUBLIC_APP_NAME: "Sk-ating",
        NEXT_PUBLIC_ANALYTICS_KEY: "G-ABCDEF1234",
      };
      expect(readEnv(settings)).toMatchObject({ SUPABASE_SERVICE_ROLE_KEY: SECRET[index] });
    }
  });
});
