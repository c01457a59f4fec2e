import { describe, expect, test } from "vitest";
import {
  bareModelName,
  claudeRules,
  closestEffort,
  isModelId,
  modelRules,
} from "#lib/providers/catalogue/model-rules.ts";
import { expectLinear } from "../../support/linear.ts";

/** From the table "OpenAI-family parameter rules" of docs/PROVIDERS.md. */
test.each<[string, string, boolean, boolean]>([
  ["o1", "never", true, false],
  ["o3-mini", "never", true, false],
  ["o4-mini", "never", true, false],
  ["gpt-5", "never", true, false],
  ["gpt-5-mini", "never", true, false],
  ["gpt-5-nano", "never", true, false],
  ["gpt-5-codex", "never", true, false],
  ["gpt-5-chat-latest", "always", true, false],
  ["gpt-5.1", "only_without_reasoning", true, true],
  ["gpt-5.4", "only_without_reasoning", true, true],
  ["gpt-5.1-codex", "never", true, false],
  ["gpt-5.3-chat", "never", true, false],
  ["gpt-5.5-pro", "never", true, false],
  ["gpt-5.5", "only_with_effort_none", true, true],
  ["gpt-5.6", "only_with_effort_none", true, true],
  ["gpt-5.6-sol", "only_with_effort_none", true, true],
  ["gpt-5.10", "only_with_effort_none", true, true],
  ["gpt-5.3-codex", "only_without_reasoning", true, true],
  ["gpt-6", "never", true, false],
  ["gpt-6-astra", "never", true, false],
  ["gpt-10o-mini", "never", true, false],
  ["gpt-35-turbo", "always", false, false],
  ["gpt-4o", "always", false, false],
  ["gpt-4.1-nano", "always", false, false],
  ["gpt-oss-120b", "always", false, false],
  ["llama-3.3-70b-versatile", "always", false, false],
  ["olmo-2", "always", false, false],
])(
  "%s: sampling %s, max_completion_tokens only: %s, takes effort none: %s",
  (model, sampling, completionTokensOnly, takesNone) => {
    for (const name of [model, `openai/${model}`, `a/b/${model.toUpperCase()}:free`]) {
      const rules = modelRules(name);
      expect(rules).toMatchObject({ sampling, completionTokensOnly });
      expect(rules.efforts?.includes("none") ?? false).toBe(takesNone);
    }
  },
);

test.each<[string, string[] | undefined]>([
  ["gpt-5", ["minimal", "low", "medium", "high"]],
  ["gpt-5-pro", ["high"]],
  ["gpt-5.1", ["none", "low", "medium", "high"]],
  ["gpt-5.3-chat-latest", ["medium"]],
  ["gpt-5.6", ["none", "low", "medium", "high", "xhigh"]],
  ["gpt-4o", []],
  ["llama3.1:8b", []],
  ["Meta-Llama-3.3-70B-Instruct", []],
  ["codestral-latest", []],
  ["qwen3-32b", undefined],
  ["DeepSeek-V3.2", undefined],
])("%s takes the efforts %j; undefined: the name does not tell", (model, efforts) => {
  expect(modelRules(model).efforts).toEqual(efforts);
});

test.each([
  ["o3-mini", true],
  ["gpt-5.1", true],
  ["gpt-5.5", true],
  ["gpt-5-chat-latest", false],
  ["gpt-4o", false],
  ["claude-haiku-4-5", false],
  ["claude-sonnet-4-6", true],
  ["anthropic/claude-opus-4.7", true],
  ["claude-opus-5", true],
  ["gemini-2.5-pro", true],
  ["gemini-2.5-flash", false],
  ["gemini-3-flash-preview", true],
  ["gemini-3.8-flash", true],
  ["DeepSeek-V3.2", false],
  ["deepseek-r1", true],
])("%s is slow to start: %s", (model, slow) => {
  expect(modelRules(model).slowToStart).toBe(slow);
});

test.each([
  ["openai/gpt-oss-120b:free", true],
  ["hf.co/a/b:Q4_K_M", true],
  ["m@1", true],
  ["a".repeat(128), true],
  ["a".repeat(129), false],
  ["", false],
  ["a//b", false],
  ["/a", false],
  ["a/", false],
  ["a/../b", false],
  ["./a", false],
  ["a b", false],
  ["a?b", false],
  ["a\n", false],
])("%j is a model id: %s", (id, is) => {
  expect(isModelId(id)).toBe(is);
});

test.each([
  ["gpt-4o", "gpt-4o"],
  ["openai/GPT-4o:free", "gpt-4o"],
  ["accounts/x/models/llama:nitro", "llama"],
  ["gpt-oss:20b", "gpt-oss"],
  ["", ""],
])("the bare name of %j is %j", (model, bare) => {
  expect(bareModelName(model)).toBe(bare);
});

describe("Claude", () => {
  test.each<
    [
      string,
      {
        samplingRefused: boolean;
        oneOfTemperatureAndTopP: boolean;
        thinking: "none" | "budget" | "adaptive";
        prefill: boolean;
      },
    ]
  >([
    [
      "claude-3-haiku-20240307",
      { samplingRefused: false, oneOfTemperatureAndTopP: false, thinking: "none", prefill: true },
    ],
    [
      "claude-3-5-sonnet-20240620",
      { samplingRefused: false, oneOfTemperatureAndTopP: false, thinking: "none", prefill: true },
    ],
    [
      "claude-sonnet-4-20250514",
      { samplingRefused: false, oneOfTemperatureAndTopP: false, thinking: "budget", prefill: true },
    ],
    [
      "claude-opus-4-1-20250805",
      { samplingRefused: false, oneOfTemperatureAndTopP: true, thinking: "budget", prefill: true },
    ],
    [
      "claude-sonnet-4-5-20250929",
      { samplingRefused: false, oneOfTemperatureAndTopP: true, thinking: "budget", prefill: true },
    ],
    [
      "claude-haiku-4-5",
      { samplingRefused: false, oneOfTemperatureAndTopP: true, thinking: "budget", prefill: true },
    ],
    [
      "claude-sonnet-4-6",
      { samplingRefused: false, oneOfTemperatureAndTopP: true, thinking: "adaptive", prefill: false },
    ],
    [
      "claude-opus-4-6",
      { samplingRefused: false, oneOfTemperatureAndTopP: true, thinking: "adaptive", prefill: false },
    ],
    [
      "claude-opus-4-7",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, thinking: "adaptive", prefill: false },
    ],
    [
      "claude-opus-4-8",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, thinking: "adaptive", prefill: false },
    ],
    [
      "claude-opus-5",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, thinking: "adaptive", prefill: false },
    ],
    [
      "claude-opus-5-5",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, thinking: "adaptive", prefill: false },
    ],
    [
      "claude-sonnet-5",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, thinking: "adaptive", prefill: false },
    ],
    [
      "claude-haiku-5-5",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, thinking: "adaptive", prefill: false },
    ],
    [
      "claude-fable-5-2",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, thinking: "adaptive", prefill: false },
    ],
    [
      "claude-mythos",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, thinking: "adaptive", prefill: false },
    ],
  ])("%s", (model, expected) => {
    expect(claudeRules(model)).toMatchObject(expected);
    expect(claudeRules(`anthropic/${model}:beta`)).toMatchObject(expected);
  });

  test.each([
    ["claude-3-haiku-20240307", { thinksByDefault: false, forcedToolChoice: true, maxTokens: 4_096 }],
    ["claude-3-5-sonnet-20240620", { thinksByDefault: false, forcedToolChoice: true, maxTokens: 8_192 }],
    ["claude-3-7-sonnet-20250219", { thinking: "budget", maxTokens: 8_192, thinkingMaxTokens: 32_000 }],
    ["claude-opus-4-8", { thinksByDefault: false, forcedToolChoice: true, maxTokens: 8_192 }],
    ["claude-opus-5", { thinksByDefault: true, forcedToolChoice: true, thinkingMaxTokens: 32_000 }],
    ["claude-fable-5-2", { thinksByDefault: true, forcedToolChoice: false }],
    ["claude-mythos", { thinksByDefault: true, forcedToolChoice: false }],
  ])("%s: %j", (model, expected) => {
    expect(claudeRules(model)).toMatchObject(expected);
  });

  test.each(["anthropic/claude-opus-4.7", "anthropic/claude-4.7-opus-20260416"])(
    "OpenRouter's spelling %s",
    (model) => {
      expect(claudeRules(model).samplingRefused).toBe(true);
    },
  );
});

test.each([
  ["max", ["low", "medium", "high"], "high"],
  ["none", ["low", "medium", "high"], "low"],
  ["minimal", ["low", "medium"], "low"],
  ["medium", ["low", "medium", "high"], "medium"],
  ["high", ["none"], "none"],
  ["low", ["none", "high"], "high"],
  ["minimal", ["none", "high"], "none"],
  ["minimal", ["none", "low"], "low"],
  ["high", [], undefined],
] as const)("the closest to %s among %j is %s", (wanted, accepted, expected) => {
  expect(closestEffort(wanted, accepted)).toBe(expected);
});

test.each<[string, (size: number) => string]>([
  ["claude-", (size) => "claude-".repeat(size / 7)],
  ["gpt-5.1", (size) => `gpt-5.${"1".repeat(size)}`],
  ["gpt-5.1-", (size) => "gpt-5.1-".repeat(size / 8)],
  ["thinkin", (size) => "thinkin".repeat(size / 7)],
  ["digits", (size) => `claude-opus-${"4-".repeat(size / 2)}`],
])("a model named %s a thousand times over is read in linear time", (_name, make) => {
  expectLinear(100_000, (size) => {
    const name = make(size);
    return () => {
      modelRules(name);
      claudeRules(name);
    };
  });
});
