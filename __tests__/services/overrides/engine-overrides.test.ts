import { describe, expect, test } from "vitest";
import { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import { nearNames } from "#lib/services/overrides/near-names.ts";
import type { Override, OverrideRule } from "#lib/services/overrides/override.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { fc } from "../../support/properties.ts";

const engine = (id: string) => {
  const slash = id.indexOf("/");
  return { id, model: id.slice(slash + 1), provider: { id: id.slice(0, slash) } };
};
const CHAIN = ["a/1", "b/1", "a/2", "c/x/y"].map(engine);
const off = (provider: string, model?: string, mode?: "smart" | "fast"): OverrideRule => ({
  kind: "off",
  target: { provider, model },
  mode,
});
const order = (...engines: string[]): OverrideRule => ({ kind: "order", mode: "smart", engines });

function withRules(rules: readonly OverrideRule[], expiresInMs?: number) {
  const clock = new FakeClock();
  const overrides = new EngineOverrides(clock);
  const list = rules.map(
    (rule, index): Override => ({
      ...{ id: String(index), rule, note: undefined, expiresAt: undefined, expiresInMs },
      ...{ createdAt: "", createdBy: undefined, updatedAt: "", updatedBy: undefined },
    }),
  );
  overrides.replace({ version: 1, overrides: list });
  const ids = (mode: "smart" | "fast" = "smart") => overrides.chain(mode, CHAIN).map(({ id }) => id);
  return { clock, overrides, ids };
}

describe("a chain", () => {
  test.each<[string, OverrideRule[], string[]]>([
    ["without overrides", [], ["a/1", "b/1", "a/2", "c/x/y"]],
    ["without an engine that is off everywhere", [off("a", "1")], ["b/1", "a/2", "c/x/y"]],
    ["without one that is off in the mode", [off("a", "1", "smart")], ["b/1", "a/2", "c/x/y"]],
    ["with one that is off in another mode", [off("a", "1", "fast")], ["a/1", "b/1", "a/2", "c/x/y"]],
    ["without a provider", [off("a")], ["b/1", "c/x/y"]],
    ["without an engine whose name has slashes", [off("c", "x/y")], ["a/1", "b/1", "a/2"]],
    ["of which all is off", [off("a"), off("b", "1", "smart"), off("c")], []],
    ["in another order", [order("a/2", "b/1")], ["a/2", "b/1", "a/1", "c/x/y"]],
    ["in another order, of which one is not there", [order("z/9", "a/2")], ["a/2", "a/1", "b/1", "c/x/y"]],
    ["in another order, of which one is off", [order("a/2", "b/1"), off("a", "2")], ["b/1", "a/1", "c/x/y"]],
  ])("%s", (_, rules, expected) => {
    const { ids, overrides } = withRules(rules);
    expect(ids()).toEqual(expected);
    expect(overrides.isSwitchedOff("smart")).toBe(expected.length === 0);
    expect(overrides.isSwitchedOff("fast"), "nobody has asked for it").toBe(false);
  });

  test("is the same array as long as nothing changes", () => {
    const none = withRules([]).overrides;
    expect(none.chain("smart", CHAIN)).toBe(CHAIN);
    expect(none.allowed(CHAIN)).toBe(CHAIN);
    const { overrides } = withRules([off("a")]);
    expect(overrides.chain("smart", CHAIN)).toBe(overrides.chain("smart", CHAIN));
    const other = [...CHAIN];
    expect(overrides.chain("smart", other)).not.toBe(overrides.chain("smart", CHAIN));
    expect(withRules([off("z")]).overrides.chain("smart", CHAIN)).toBe(CHAIN);
  });

  test("is as it was once an override has expired, without anybody doing anything", () => {
    const { clock, overrides, ids } = withRules([off("a")], 5_000);
    clock.advance(4_999);
    expect([ids(), overrides.list.length, overrides.isEmpty]).toEqual([["b/1", "c/x/y"], 1, false]);
    clock.setWall(0);
    clock.advance(1);
    expect([ids().length, overrides.list.length, overrides.isEmpty]).toEqual([4, 0, true]);
    expect(overrides.allowed(CHAIN)).toBe(CHAIN);
  });

  test("loses nothing and gains nothing by an order, whatever is in it", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a/1", "b/1", "a/2", "c/x/y", "z/1")), (names) => {
        expect(
          withRules([order(...new Set(names))])
            .ids()
            .toSorted(),
        ).toEqual(CHAIN.map(({ id }) => id).toSorted());
      }),
    );
  });
});

test("engines that no mode has led to are off only everywhere", () => {
  const { overrides } = withRules([off("a", "1", "smart"), off("b")]);
  expect(overrides.allowed(CHAIN).map(({ id }) => id)).toEqual(["a/1", "a/2", "c/x/y"]);
});

describe("near names", () => {
  const KNOWN = ["groq/llama-3.3-70b-versatile", "groq/qwen/qwen3-32b", "mistral/codestral-latest"];
  test.each([
    ["groq/llama-3.3-70b", ["groq/llama-3.3-70b-versatile"]],
    ["groq/lama-3.3-70b-versatile", ["groq/llama-3.3-70b-versatile"]],
    ["GROQ/qwen/qwen3-32B", ["groq/qwen/qwen3-32b"]],
    ["nothing/like-it-at-all", []],
  ])("of %s", (name, expected) => expect(nearNames(name, KNOWN)).toEqual(expected));

  test("of a name of 100 KB are none, at once", () => {
    expect(nearNames("x".repeat(100_000), KNOWN)).toEqual([]);
  });
});

test("of two changes at once the answer to the first may come last, and takes nothing back", () => {
  const { overrides, ids } = withRules([off("a")]);
  const newer = { version: 3, overrides: overrides.list };
  overrides.update(newer);
  overrides.update({ version: 2, overrides: [] });
  expect([ids(), overrides.version]).toEqual([["b/1", "c/x/y"], 3]);
  overrides.update({ version: 3, overrides: [] });
  expect(ids()).toHaveLength(4);
  overrides.replace({ version: 1, overrides: newer.overrides });
  expect(ids(), "what the refresh brings, after a restore").toHaveLength(2);
});
