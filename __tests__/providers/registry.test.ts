import { describe, expect, test } from "vitest";
import { anthropic } from "#lib/providers/protocols/anthropic/index.ts";
import { createRegistry } from "#lib/providers/registry.ts";
import type { OperatorProvider } from "#lib/providers/vendors/operator-provider.ts";
import { PROVIDERS } from "#lib/providers/vendors/providers.ts";

const registry = (settings: Record<string, string> = {}, operators: OperatorProvider[] = []) =>
  createRegistry((name) => settings[name], operators);
const spec = (provider: string, model = "m") => ({ provider, model, label: `${provider} label` });

describe("key pools", () => {
  test("are NAME, NAME_2, NAME_3 …, with gaps, without duplicates", () => {
    const keys = {
      GROQ_API_KEY: "a",
      GROQ_API_KEY_2: "b",
      GROQ_API_KEY_4: "a",
      GROQ_API_KEY_7: "c",
      GROQ_API_KEY_1: "x",
    };
    expect(registry(keys).providerKeys("groq")).toEqual(["a", "b", "c"]);
  });

  test("may begin at _2", () => {
    expect(registry({ MISTRAL_API_KEY_2: "b" }).providerKeys("mistral")).toEqual(["b"]);
  });

  test("are empty without a key, and the provider is skipped", () => {
    expect(registry().providerKeys("groq")).toEqual([]);
    expect(registry().providerKeys("nobody")).toEqual([]);
    expect(registry().resolve(PROVIDERS.map(({ id }) => spec(id)))).toEqual([]);
    expect(registry().configured()).toEqual([]);
  });

  test.each(["a\nb", "a\rb", "k\u2019y", "k\u00e9y", "a\u0000"])(
    "a key no header can carry (%j) is refused by name",
    (key) => {
      expect(() => registry({ GROQ_API_KEY: "a", GROQ_API_KEY_3: key })).toThrow(
        expect.objectContaining({
          code: "not_configured",
          message: expect.stringContaining("GROQ_API_KEY_3"),
        }),
      );
      expect(() => registry({ GROQ_API_KEY: key })).not.toThrow(
        expect.objectContaining({ message: expect.stringContaining(key) }),
      );
    },
  );
});

describe("base URLs", () => {
  test.each(
    PROVIDERS.flatMap(({ id, baseUrl, baseUrlEnv }) =>
      baseUrlEnv === undefined ? [] : [{ id, baseUrl, baseUrlEnv }],
    ),
  )("$id follows $baseUrlEnv", ({ id, baseUrl, baseUrlEnv }) => {
    expect(registry().providerEndpoint(id)).toBe(baseUrl);
    expect(registry({ [baseUrlEnv]: "http://127.0.0.1:9/x/" }).providerEndpoint(id)).toBe(
      "http://127.0.0.1:9/x",
    );
    for (const wrong of ["127.0.0.1:9", "localhost", "ftp://x", "file:///etc", "http//x", "http://"]) {
      expect(() => registry({ [baseUrlEnv]: wrong }), wrong).toThrow(
        expect.objectContaining({ code: "not_configured", message: expect.stringContaining(baseUrlEnv) }),
      );
    }
  });

  test.each([
    "http://user:secret@llm.test/v1",
    "http://secret@llm.test",
    "http://llm.test/v1?key=secret",
    "http://llm.test/v1?",
    "http://llm.test/#secret",
  ])("one that holds more than an address (%s) is refused by the variable's name", (wrong) => {
    const attempt = () => registry({ GROQ_BASE_URL: wrong });
    expect(attempt).toThrow(
      expect.objectContaining({
        code: "not_configured",
        message: expect.stringContaining("GROQ_BASE_URL"),
      }),
    );
    expect(attempt).not.toThrow(expect.objectContaining({ message: expect.stringContaining("secret") }));
  });

  test("an engine has the override's origin", () => {
    const [engine] = registry({ GROQ_API_KEY: "k", GROQ_BASE_URL: "http://127.0.0.1:9/openai/v1" }).resolve([
      spec("groq"),
    ]);
    expect(engine).toMatchObject({ baseUrl: "http://127.0.0.1:9/openai/v1", origin: "http://127.0.0.1:9" });
  });

  test("an unknown provider has none", () => {
    expect(registry().providerEndpoint("nobody")).toBeUndefined();
    expect(registry().isKnown("nobody")).toBe(false);
    expect(registry().isKnown("constructor")).toBe(false);
    expect(registry().resolve([spec("constructor"), spec("__proto__")])).toEqual([]);
  });
});

describe("engines", () => {
  test("a github-models step yields itself and then the same model at OpenAI, as far as they have keys", () => {
    const step = {
      provider: "github-models",
      model: "gpt-4o",
      label: "GitHub GPT-4o",
      contextTokens: 128_000,
    };
    const ids = (settings: Record<string, string>) =>
      registry(settings)
        .resolve([step])
        .map(({ id, label, model }) => [id, label, model]);
    const github = ["github-models/openai/gpt-4o", "GitHub GPT-4o", "openai/gpt-4o"];
    const openai = ["openai/gpt-4o", "OpenAI GPT-4o", "gpt-4o"];
    expect(ids({})).toEqual([]);
    expect(ids({ GITHUB_MODELS_TOKEN: "t" })).toEqual([github]);
    expect(ids({ OPENAI_API_KEY: "k" })).toEqual([openai]);
    expect(ids({ GITHUB_MODELS_TOKEN: "t", OPENAI_API_KEY: "k" })).toEqual([github, openai]);
    expect(registry({ OPENAI_API_KEY: "k" }).resolve([step])[0]?.contextTokens).toBe(128_000);
  });

  test.each([
    ["openai/gpt-4.1", ["github-models/openai/gpt-4.1", "openai/gpt-4.1"]],
    ["meta/llama-3.3-70b", ["github-models/meta/llama-3.3-70b"]],
    ["openai/x/y", ["github-models/openai/x/y"]],
  ])("only OpenAI's own models are looked for there: %s", (model, expected) => {
    const found = registry({ GITHUB_MODELS_TOKEN: "t", OPENAI_API_KEY: "k" }).resolve([
      spec("github-models", model),
    ]);
    expect(found.map(({ id }) => id)).toEqual(expected);
  });

  test("Ollama is there when OLLAMA_URL is, and needs no key", () => {
    expect(registry().resolve([spec("ollama")])).toEqual([]);
    expect(registry({ OLLAMA_URL: "http://127.0.0.1:11434" }).resolve([spec("ollama")])[0]).toMatchObject({
      keys: [{ kind: "key", key: "", fingerprint: "" }],
      baseUrl: "http://127.0.0.1:11434",
      firstTokenTimeoutMs: 90_000,
    });
  });

  test("openrouter-free is OpenRouter: the same keys, the same engines", () => {
    const [engine] = registry({ OPENROUTER_API_KEY: "k" }).resolve([spec("openrouter-free", "a/b:free")]);
    expect(engine).toMatchObject({
      id: "openrouter/a/b:free",
      keys: [{ kind: "key", key: "k" }],
      provider: { id: "openrouter" },
    });
  });

  test("models that think before they speak are given longer", () => {
    const engines = registry({ OPENAI_API_KEY: "k" }).resolve([
      spec("openai", "o3-mini"),
      spec("openai", "gpt-4o"),
    ]);
    expect(engines.map(({ firstTokenTimeoutMs }) => firstTokenTimeoutMs)).toEqual([45_000, undefined]);
  });

  test("ANTHROPIC_VERSION replaces the protocol's header, and must be one", () => {
    const mine: OperatorProvider = { id: "mine", baseUrl: "http://llm.test", protocol: "anthropic" };
    const version = (settings: Record<string, string>) =>
      registry({ ANTHROPIC_API_KEY: "k", ...settings }, [mine])
        .resolve([spec("anthropic", "claude-opus-4-7"), spec("mine", "claude-opus-4-7")])
        .map((engine) => {
          const request = { messages: [{ role: "user" as const, content: "Hi" }], stream: true };
          return anthropic.chat.encode(request, engine, { promptCache: false }).headers["anthropic-version"];
        });
    expect(version({})).toEqual(["2023-06-01", "2023-06-01"]);
    expect(version({ ANTHROPIC_VERSION: "2027-01-01" })).toEqual(["2027-01-01", "2027-01-01"]);
    expect(() => version({ ANTHROPIC_VERSION: "x\r\nhost: evil" })).toThrow(
      expect.objectContaining({ message: expect.stringContaining("ANTHROPIC_VERSION") }),
    );
  });

  test.each([
    ["grok", '"grok"'],
    ["groq,OpenAI , gemini", '"OpenAI"'],
    ["groq;openai", '"groq;openai"'],
    ["sandbox2,  nobody", '"sandbox2", "nobody"'],
  ])(
    "PAID_PROVIDERS=%s names nobody, and the error names all who could be meant",
    (PAID_PROVIDERS, wrong) => {
      const operators = [{ id: "mine", baseUrl: "http://x", protocol: "openai-compatible" as const }];
      const start = () => createRegistry((name) => ({ PAID_PROVIDERS })[name], operators);
      expect(start).toThrow(expect.objectContaining({ code: "not_configured" }));
      expect(start).toThrow(wrong);
      expect(start).toThrow(/PAID_PROVIDERS.*allowed are.*anthropic.*groq.*mine.*openrouter-free/);
    },
  );

  test.each(["", " , ,", "groq, openrouter-free,mine,"])("PAID_PROVIDERS=%j is right", (PAID_PROVIDERS) => {
    const operators = [{ id: "mine", baseUrl: "http://x", protocol: "openai-compatible" as const }];
    expect(() => createRegistry((name) => ({ PAID_PROVIDERS })[name], operators)).not.toThrow();
  });

  test("what bills: by default, and by PAID_PROVIDERS", () => {
    const keys = {
      ANTHROPIC_API_KEY: "k",
      GROQ_API_KEY: "k",
      OPENAI_API_KEY: "k",
      OPENROUTER_API_KEY: "k",
      COHERE_API_KEY: "k",
    };
    const paid = registry({ ...keys, PAID_PROVIDERS: " groq ,openrouter-free" })
      .resolve([
        spec("anthropic"),
        spec("openai"),
        spec("groq"),
        spec("openrouter-free"),
        spec("openrouter"),
        spec("cohere"),
      ])
      .filter((engine) => engine.paid)
      .map(({ id }) => id);
    expect(paid).toEqual(["anthropic/m", "openai/m", "groq/m", "openrouter/m"]);
  });
});

describe("operators' providers", () => {
  const mine: OperatorProvider = {
    id: "mine",
    baseUrl: "http://llm.test/v1/",
    protocol: "openai-compatible",
  };

  test("without a key variable are there at once, and no key is sent", () => {
    expect(registry({}, [mine]).resolve([spec("mine")])[0]).toMatchObject({
      keys: [{ kind: "key", key: "", fingerprint: "" }],
      baseUrl: "http://llm.test/v1",
      paid: false,
    });
    expect(registry({}, [mine]).configured()).toEqual(["mine"]);
  });

  test("with one are there when it is set, pools included", () => {
    const keyed = { ...mine, apiKeyEnv: "MINE_KEY" };
    expect(registry({}, [keyed]).resolve([spec("mine")])).toEqual([]);
    expect(registry({ MINE_KEY: "a", MINE_KEY_2: "b" }, [keyed]).providerKeys("mine")).toEqual(["a", "b"]);
  });
});
