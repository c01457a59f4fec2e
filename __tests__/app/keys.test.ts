import { describe, expect, test } from "vitest";
import { type KeyView, keyState, readKeys } from "#lib/browser/keys.ts";
import { keysStrings } from "../../app/_strings/keys.ts";
import { bodyOf, changesOf, draftOf, problemsOf } from "../../app/keys/key-draft.ts";
import { snippetsFor } from "../../app/keys/snippets.ts";

const [KEY] = readKeys({
  keys: [
    {
      id: "1",
      name: "CI",
      prefix: "sk-sarmalink-3f9a",
      userId: "u",
      requestsPerMinute: 60,
      requestsAtOnce: null,
      usdPerMonth: 20,
      modes: ["smart"],
      expiresAt: "2027-06-30T00:00:00.000Z",
      revokedAt: null,
      requestsToday: 3,
      spentUsdToday: 0.5,
      spentUsdThisMonth: 4,
      inFlight: null,
    },
  ],
}) as [KeyView];
const NOW = Date.parse("2027-01-01T00:00:00Z");
const EMPTY = draftOf(undefined);

describe("the form of a key", () => {
  test("an empty field is no limit", () => {
    expect(bodyOf({ ...EMPTY, name: " CI " })).toEqual({
      name: "CI",
      requestsPerMinute: null,
      requestsAtOnce: null,
      usdPerMonth: null,
      modes: null,
      expiresAt: null,
    });
  });

  test("shows a key as it is, and saves it unchanged", () => {
    const { name, requestsPerMinute, requestsAtOnce, usdPerMonth, modes, expiresAt } = KEY;
    expect(bodyOf(draftOf(KEY))).toEqual({
      name,
      requestsPerMinute,
      requestsAtOnce,
      usdPerMonth,
      modes,
      expiresAt,
    });
    expect(problemsOf(draftOf(KEY), NOW)).toEqual({});
  });

  test("changes nothing that was not touched", () => {
    const before = draftOf(KEY);
    expect(changesOf(before, before)).toEqual({});
    expect(changesOf({ ...before, name: "CI of main", usdPerMonth: "" }, before)).toEqual({
      name: "CI of main",
      usdPerMonth: null,
    });
  });

  const { form } = keysStrings;
  test.each([
    [{ name: "  " }, { name: form.nameMissing }],
    [{ requestsPerMinute: "0" }, { requestsPerMinute: form.notANumber }],
    [{ requestsPerMinute: "1.5" }, { requestsPerMinute: form.notANumber }],
    [{ requestsAtOnce: "-1" }, { requestsAtOnce: form.notANumber }],
    [{ requestsAtOnce: "many" }, { requestsAtOnce: form.notANumber }],
    [{ usdPerMonth: "1,5" }, { usdPerMonth: form.notAnAmount }],
    [{ usdPerMonth: "0" }, {}],
    [{ usdPerMonth: "0.25" }, {}],
    [{ expiresAt: "2020-01-01T00:00" }, { expiresAt: form.expiresPast }],
    [{ expiresAt: "2030-01-01T00:00" }, {}],
  ])("%j: %j", (change, problems) => {
    expect(problemsOf({ ...EMPTY, name: "CI", ...change }, NOW)).toEqual(problems);
  });
});

test.each([
  [{}, "live"],
  [{ expiresAt: null }, "live"],
  [{ expiresAt: "2026-12-31T00:00:00Z" }, "expired"],
  [{ revokedAt: "2026-12-31T00:00:00Z" }, "revoked"],
])("a key with %j is %s", (change, state) => {
  expect(keyState({ ...KEY, ...change }, NOW)).toBe(state);
});

describe("what is copied for a client", () => {
  const snippets = snippetsFor("https://ai.example.com", "sk-sarmalink-secret");

  test.each(snippets.map((snippet) => [snippet.label, snippet] as const))(
    "%s has this gateway's address and the key",
    (_, { code }) => {
      expect(code).toContain("https://ai.example.com/api");
      expect(code).toContain("sk-sarmalink-secret");
    },
  );

  test("clients that append /v1 get the address without it, the others with it", () => {
    const codeOf = (id: string): string => snippets.find((snippet) => snippet.id === id)?.code ?? "";
    expect(codeOf("claude-code")).toMatch(/\/api$/m);
    for (const id of ["openai-js", "openai-py", "langchain", "codex", "cursor", "opencode"])
      expect(codeOf(id), id).toMatch(/\/api\/v1(?:"|$)/m);
  });

  test("opencode's is JSON", () => {
    const code = snippets.find(({ id }) => id === "opencode")?.code ?? "";
    expect(JSON.parse(code)).toMatchObject({
      provider: { sarmalink: { options: { apiKey: "sk-sarmalink-secret" } } },
    });
  });
});
