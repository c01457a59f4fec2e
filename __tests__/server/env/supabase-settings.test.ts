import { describe, expect, test } from "vitest";
import { readEnv } from "#lib/server/env/env.ts";
import { isSupabaseConfigured } from "#lib/server/env/supabase-settings.ts";

const URL = "https://x.supabase.co";
const configured = (settings: Record<string, string>) => isSupabaseConfigured(readEnv(settings));

test("a whole configuration is one, with or without the optional keys", () => {
  const whole = { NEXT_PUBLIC_SUPABASE_URL: URL, NEXT_PUBLIC_SUPABASE_ANON_KEY: "a" };
  expect(configured(whole)).toBe(true);
  expect(configured({ ...whole, SUPABASE_SERVICE_ROLE_KEY: "s", SUPABASE_JWT_SECRET: "j" })).toBe(true);
  // Other tools' names beside ours do no harm.
  expect(configured({ ...whole, SUPABASE_URL: URL, SUPABASE_ANON_KEY: "a" })).toBe(true);
});

test("nothing of ours means the embedded database", () => {
  expect(configured({})).toBe(false);
  expect(configured({ NEXT_PUBLIC_SUPABASE_URL: " ", SUPABASE_SERVICE_ROLE_KEY: "" })).toBe(false);
  const foreign = { SUPABASE_ACCESS_TOKEN: "t", SUPABASE_DB_PASSWORD: "p", SUPABASE_PROJECT_ID: "i" };
  expect(configured({ ...foreign, SUPABASE_DB_URL: "postgres://x", PATH: "/bin", DATABASE_URL: "d" })).toBe(
    false,
  );
});

describe("half a configuration ends the start, naming what is missing", () => {
  test.each([
    [{ NEXT_PUBLIC_SUPABASE_ANON_KEY: "k" }, /ANON_KEY is set, but NEXT_PUBLIC_SUPABASE_URL is not/],
    [{ SUPABASE_SERVICE_ROLE_KEY: "k" }, /SERVICE_ROLE_KEY is set, but NEXT_PUBLIC_SUPABASE_URL is not/],
    [{ SUPABASE_JWT_SECRET: "k" }, /JWT_SECRET is set, but NEXT_PUBLIC_SUPABASE_URL is not/],
    [{ NEXT_PUBLIC_SUPABASE_URL: URL }, /URL is set, but NEXT_PUBLIC_SUPABASE_ANON_KEY is not/],
    [{ NEXT_PUBLIC_SUPABASE_URL: URL, SUPABASE_SERVICE_ROLE_KEY: "k" }, /ANON_KEY is not/],
    [{ NEXT_PUBLIC_SUPABASE_URL: "", NEXT_PUBLIC_SUPABASE_ANON_KEY: "k" }, /SUPABASE_URL is not/],
    [{ SUPABASE_URL: URL }, /^SUPABASE_URL is set, but this gateway calls it NEXT_PUBLIC_SUPABASE_URL:/],
    [{ NEXT_PUBLIC_SUPABASE_UR: URL }, /^NEXT_PUBLIC_SUPABASE_UR is set, but this gateway calls it/],
    [{ NEXT_PUBLIC_SUPBASE_URL: URL, NEXT_PUBLIC_SUPABASE_ANON_KEY: "k" }, /^NEXT_PUBLIC_SUPBASE_URL is set/],
    [{ next_public_supabase_url: URL }, /^next_public_supabase_url is set/],
    [{ VITE_SUPABASE_URL: URL }, /^VITE_SUPABASE_URL is set/],
    [{ SUPABASE_SERVICE_KEY: "k" }, /^SUPABASE_SERVICE_KEY is set, but NEXT_PUBLIC_SUPABASE_URL is not/],
    [{ SUPABASE_KEY: "k" }, /^SUPABASE_KEY is set, but NEXT_PUBLIC_SUPABASE_URL is not/],
    [
      { NEXT_PUBLIC_SUPABASE_URL: URL, NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY: "k" },
      /^NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY is set, but this gateway calls it NEXT_PUBLIC_SUPABASE_ANON_KEY:/,
    ],
  ])("%j", (settings, says) => {
    expect(() => configured(settings as Record<string, string>)).toThrow(
      expect.objectContaining({ code: "not_configured", message: expect.stringMatching(says) }),
    );
  });
});
