import type { EngineSpec } from "#lib/ai-models.ts";

function hostedBy(label: string, ...places: readonly (readonly [provider: string, model: string])[]) {
  return places.map(([provider, model]): EngineSpec => ({ provider, model, label }));
}

/**
 * The providers of each embedding model. Vectors of different models cannot be compared, so a chain is one
 * model at several providers. Other models can be named as `provider/model`.
 */
export const EMBEDDING_MODELS: Readonly<Record<string, readonly EngineSpec[]>> = {
  "text-embedding-3-small": hostedBy(
    "OpenAI text-embedding-3-small",
    ["openai", "text-embedding-3-small"],
    ["openrouter", "openai/text-embedding-3-small"],
  ),
  "text-embedding-3-large": hostedBy(
    "OpenAI text-embedding-3-large",
    ["openai", "text-embedding-3-large"],
    ["openrouter", "openai/text-embedding-3-large"],
  ),
  "text-embedding-ada-002": hostedBy(
    "OpenAI text-embedding-ada-002",
    ["openai", "text-embedding-ada-002"],
    ["openrouter", "openai/text-embedding-ada-002"],
  ),
  "gemini-embedding-001": hostedBy(
    "Gemini embedding 001",
    ["gemini-grounded", "gemini-embedding-001"],
    ["openrouter", "google/gemini-embedding-001"],
  ),
  "mistral-embed": hostedBy("Mistral embed", ["mistral", "mistral-embed"]),
  "codestral-embed": hostedBy("Codestral embed", ["mistral", "codestral-embed"]),
  "embed-v4.0": hostedBy("Cohere embed v4", ["cohere", "embed-v4.0"]),
  "nomic-embed-text": hostedBy("Local Ollama nomic-embed-text", ["ollama", "nomic-embed-text"]),
};
