import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readEnv } from "#lib/server/env.ts";

const FLAGS = [
  "ENABLE_SANDBOX",
  "TRUST_PROXY",
  "ENABLE_PROMPT_CACHE",
  "MIDSTREAM_RECOVERY",
  "VERCEL",
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

  test.each(FLAGS)("%s is on for 1, true and on, off for all else, and its default when empty", (name) => {
    for (const text of ["1", "true", "on", "TRUE", " On "])
      expect(readEnv({ [name]: text })[name], text).toBe(true);
    for (const text of ["0", "false", "off", "no", "2", "x"])
      expect(readEnv({ [name]: text })[name], text).toBe(false);
    for (const text of ["", "  "]) expect(readEnv({ [name]: text })[name], text).toBe(readEnv({})[name]);
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
  });

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
    ["WORKERS", "0"],
    ["WORKERS", "many"],
    ["SHUTDOWN_GRACE_MS", "-1"],
    ["CONNECT_TIMEOUT_MS", "0"],
    ["CONNECT_TIMEOUT_MS", "3s"],
    // A timer of more than 31 bits fires at once.
    ["FIRST_TOKEN_TIMEOUT_MS", "9999999999"],
    ["AUTH_FAILURES_PER_MINUTE", "-1"],
    ["NEXT_PUBLIC_SUPABASE_URL", "x.supabase.co"],
    ["NEXT_PUBLIC_APP_URL", "ftp://example.test"],
    ["OLLAMA_URL", "localhost:11434"],
    ["SARMALINK_DATA_DIR", "~somebody/data"],
  ])("%s=%s is refused, by name", (name, value) => {
    expect(() => readEnv({ [name]: value })).toThrow(
      expect.objectContaining({ code: "not_configured", message: expect.stringContaining(name) }),
    );
  });
});
