import { expect, test } from "vitest";
import { MODE_IDS } from "#lib/ai-models.ts";
import { resolveMode } from "#lib/router/resolve-mode.ts";

test.each(MODE_IDS)("%s is kept, with a new image or without one", (mode) => {
  expect(resolveMode(mode, false)).toBe(mode);
  expect(resolveMode(mode, true)).toBe(mode);
});

test("auto is smart, or vision for a new image", () => {
  expect(resolveMode("auto", false)).toBe("smart");
  expect(resolveMode("auto", true)).toBe("vision");
});
