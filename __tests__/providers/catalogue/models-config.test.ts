import { describe, expect, test } from "vitest";
import { DEFAULT_MODES, MODE_IDS } from "#lib/ai-models.ts";
import { isModelId } from "#lib/providers/catalogue/model-rules.ts";
import { parseModelsConfig } from "#lib/providers/catalogue/models-config.ts";
import { hasCapability } from "#lib/providers/chat/eligibility.ts";
import { createRegistry } from "#lib/providers/registry.ts";
import { PROVIDER_ALIASES, PROVIDERS } from "#lib/providers/vendors/providers.ts";

const parse = (text: string) => parseModelsConfig(text, "models.yaml");

async function mistake(text: string): Promise<string> {
  const error: unknown = await parse(text).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: "not_configured" });
  return error instanceof Error ? error.message : "";
}

const everyMode = (body: string): string => MODE_IDS.map((id) => `  ${id}: ${body}`).join("\n");

describe("the default catalogue", () => {
  test("has 73 chat engines in six chains, of providers that exist", () => {
    const engines = Object.values(DEFAULT_MODES).flatMap(({ failover }) => failover);
    expect(engines).toHaveLength(73);
    const known = [...PROVIDERS.map(({ id }) => id), ...Object.keys(PROVIDER_ALIASES)];
    for (const { provider, model } of engines) {
      expect(known).toContain(provider);
      expect(isModelId(model)).toBe(true);
    }
  });

  test("has eyes in every engine of vision", () => {
    const registry = createRegistry((name) => (/_KEY$/.test(name) ? "k" : undefined));
    const engines = registry.resolve(DEFAULT_MODES.vision.failover);
    expect(engines).toHaveLength(DEFAULT_MODES.vision.failover.length);
    expect(engines.filter((engine) => !hasCapability(engine, "images")).map(({ id }) => id)).toEqual([]);
  });

  test("promises nothing in a label: no speed, no tool", () => {
    const labels = Object.values(DEFAULT_MODES).flatMap(({ failover }) => failover.map(({ label }) => label));
    const promises = /\+ |search|tavily|\d\s*(?:ms|s)\b|tok(?:en)?s?\/s|instant replies|grounded/i;
    expect(labels.filter((label) => promises.test(label))).toEqual([]);
  });

  test.each(MODE_IDS)("%s names no engine twice", (mode) => {
    const ids = DEFAULT_MODES[mode].failover.map(({ provider, model }) => `${provider}/${model}`);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("MODELS_CONFIG", () => {
  test("extends the default mode by mode, field by field", async () => {
    const { modes } = await parse("extends: default\nmodes:\n  fast:\n    perUserDailyLimit: 7\n");
    expect(modes).toEqual({ ...DEFAULT_MODES, fast: { ...DEFAULT_MODES.fast, perUserDailyLimit: 7 } });
  });

  test("keeps a limit of zero", async () => {
    const { modes } = await parse('{"extends":"default","modes":{"live":{"perUserDailyLimit":0}}}');
    expect(modes.live.perUserDailyLimit).toBe(0);
  });

  test("reads the same from JSON as from YAML", async () => {
    const yaml = `extends: default
providers:
  - id: mine
    baseUrl: https://llm.example/v1
    apiKeyEnv: MINE_KEY
modes:
  smart:
    failover:
      - provider: mine
        model: big
`;
    const json = JSON.stringify({
      extends: "default",
      providers: [{ id: "mine", baseUrl: "https://llm.example/v1", apiKeyEnv: "MINE_KEY" }],
      modes: { smart: { failover: [{ provider: "mine", model: "big" }] } },
    });
    expect(await parse(yaml)).toEqual(await parse(json));
    expect((await parse(yaml)).modes.smart.failover).toEqual([
      { provider: "mine", model: "big", label: "mine big" },
    ]);
    expect((await parse(yaml)).providers[0]).toMatchObject({ protocol: "openai-compatible" });
  });

  test("without extends every mode needs its chain", async () => {
    const chain = "{failover: [{provider: groq, model: m}]}";
    expect((await parse(`modes:\n${everyMode(chain)}`)).modes.coder.failover).toHaveLength(1);
    const message = await mistake(`modes:\n  smart: ${chain}\n  fast:\n    name: Quick\n`);
    expect(message).toMatch(/^models.yaml, line \d+: mode "reasoner" has no failover chain/);
    expect(message).toContain("extends: default");
  });

  const SMART =
    "extends: default\nmodes:\n  smart:\n    failover:\n      - provider: groq\n        model: m\n";
  test.each([
    [
      "an unknown provider",
      `${SMART}      - provider: grok\n        model: m\n`,
      7,
      /unknown provider "grok"/,
    ],
    [
      "another protocol at a provider that has but its own",
      `${SMART}      - provider: anthropic\n        model: m\n        protocol: openai-responses\n`,
      9,
      /"anthropic" speaks only its own protocol/,
    ],
    ["an unknown protocol of a row", `${SMART}        protocol: gemini\n`, 7, /protocol/],
    ["an unknown field of an engine", `${SMART}        modell: x\n`, 7, /modell/],
    ["an unknown mode", "extends: default\nmodes:\n  smartest:\n    name: x\n", 4, /smartest/],
    ["an unknown field at the top", "extends: default\n\nmodels: {}\n", 3, /models/],
    ["an empty chain", "extends: default\nmodes:\n  smart:\n    failover: []\n", 4, /failover/],
    [
      "a negative limit",
      "extends: default\nmodes:\n  fast:\n    perUserDailyLimit: -1\n",
      4,
      /perUserDailyLimit/,
    ],
    [
      "a limit that is text",
      "extends: default\nmodes:\n  fast:\n    perUserDailyLimit: many\n",
      4,
      /perUserDailyLimit/,
    ],
    [
      "a provider with a bad URL",
      "extends: default\nproviders:\n  - id: a\n    baseUrl: ftp://x\n",
      4,
      /baseUrl.*http/,
    ],
    [
      "a provider with a bad id",
      "extends: default\nproviders:\n  - id: A b\n    baseUrl: http://x\n",
      3,
      /id.*lower-case/,
    ],
    [
      "a key in place of its variable",
      "extends: default\nproviders:\n  - id: a\n    baseUrl: http://x\n    apiKeyEnv: sk-123\n",
      5,
      /apiKeyEnv/,
    ],
    [
      "an unknown protocol",
      "extends: default\nproviders:\n  - id: a\n    baseUrl: http://x\n    protocol: soap\n",
      5,
      /protocol/,
    ],
    [
      "a provider defined twice",
      "extends: default\nproviders:\n  - {id: a, baseUrl: 'http://x'}\n  - {id: a, baseUrl: 'http://y'}\n",
      4,
      /"a" is taken/,
    ],
    [
      "a provider named like the sandbox",
      "extends: default\nproviders:\n  - id: sandbox\n    baseUrl: http://x\n",
      3,
      /taken/,
    ],
    [
      "a provider named like an alias",
      "extends: default\nproviders:\n  - id: openrouter-free\n    baseUrl: http://x\n",
      3,
      /taken/,
    ],
    [
      "a base URL with a password",
      "extends: default\nproviders:\n  - id: a\n    baseUrl: http://u:sk-123@x\n",
      4,
      /baseUrl.*user/,
    ],
    [
      "a base URL with a query",
      "extends: default\nproviders:\n  - id: a\n    baseUrl: http://x/v1?key=sk-123\n",
      4,
      /baseUrl.*query/,
    ],
    [
      "a base URL with a fragment",
      "extends: default\nproviders:\n  - id: a\n    baseUrl: 'http://x/#sk-123'\n",
      4,
      /baseUrl.*fragment/,
    ],
    ["a model id with a space", `${SMART}      - provider: groq\n        model: a b\n`, 8, /model/],
    ["a model id with a dot segment", `${SMART}      - provider: groq\n        model: a/../b\n`, 8, /model/],
    ["a model id with an empty segment", `${SMART}      - provider: groq\n        model: a//b\n`, 8, /model/],
    ["a label with a line break", `${SMART}        label: "a\\nb"\n`, 7, /label/],
    ["YAML that is none", "extends: default\nmodes: [\n", 3, /./],
    ["a key that comes twice", "extends: default\nextends: default\n", 2, /./],
    ["an alias of nothing", "extends: *nobody\n", 1, /nobody/],
    ["nothing", "", 1, /the configuration/],
    ["a list", "- a\n", 1, /the configuration/],
    [
      "JSON with a mistake on its third line",
      '{\n"extends": "default",\n"modes": {"smart": {"failover": 7}}\n}',
      3,
      /failover/,
    ],
    ["JSON that breaks off", '{\n"extends": "default",\n', 3, /./],
  ])("%s is named with its line", async (_, text, line, says) => {
    const message = await mistake(text);
    expect(message).toMatch(new RegExp(`^models.yaml, line ${line}: `));
    expect(message).toMatch(says);
    expect(message).not.toContain("sk-123");
  });

  test("aliases that multiply are refused", async () => {
    let text = `a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n`;
    for (let level = 1; level < 10; level++)
      text += `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(", ")}]\n`;
    expect(await mistake(text)).toMatch(/alias/i);
  });
});
