import { describe, expect, test } from "vitest";
import { findPlugin } from "#lib/plugins/find-plugin.ts";
import { PLUGIN_RULES } from "#lib/plugins/plugin-rules.ts";
import { PLUGINS } from "#lib/plugins/plugins.ts";
import { expectLinear } from "../support/linear.ts";
import { MESSAGES } from "./plugin-messages.ts";

const all = { isConfigured: () => true };

test("every plugin that takes part has rules, and at least eight messages of each kind", () => {
  const ids = PLUGINS.flatMap(({ id, autoRoute }) => (autoRoute === undefined ? [] : [id])).sort();
  expect(Object.keys(PLUGIN_RULES).sort()).toEqual(ids);
  expect(MESSAGES.map(({ plugin }) => plugin).sort()).toEqual(ids);
  for (const { must, mustNot } of MESSAGES) {
    expect(must.length).toBeGreaterThanOrEqual(8);
    expect(mustNot.length).toBeGreaterThanOrEqual(8);
  }
});

describe.each(MESSAGES)("$plugin", ({ plugin, image, must, mustNot }) => {
  test.each(must)("takes: %s", (message) => {
    expect(findPlugin({ message, hasImage: image, ...all })).toBe(plugin);
    expect(findPlugin({ message: message.toUpperCase(), hasImage: image, ...all })).toBe(plugin);
  });

  test.each(mustNot)("leaves: %s", (message) => {
    expect(findPlugin({ message, hasImage: image, ...all })).toBeUndefined();
  });

  test("takes nothing while it is not set up", () => {
    const isConfigured = (id: string): boolean => id !== plugin;
    for (const message of must)
      expect(findPlugin({ message, hasImage: image, isConfigured })).toBeUndefined();
  });
});

test("a receipt is scanned only if there is an image", () => {
  expect(findPlugin({ message: "Scan this receipt", hasImage: false, ...all })).toBeUndefined();
});

test("a request stands at the beginning or the end of a long text, not within it", () => {
  const text = "The lease was signed in spring. ".repeat(200);
  const ask = "Search our documents for the notice period.";
  expect(findPlugin({ message: `${text}\n${ask}`, hasImage: false, ...all })).toBe("rag-over-pdf");
  expect(findPlugin({ message: `${ask}\n${text}`, hasImage: false, ...all })).toBe("rag-over-pdf");
  expect(findPlugin({ message: `${text}\n${ask}\n${text}`, hasImage: false, ...all })).toBeUndefined();
});

test.each([
  " ",
  "0",
  "a ",
  "please ",
  "search our ",
  "what in my ",
  "ask the local ",
  "scan receipt ",
  "run agents ",
])("100 KB of %j take no time", (piece) => {
  const from = performance.now();
  findPlugin({ message: piece.repeat(100_000 / piece.length), hasImage: true, ...all });
  expect(performance.now() - from).toBeLessThan(50);
  expectLinear(12_000, (size) => {
    const message = piece.repeat(size / piece.length);
    return () => void findPlugin({ message, hasImage: true, ...all });
  });
});
