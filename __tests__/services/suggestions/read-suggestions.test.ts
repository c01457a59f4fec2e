import { describe, expect, test } from "vitest";
import { readSuggestions } from "#lib/services/suggestions/read-suggestions.ts";
import { ENGINE_OUTPUTS } from "./engine-outputs.ts";

describe("the suggestions in an engine's answer", () => {
  test.each(ENGINE_OUTPUTS)("$name", ({ output, userMsg = "What is a fox?", suggestions }) => {
    expect(readSuggestions(output, userMsg)).toEqual(suggestions);
  });
});
