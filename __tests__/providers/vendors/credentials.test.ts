import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createRegistry } from "#lib/providers/registry.ts";
import { type CredentialSource, engineKey, readKeyPool } from "#lib/providers/vendors/credentials.ts";

const ACCOUNTS: CredentialSource = {
  kind: "account",
  accountEnv: "CLOUD_ACCOUNT",
  tokenEnv: "CLOUD_TOKEN",
  path: "/accounts/{account}/ai",
};
const KEYS: CredentialSource = { kind: "key", env: "SOME_KEY" };
const read = (source: CredentialSource, settings: Record<string, string>) =>
  readKeyPool((name) => settings[name], source);

describe("accounts with their tokens are a pool", () => {
  test("of pairs by number, with gaps, without duplicates", () => {
    const pool = read(ACCOUNTS, {
      CLOUD_ACCOUNT: "a1",
      CLOUD_TOKEN: "t1",
      CLOUD_ACCOUNT_3: "a3",
      CLOUD_TOKEN_3: "t3",
      CLOUD_ACCOUNT_4: "a1",
      CLOUD_TOKEN_4: "t1",
      CLOUD_ACCOUNT_5: "a5",
      CLOUD_TOKEN_5: "t1",
    });
    expect(pool).toMatchObject([
      { kind: "account", account: "a1", token: "t1" },
      { kind: "account", account: "a3", token: "t3" },
      { kind: "account", account: "a5", token: "t1" },
    ]);
    expect(new Set(pool.map(({ fingerprint }) => fingerprint)).size).toBe(3);
  });

  test("that may be empty", () => {
    expect(read(ACCOUNTS, { CLOUD: "x" })).toEqual([]);
  });

  test.each([
    [{ CLOUD_ACCOUNT: "the-account" }, "CLOUD_TOKEN", "CLOUD_ACCOUNT"],
    [{ CLOUD_TOKEN: "the-token" }, "CLOUD_ACCOUNT", "CLOUD_TOKEN"],
    [
      { CLOUD_ACCOUNT: "a", CLOUD_TOKEN: "t", CLOUD_TOKEN_2: "the-token" },
      "CLOUD_ACCOUNT_2",
      "CLOUD_TOKEN_2",
    ],
    [{ CLOUD_ACCOUNT: "the-account", CLOUD_TOKEN_2: "the-token" }, "CLOUD_TOKEN", "CLOUD_ACCOUNT"],
  ])("half of a pair is a mistake: %j", (settings, missing, given) => {
    expect(() => read(ACCOUNTS, settings)).toThrow(
      expect.objectContaining({
        code: "not_configured",
        message: `The variable ${missing} is wrong: it must be set, since ${given} is.`,
      }),
    );
  });

  test.each(["a\nb", "k\u2019y"])("whose values are headers and URLs: %j is refused by name", (value) => {
    for (const name of ["CLOUD_ACCOUNT", "CLOUD_TOKEN"]) {
      const settings = { CLOUD_ACCOUNT: "a", CLOUD_TOKEN: "t", [name]: value };
      expect(() => read(ACCOUNTS, settings)).toThrow(new RegExp(`^The variable ${name} is wrong`));
    }
  });
});

describe("the fingerprint", () => {
  test("of a key begins as its SHA-256 does", () => {
    const digest = createHash("sha256").update("gsk-1").digest("hex");
    expect(read(KEYS, { SOME_KEY: "gsk-1" })).toEqual([
      { kind: "key", key: "gsk-1", fingerprint: digest.slice(0, 8) },
    ]);
  });

  test("is the same whatever the key's position in its pool", () => {
    const here = read(KEYS, { SOME_KEY: "a", SOME_KEY_2: "b" });
    const there = read(KEYS, { SOME_KEY: "b", SOME_KEY_9: "a" });
    expect(here[0]?.fingerprint).toBe(there[1]?.fingerprint);
    expect(here[1]?.fingerprint).toBe(there[0]?.fingerprint);
  });

  test("is empty for a provider that needs no key", () => {
    expect(engineKey({ kind: "key", key: "" }).fingerprint).toBe("");
  });
});

test("every part of every credential is a secret", () => {
  const settings: Record<string, string> = {
    CLOUD_ACCOUNT: "a1",
    CLOUD_TOKEN: "t1",
    CLOUD_ACCOUNT_2: "a2",
    CLOUD_TOKEN_2: "t2",
    GROQ_API_KEY: "g",
  };
  const registry = createRegistry(
    (name) => settings[name],
    [],
    [
      {
        id: "cloud",
        name: "Cloud",
        protocol: "openai-compatible",
        baseUrl: "https://cloud.example",
        baseUrlEnv: "CLOUD_BASE_URL",
        credentials: ACCOUNTS,
        images: { path: "/run" },
      },
    ],
  );
  expect(registry.secrets().sort()).toEqual(["a1", "a2", "t1", "t2"]);
  expect(registry.providerKeys("cloud")).toEqual(["t1", "t2"]);
});
