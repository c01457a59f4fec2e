import { describe, expect, test } from "vitest";
import { listingOf } from "#lib/services/model-check/listed-name.ts";
import { NearNames } from "#lib/services/model-check/near-names.ts";

const ROUTES = /:(?:nitro|floor|online|exacto)$/;

describe("a provider has a model", () => {
  const ROWS: [why: string, model: string, listed: string[], kind: string][] = [
    ["by its name", "gpt-5.5", ["gpt-5.5"], "listed"],
    ["with a vendor", "openai/gpt-oss-120b", ["openai/gpt-oss-120b"], "listed"],
    ["not for another's", "gpt-oss-120b", ["openai/gpt-oss-120b"], "missing"],
    ["not by another case", "deepseek-v3.2", ["DeepSeek-V3.2"], "missing"],
    ["in its free variant", "z-ai/glm-4.5-air:free", ["z-ai/glm-4.5-air", "z-ai/glm-4.5-air:free"], "listed"],
    ["not if only the paid variant is left", "z-ai/glm-4.5-air:free", ["z-ai/glm-4.5-air"], "missing"],
    ["whatever way it is served in", "z-ai/glm-4.5-air:nitro", ["z-ai/glm-4.5-air"], "listed"],
    ["with a tag that is left out", "llama3.1", ["llama3.1:latest"], "listed"],
    ["without a tag that is there", "llama3.1:latest", ["llama3.1"], "listed"],
    ["not with another tag", "llama3.1:8b", ["llama3.1:70b", "llama3.1:latest"], "missing"],
    ["by an alias of the newest", "codestral-latest", ["codestral-2508"], "listed"],
    ["by an alias of a dated one", "claude-3-5-sonnet-latest", ["claude-3-5-sonnet-20241022"], "listed"],
    ["by the alias of what has no date", "gemini-flash-latest", ["gemini-flash"], "listed"],
    ["not by an alias of nothing", "codestral-latest", ["codestral-mamba"], "missing"],
    [
      "perhaps by a name without its date",
      "claude-sonnet-4-5",
      ["claude-sonnet-4-5-20250929"],
      "perhaps_alias",
    ],
    ["perhaps, as month and year", "command-r-plus", ["command-r-plus-08-2024"], "perhaps_alias"],
    ["perhaps, as day", "gpt-4o", ["gpt-4o-2024-08-06"], "perhaps_alias"],
    ["perhaps, as number", "gemini-2.0-flash", ["gemini-2.0-flash-001"], "perhaps_alias"],
    ["not if its date is gone", "gpt-4o-2024-08-06", ["gpt-4o", "gpt-4o-2024-11-20"], "missing"],
    ["not if that is the next version", "claude-opus-4", ["claude-opus-4-7", "claude-opus-4.1"], "missing"],
    ["not if that is another size", "llama-3.3", ["llama-3.3-70b-versatile"], "missing"],
    ["not of an empty list", "gpt-5.5", [], "missing"],
  ];
  test.each(ROWS)("%s: %s", (_, model, listed, kind) => {
    expect(listingOf(model, new Set(listed), ROUTES).kind).toBe(kind);
  });

  test("the newest version is named", () => {
    const names = new Set(["gpt-4o-2024-05-13", "gpt-4o-2024-11-20", "gpt-4o-2024-08-06"]);
    expect(listingOf("gpt-4o", names, undefined)).toEqual({ kind: "perhaps_alias", of: "gpt-4o-2024-11-20" });
  });
});

describe("near names", () => {
  const GROQ = [
    "llama-3.3-70b-versatile",
    "llama-3.1-8b-instant",
    "openai/gpt-oss-120b",
    "openai/gpt-oss-20b",
    "qwen/qwen3-32b",
    "whisper-large-v3",
  ];
  const CLAUDE = [
    "claude-opus-4-8",
    "claude-opus-4-1-20250805",
    "claude-sonnet-5",
    "claude-haiku-4-5-20251001",
  ];
  const ROWS: [gone: string, list: string[], first: string | undefined][] = [
    ["llama-3.3-70b", GROQ, "llama-3.3-70b-versatile"],
    ["Meta-Llama-3.3-70B-Instruct", GROQ, "llama-3.3-70b-versatile"],
    ["lama-3.3-70b-versatil", GROQ, "llama-3.3-70b-versatile"],
    ["gpt-oss-120b", GROQ, "openai/gpt-oss-120b"],
    ["qwen3-32b", GROQ, "qwen/qwen3-32b"],
    ["pixtral-12b-2409", GROQ, undefined],
    ["claude-opus-4-7", CLAUDE, "claude-opus-4-8"],
    ["claude-opus-5", CLAUDE, "claude-opus-4-8"],
    ["claude-sonnet-4-6", CLAUDE, "claude-sonnet-5"],
    [
      "gemini-3.5-pro",
      ["gemini-2.5-pro", "gemini-3.1-pro-preview", "gemini-3-flash"],
      "gemini-3.1-pro-preview",
    ],
    ["z-ai/glm-4.5-air:free", ["z-ai/glm-4.5-air", "z-ai/glm-4.6:free", "z-ai/glm-5"], "z-ai/glm-4.5-air"],
    ["deepseek-v3.2", ["DeepSeek-V3.2", "DeepSeek-V3.1"], "DeepSeek-V3.2"],
    ["gpt-4o-2024-08-06", ["gpt-4o-2024-11-20", "gpt-4.1", "gpt-4o-mini"], "gpt-4o-2024-11-20"],
    ["!!!", GROQ, undefined],
  ];
  test.each(ROWS)("of %s", (gone, list, first) => {
    const near = new NearNames(list).to(gone);
    expect(near[0]).toBe(first);
    expect(near.length).toBeLessThanOrEqual(3);
  });

  test("are found in a long list of much the same names without holding up anybody", () => {
    const names = Array.from({ length: 20_000 }, (_, at) => `llama-3.3-70b-instruct-variant-${at}`);
    const index = new NearNames(names);
    const from = performance.now();
    expect(index.to("llama-3.3-70b")).toHaveLength(3);
    expect(performance.now() - from).toBeLessThan(200);
  });
});
