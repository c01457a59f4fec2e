import { describe, expect, expectTypeOf, test } from "vitest";
import { embedPowerOf } from "#lib/providers/embeddings/embed-power.ts";
import { createRegistry } from "#lib/providers/registry.ts";
import type { STANDARD_EMBEDDINGS } from "#lib/providers/vendors/embedding-dialect.ts";
import type { STANDARD_DIALECT } from "#lib/providers/vendors/openai-dialect.ts";
import type { ProviderDefinition, ProviderFacts } from "#lib/providers/vendors/provider.ts";
import { PROVIDERS } from "#lib/providers/vendors/providers.ts";
import { modelNotFound } from "#lib/services/engines/model-not-found.ts";
import { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const FACTS = {
  id: "voices",
  name: "Voices",
  baseUrl: "https://voices.example/v1",
  baseUrlEnv: "VOICES_BASE_URL",
  credentials: { kind: "key", env: "VOICES_API_KEY" },
} as const satisfies ProviderFacts;

/** A provider of another kind: this row is all that it takes. */
const VOICES: ProviderDefinition = {
  ...FACTS,
  protocol: "openai-compatible",
  speech: { path: "/audio/speech" },
};

const registry = createRegistry(
  (name) => ({ VOICES_API_KEY: "k", GROQ_API_KEY: "k", SAMBANOVA_API_KEY: "k" })[name],
  [],
  [...PROVIDERS, VOICES],
);
const spec = (provider: string) => ({ provider, model: "m", label: provider });

describe("a row says what its provider offers, in the terms of its protocol", () => {
  type Row<Offers> = typeof FACTS & Offers;
  type Dialect = { dialect: typeof STANDARD_DIALECT };

  test("rows that mean something compile", () => {
    type OpenAi<Offers> = Row<{ protocol: "openai-compatible" } & Offers>;
    expectTypeOf<OpenAi<{ chat: Dialect }>>().toExtend<ProviderDefinition>();
    expectTypeOf<OpenAi<{ embeddings: typeof STANDARD_EMBEDDINGS }>>().toExtend<ProviderDefinition>();
    expectTypeOf<OpenAi<{ speech: { path: string } }>>().toExtend<ProviderDefinition>();
    expectTypeOf<OpenAi<{ images: { path: string } }>>().toExtend<ProviderDefinition>();
    expectTypeOf<Row<{ protocol: "anthropic"; chat: object }>>().toExtend<ProviderDefinition>();
    expectTypeOf<Row<{ protocol: "gemini"; embeddings: { maxInputs: 1 } }>>().toExtend<ProviderDefinition>();
  });

  test("rows that mean nothing do not", () => {
    expectTypeOf<Row<{ protocol: "openai-compatible" }>>().not.toExtend<ProviderDefinition>();
    expectTypeOf<Row<{ protocol: "openai-compatible"; chat: object }>>().not.toExtend<ProviderDefinition>();
    expectTypeOf<Row<{ protocol: "anthropic"; chat: Dialect }>>().not.toExtend<ProviderDefinition>();
    expectTypeOf<Row<{ protocol: "gemini"; chat: Dialect }>>().not.toExtend<ProviderDefinition>();
    expectTypeOf<Row<{ protocol: "anthropic" }>>().not.toExtend<ProviderDefinition>();
    expectTypeOf<
      Row<{ protocol: "anthropic"; chat: object; embeddings: object }>
    >().not.toExtend<ProviderDefinition>();
    expectTypeOf<Row<{ protocol: "telepathy"; chat: object }>>().not.toExtend<ProviderDefinition>();
    expectTypeOf<
      Omit<Row<{ protocol: "anthropic"; chat: object }>, "credentials">
    >().not.toExtend<ProviderDefinition>();
  });
});

describe("an engine is resolved for what its provider offers", () => {
  const ids = (offer?: "chat" | "embeddings" | "speech" | "images"): string[] =>
    registry.resolve([spec("voices"), spec("groq"), spec("sambanova")], offer).map(({ id }) => id);

  test.each([
    [undefined, ["groq/m", "sambanova/m"]],
    ["chat", ["groq/m", "sambanova/m"]],
    ["embeddings", ["sambanova/m"]],
    ["speech", ["voices/m"]],
    ["images", []],
  ] as const)("%s: %j", (offer, expected) => {
    expect(ids(offer)).toEqual(expected);
  });

  test("a provider of speech alone is known and configured, and has keys and an address", () => {
    expect(registry.configured()).toEqual(["groq", "sambanova", "voices"]);
    expect(registry.isKnown("voices")).toBe(true);
    expect([registry.offers("voices", "speech"), registry.offers("voices", "chat")]).toEqual([true, false]);
    expect(registry.providerKeys("voices")).toEqual(["k"]);
    expect(registry.providerEndpoint("voices")).toBe("https://voices.example/v1");
  });

  test("naming it for chat gives the reason why it is missing", () => {
    const { message } = modelNotFound(["voices/nova"], {
      registry,
      overrides: new EngineOverrides(new FakeClock()),
    });
    expect(message).toContain('its provider "voices" does not offer chat');
    expect(message).toContain("Configured: groq, sambanova.");
  });

  test("and asking it for embeddings is a bug", () => {
    const [engine] = registry.resolve([spec("voices")], "speech");
    if (engine === undefined) throw new Error("The engine is not there.");
    expect(() => embedPowerOf(engine)).toThrow("The engine voices/m has no embeddings.");
  });
});

test("every built-in row with chat in the OpenAI protocol has a dialect, and no other has", () => {
  for (const { id, protocol, chat } of PROVIDERS)
    expect(chat?.dialect !== undefined, id).toBe(protocol === "openai-compatible" && chat !== undefined);
});
