import { expect, test } from "vitest";
import { MODE_IDS } from "#lib/ai-models.ts";
import { resolveMode } from "#lib/router/resolve-mode.ts";

test.each(MODE_IDS)("%s is kept without an image, and becomes vision with one", (mode) => {
  expect(resolveMode(mode, false)).toBe(mode);
  expect(resolveMode(mode, true)).toBe("vision");
});

test("auto is smart, or vision with an image", () => {
  expect(resolveMode("auto", false)).toBe("smart");
  expect(resolveMode("auto", true)).toBe("vision");
});
