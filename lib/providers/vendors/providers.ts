import { ISSUERS } from "#lib/chat/issuers.ts";
import { CLOUDFLARE } from "#lib/providers/vendors/cloudflare.ts";
import { STANDARD_EMBEDDINGS } from "#lib/providers/vendors/embedding-dialect.ts";
import { OPENAI } from "#lib/providers/vendors/openai.ts";
import { HOST_DIALECT, OPENAI_MODELS, STANDARD_DIALECT } from "#lib/providers/vendors/openai-dialect.ts";
import {
  CEREBRAS_FIELDS,
  CHAT_FIELDS,
  COHERE_FIELDS,
  GROQ_FIELDS,
  MISTRAL_FIELDS,
  OLLAMA_FIELDS,
  SAMBANOVA_FIELDS,
} from "#lib/providers/vendors/openai-fields.ts";
import type { ProviderDefinition } from "#lib/providers/vendors/provider.ts";
import { TAVILY } from "#lib/providers/vendors/search-providers.ts";

/** One row per vendor. Sources: docs/PROVIDERS.md. */
export const PROVIDERS: readonly ProviderDefinition[] = [
  {
    id: "anthropic",
    name: "Anthropic",
    protocol: "anthropic",
    baseUrl: "https://api.anthropic.com",
    baseUrlEnv: "ANTHROPIC_BASE_URL",
    credentials: { kind: "key", env: "ANTHROPIC_API_KEY" },
    paid: true,
    pricedAs: "anthropic",
    issuer: ISSUERS.anthropic,
    chat: {},
  },
  OPENAI,
  {
    // Retired on 2026-07-30. Kept for deployments whose base URL points to a compatible successor.
    id: "github-models",
    name: "GitHub Models",
    protocol: "openai-compatible",
    baseUrl: "https://models.github.ai/inference",
    baseUrlEnv: "GITHUB_MODELS_BASE_URL",
    credentials: { kind: "key", env: "GITHUB_MODELS_TOKEN" },
    modelPrefix: "openai/",
    successor: { provider: "openai", label: { from: /^GitHub\b/, to: "OpenAI" } },
    pricedAs: "openai",
    headers: { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" },
    modelList: { base: { from: /\/inference$/, to: "/catalog" }, path: "/models" },
    chat: { dialect: { ...HOST_DIALECT, fields: CHAT_FIELDS, laterSystem: OPENAI_MODELS, maxStops: 4 } },
  },
  {
    id: "gemini-grounded",
    name: "Google Gemini",
    protocol: "gemini",
    baseUrl: "https://generativelanguage.googleapis.com",
    baseUrlEnv: "GOOGLE_GEMINI_BASE_URL",
    credentials: { kind: "key", env: "GOOGLE_GEMINI_API_KEY" },
    webSearch: true,
    telemetryName: "gcp.gemini",
    pricedAs: "google",
    issuer: ISSUERS.google,
    chat: {},
    embeddings: { maxInputs: 100 },
    speech: {},
  },
  {
    id: "groq",
    name: "Groq",
    protocol: "openai-compatible",
    baseUrl: "https://api.groq.com/openai/v1",
    baseUrlEnv: "GROQ_BASE_URL",
    credentials: { kind: "key", env: "GROQ_API_KEY" },
    pricedAs: "groq",
    chat: {
      dialect: {
        ...HOST_DIALECT,
        fields: GROQ_FIELDS,
        nameField: false,
        jsonSchemaModels: /^(?:gpt-oss|llama-4|kimi|qwen-?3\.)/,
        effortSwitch: /^qwen-?3/,
        maxTokensField: "max_completion_tokens",
        reasoningField: "reasoning",
        prefill: "plain",
        toolsWithFormat: false,
        maxStops: 4,
      },
    },
    transcription: { path: "/audio/transcriptions", maxPromptCharacters: 896, minBilledSeconds: 10 },
  },
  {
    id: "sambanova",
    name: "SambaNova",
    protocol: "openai-compatible",
    baseUrl: "https://api.sambanova.ai/v1",
    baseUrlEnv: "SAMBANOVA_BASE_URL",
    credentials: { kind: "key", env: "SAMBANOVA_API_KEY" },
    chat: {
      dialect: {
        ...HOST_DIALECT,
        fields: SAMBANOVA_FIELDS,
        efforts: ["low", "medium", "high"],
      },
    },
    embeddings: { path: "/embeddings" },
  },
  {
    id: "cerebras",
    name: "Cerebras",
    protocol: "openai-compatible",
    baseUrl: "https://api.cerebras.ai/v1",
    baseUrlEnv: "CEREBRAS_BASE_URL",
    credentials: { kind: "key", env: "CEREBRAS_API_KEY" },
    pricedAs: "cerebras",
    chat: {
      dialect: {
        ...HOST_DIALECT,
        fields: CEREBRAS_FIELDS,
        nameField: false,
        efforts: ["none", "low", "medium", "high"],
        maxTokensField: "max_completion_tokens",
        reasoningField: "reasoning",
        promptCacheKey: true,
        uniformStrict: true,
      },
    },
  },
  {
    id: "openrouter",
    name: "OpenRouter",
    protocol: "openai-compatible",
    baseUrl: "https://openrouter.ai/api/v1",
    baseUrlEnv: "OPENROUTER_BASE_URL",
    credentials: { kind: "key", env: "OPENROUTER_API_KEY" },
    reportsCost: true,
    pricedAs: "openrouter",
    modelList: { path: "/models", keyPath: "/key", unlistedSuffix: /:(?:nitro|floor|online|exacto)$/ },
    issuer: ISSUERS.openRouter,
    chat: {
      dialect: {
        ...STANDARD_DIALECT,
        // Models without documents get the text that OpenRouter extracts.
        documents: "file",
        documentUrls: true,
        audio: /audio|gemini|voxtral|omni/,
        reasoningField: "reasoning",
        promptCacheKey: true,
        cacheControl: true,
        laterSystem: OPENAI_MODELS,
      },
    },
    embeddings: STANDARD_EMBEDDINGS,
  },
  {
    id: "cohere",
    name: "Cohere",
    protocol: "openai-compatible",
    baseUrl: "https://api.cohere.ai/compatibility/v1",
    baseUrlEnv: "COHERE_BASE_URL",
    credentials: { kind: "key", env: "COHERE_API_KEY" },
    pricedAs: "cohere",
    modelList: {
      base: { from: /\/compatibility\/v1$/, to: "/v1" },
      path: "/models?page_size=1000",
      pages: { field: "next_page_token", parameter: "page_token" },
    },
    chat: {
      dialect: {
        ...HOST_DIALECT,
        fields: COHERE_FIELDS,
        nameField: false,
        efforts: ["none", "high"],
        highestTemperature: 1,
      },
    },
    embeddings: { path: "/embeddings", takesBase64: true, maxInputs: 96 },
  },
  {
    id: "mistral",
    name: "Mistral",
    protocol: "openai-compatible",
    baseUrl: "https://api.mistral.ai/v1",
    telemetryName: "mistral_ai",
    baseUrlEnv: "MISTRAL_BASE_URL",
    credentials: { kind: "key", env: "MISTRAL_API_KEY" },
    pricedAs: "mistral",
    chat: {
      dialect: {
        ...HOST_DIALECT,
        fields: MISTRAL_FIELDS,
        documents: "document_url",
        documentUrls: true,
        nameField: false,
        efforts: ["none", "high"],
        seedField: "random_seed",
        requiredToolChoice: "any",
        toolIds: "nine_alphanumerics",
        highestTemperature: 1.5,
        promptCacheKey: true,
        prefill: "prefix",
      },
    },
    embeddings: { path: "/embeddings", dimensionsField: "output_dimension" },
  },
  {
    id: "ollama",
    name: "Ollama",
    protocol: "openai-compatible",
    baseUrl: "http://localhost:11434",
    // Also whole addresses of its requests, as its documentation has them.
    redundantPath: /\/(?:v1|api)(?:\/(?:chat|chat\/completions|generate|tags|models))?\/*$/i,
    baseUrlEnv: "OLLAMA_URL",
    credentials: { kind: "none" },
    // Other servers that people set this variable to have only OpenAI's list.
    installed: [{ path: "/api/tags", details: "/api/show" }, { path: "/v1/models" }],
    missingModelBenchMs: 5_000,
    // The first call of a model loads it from disk, which is slow.
    firstTokenTimeoutMs: 90_000,
    chat: {
      dialect: {
        ...HOST_DIALECT,
        path: "/v1/chat/completions",
        fields: OLLAMA_FIELDS,
        imageUrls: false,
        nameField: false,
        efforts: ["none", "low", "medium", "high", "max"],
        reasoningField: "reasoning",
      },
    },
    embeddings: { path: "/v1/embeddings", dimensionsField: "dimensions" },
  },
  CLOUDFLARE,
  TAVILY,
];

/** Other names for a provider: the same vendor, the same keys, the same health. */
export const PROVIDER_ALIASES: Readonly<Record<string, string>> = { "openrouter-free": "openrouter" };
