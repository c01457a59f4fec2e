import { describe, expect, test } from "vitest";
import { bareModelName, claudeRules, closestEffort, modelRules } from "#lib/providers/model-rules.ts";
import { expectLinear } from "../support/linear.ts";

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
  ["gpt-5.5", "never", true, true],
  ["gpt-5.6", "never", true, true],
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
      expect(rules.efforts.includes("none")).toBe(takesNone);
    }
  },
);

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
        adaptiveThinking: boolean;
        prefill: boolean;
      },
    ]
  >([
    [
      "claude-3-haiku-20240307",
      { samplingRefused: false, oneOfTemperatureAndTopP: false, adaptiveThinking: false, prefill: true },
    ],
    [
      "claude-3-5-sonnet-20240620",
      { samplingRefused: false, oneOfTemperatureAndTopP: false, adaptiveThinking: false, prefill: true },
    ],
    [
      "claude-sonnet-4-20250514",
      { samplingRefused: false, oneOfTemperatureAndTopP: false, adaptiveThinking: false, prefill: true },
    ],
    [
      "claude-opus-4-1-20250805",
      { samplingRefused: false, oneOfTemperatureAndTopP: true, adaptiveThinking: false, prefill: true },
    ],
    [
      "claude-sonnet-4-5-20250929",
      { samplingRefused: false, oneOfTemperatureAndTopP: true, adaptiveThinking: false, prefill: true },
    ],
    [
      "claude-haiku-4-5",
      { samplingRefused: false, oneOfTemperatureAndTopP: true, adaptiveThinking: false, prefill: true },
    ],
    [
      "claude-sonnet-4-6",
      { samplingRefused: false, oneOfTemperatureAndTopP: true, adaptiveThinking: true, prefill: false },
    ],
    [
      "claude-opus-4-6",
      { samplingRefused: false, oneOfTemperatureAndTopP: true, adaptiveThinking: true, prefill: false },
    ],
    [
      "claude-opus-4-7",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, adaptiveThinking: true, prefill: false },
    ],
    [
      "claude-opus-4-8",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, adaptiveThinking: true, prefill: false },
    ],
    [
      "claude-opus-5",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, adaptiveThinking: true, prefill: false },
    ],
    [
      "claude-opus-5-5",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, adaptiveThinking: true, prefill: false },
    ],
    [
      "claude-sonnet-5",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, adaptiveThinking: true, prefill: false },
    ],
    [
      "claude-haiku-5-5",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, adaptiveThinking: true, prefill: false },
    ],
    [
      "claude-fable-5-2",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, adaptiveThinking: true, prefill: false },
    ],
    [
      "claude-mythos",
      { samplingRefused: true, oneOfTemperatureAndTopP: true, adaptiveThinking: true, prefill: false },
    ],
  ])("%s", (model, expected) => {
    expect(claudeRules(model)).toMatchObject(expected);
    expect(claudeRules(`anthropic/${model}:beta`)).toMatchObject(expected);
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
