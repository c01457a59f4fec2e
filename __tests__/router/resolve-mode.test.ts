import { expect, test } from "vitest";
import { MODE_IDS } from "#lib/ai-models.ts";
import { resolveMode } from "#lib/router/resolve-mode.ts";

test.each(MODE_IDS)("%s is kept without an image, and becomes vision with one", (mode) => {
  expect(resolveMode(mode, false)).toEqual({ mode, routed: false });
  expect(resolveMode(mode, true)).toEqual({ mode: "vision", routed: mode !== "vision" });
});

test("auto is smart, or vision with an image, and says that it was routed", () => {
  expect(resolveMode("auto", false)).toEqual({ mode: "smart", routed: true });
  expect(resolveMode("auto", true)).toEqual({ mode: "vision", routed: true });
});
