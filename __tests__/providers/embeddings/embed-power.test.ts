import { describe, expect, test } from "vitest";
import { type EmbeddingRequest, splitEmbedding } from "#lib/embeddings/embedding-request.ts";
import { embedPowerOf } from "#lib/providers/embeddings/embed-power.ts";
import { createRegistry, type Engine } from "#lib/providers/registry.ts";

const registry = createRegistry(
  (name) => (/_API_KEY$/.test(name) ? "k" : undefined),
  [
    { id: "my-vllm", baseUrl: "http://a.test/v1", protocol: "openai-compatible" },
    { id: "my-gemini", baseUrl: "http://b.test", protocol: "gemini" },
    { id: "my-claude", baseUrl: "http://c.test", protocol: "anthropic" },
  ],
);
const resolve = (provider: string): Engine[] =>
  registry.resolve([{ provider, model: "m", label: provider }], "embeddings");
function engine(provider: string): Engine {
  const [found] = resolve(provider);
  if (found === undefined) throw new Error(`${provider} has no embeddings.`);
  return found;
}
const texts = (count: number): EmbeddingRequest => ({
  input: { kind: "texts", texts: Array.from({ length: count }, (_, index) => `text ${index}`) },
  dimensions: undefined,
  base64: false,
  user: undefined,
});

describe("what an engine takes in one call", () => {
  test.each([
    ["openai", 2_048, true],
    ["gemini-grounded", 100, false],
    ["cohere", 96, false],
    ["mistral", undefined, false],
    ["my-vllm", undefined, true],
    ["my-gemini", undefined, false],
  ])("%s: %s inputs, lists of tokens: %s", (provider, maxInputs, takesTokens) => {
    const one = engine(provider);
    expect(embedPowerOf(one).limits(one)).toEqual({ maxInputs, takesTokens });
  });

  test.each(["anthropic", "groq", "cerebras", "my-claude"])("%s has no embeddings", (provider) => {
    expect(resolve(provider)).toEqual([]);
  });

  test.each([
    [1, undefined, [1]],
    [7, undefined, [7]],
    [100, 100, [100]],
    [101, 100, [100, 1]],
    [250, 100, [100, 100, 50]],
  ])("%i inputs, %s at a time, are split into %j, in their order", (count, maxInputs, sizes) => {
    const parts = splitEmbedding(texts(count), { maxInputs, takesTokens: false });
    const inputs = parts.map(({ input }) => (input.kind === "texts" ? input.texts : []));
    expect(inputs.map(({ length }) => length)).toEqual(sizes);
    expect({ kind: "texts", texts: inputs.flat() }).toEqual(texts(count).input);
  });
});

describe("each protocol reads its own answers", () => {
  const openAi = { data: [{ index: 0, embedding: [1, 2] }], usage: { prompt_tokens: 3 } };
  const gemini = { embeddings: [{ values: [1, 2] }] };
  test.each([
    ["openai", openAi, { vectors: [[1, 2]], promptTokens: 3 }],
    ["openai", gemini, undefined],
    ["gemini-grounded", gemini, { vectors: [[1, 2]], promptTokens: undefined }],
    ["gemini-grounded", openAi, undefined],
    ["openai", { ...openAi, embeddings: [] }, { vectors: [[1, 2]], promptTokens: 3 }],
  ])("%s, %j", (provider, answer, expected) => {
    expect(embedPowerOf(engine(provider)).decode(answer, 1)).toEqual(expected);
  });
});
