import type { ReasoningEffort } from "#lib/chat/request.ts";

/** How a request body is written and an answer read: code. Everything else about a vendor is data. */
export type ProtocolId = "openai-compatible" | "anthropic" | "gemini";

/**
 * How one vendor's dialect of the OpenAI protocol differs. Fields are an allow-list: Groq, Mistral and
 * Cerebras reject what they do not know, also inside messages.
 */
export type OpenAiDialect = {
  /** What is appended to the base URL. */
  path: string;
  /** Top-level body fields beyond `model`, `messages`, `stream`; or every field. */
  fields: readonly string[] | "all";
  /** Messages may have a `name`. */
  nameField: boolean;
  /** Takes tools, tool calls and parts of messages that are OpenAI's own: custom tools, audio, files. */
  opaqueParts: boolean;
  /** The only models that take a JSON schema as `response_format`; undefined: all do, as far as is known. */
  jsonSchemaModels: RegExp | undefined;
  maxTokensField: "max_tokens" | "max_completion_tokens";
  seedField: "seed" | "random_seed";
  /** The word for "some tool must be called". */
  requiredToolChoice: "required" | "any";
  /** Mistral takes nine letters and digits only. */
  toolIds: "any" | "nine_alphanumerics";
  highestTemperature: number;
  /** The values of `reasoning_effort`, for models whose name does not tell; empty: the field is left out. */
  efforts: readonly ReasoningEffort[];
  /** Models whose `reasoning_effort` is a switch, `none` or `default`. */
  effortSwitch: RegExp | undefined;
  /** The message field that takes earlier reasoning back, if one does. */
  reasoningField: "reasoning" | "reasoning_content" | undefined;
  /** Whether the last message may be the assistant's, to be continued; `prefix` wants a flag on it. */
  prefill: "none" | "plain" | "prefix";
  /** Takes `prompt_cache_key`. */
  promptCacheKey: boolean;
  /** Takes Anthropic's `cache_control` on the content parts of Claude models. */
  cacheControl: boolean;
  /** Whether `role: developer` is known. */
  developerRole: boolean;
};

/** How a provider takes texts to embed. Gemini's own protocol needs no more than that it does. */
export type EmbeddingDialect = {
  /** What is appended to the base URL. */
  path: string;
  /** The field for the length of the vectors, where it can be chosen. */
  dimensionsField?: string;
  /** Takes `encoding_format`. */
  takesBase64?: boolean;
  /** Takes texts as lists of token numbers. */
  takesTokens?: boolean;
  takesUser?: boolean;
  /** Inputs that one call may bring; more are spread over several. Undefined: any number. */
  mostInputs?: number;
};

export type ProviderDefinition = {
  id: string;
  name: string;
  protocol: ProtocolId;
  /** OpenAI-compatible: what stands before the dialect's path. Native protocols: a bare origin. */
  baseUrl: string;
  /** The variable that overrides `baseUrl`. */
  baseUrlEnv: string | undefined;
  /** The key pool `NAME`, `NAME_2` …; undefined: no key is needed and `baseUrlEnv` switches it on. */
  keyEnv: string | undefined;
  /** Put before model ids that have no vendor prefix. */
  modelPrefix?: string;
  /** May search the web by itself. */
  webSearch?: boolean;
  /** Bills by default; free tiers do not. */
  paid?: boolean;
  /** First-token time-out, milliseconds, where the default is too short. */
  firstTokenTimeoutMs?: number;
  /** Its answers say what they cost, in USD, and may be believed. */
  reportsCost?: boolean;
  /** Id of the provider in the price library. */
  pricedAs?: string;
  headers?: Readonly<Record<string, string>>;
  /** Its failures are wanted: no bench and no breaker ever keeps it out. */
  neverBenched?: boolean;
  dialect: OpenAiDialect;
  /** Undefined: it has no embeddings. */
  embeddings?: EmbeddingDialect;
};

/** A provider that an operator defines, in `MODELS_CONFIG`. */
export type OperatorProvider = {
  id: string;
  baseUrl: string;
  apiKeyEnv?: string | undefined;
  protocol: ProtocolId;
  /** As in `ProviderDefinition`; no configuration sets it. */
  neverBenched?: boolean;
};

const OPENAI_FIELDS = [
  "temperature",
  "top_p",
  "max_tokens",
  "max_completion_tokens",
  "stop",
  "seed",
  "n",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "response_format",
  "frequency_penalty",
  "presence_penalty",
  "logprobs",
  "top_logprobs",
  "logit_bias",
  "user",
  "stream_options",
  "reasoning_effort",
] as const;

/** The plain dialect: what operators' own servers (vLLM, LM Studio, llama.cpp) are spoken to with. */
export const STANDARD_DIALECT: OpenAiDialect = {
  path: "/chat/completions",
  fields: "all",
  nameField: true,
  opaqueParts: true,
  jsonSchemaModels: undefined,
  maxTokensField: "max_tokens",
  seedField: "seed",
  requiredToolChoice: "required",
  toolIds: "any",
  highestTemperature: 2,
  efforts: [],
  effortSwitch: undefined,
  reasoningField: undefined,
  prefill: "none",
  promptCacheKey: false,
  cacheControl: false,
  developerRole: false,
};

/** Embeddings as OpenAI takes them, and servers that are like it. */
export const STANDARD_EMBEDDINGS: EmbeddingDialect = {
  path: "/embeddings",
  dimensionsField: "dimensions",
  takesBase64: true,
  takesTokens: true,
  takesUser: true,
};

/** What most hosts share: functions, text and images, and nothing that only OpenAI has. */
const HOST_DIALECT: OpenAiDialect = { ...STANDARD_DIALECT, opaqueParts: false };

/** Headers of a protocol that a configuration variable may override, whoever speaks it. */
export const PROTOCOL_HEADER_SETTINGS: Readonly<Record<ProtocolId, Readonly<Record<string, string>>>> = {
  "openai-compatible": {},
  anthropic: { "anthropic-version": "ANTHROPIC_VERSION" },
  gemini: {},
};

/** One row a vendor. Sources of the rows: docs/PROVIDERS.md. */
export const PROVIDERS: readonly ProviderDefinition[] = [
  {
    id: "anthropic",
    name: "Anthropic",
    protocol: "anthropic",
    baseUrl: "https://api.anthropic.com",
    baseUrlEnv: "ANTHROPIC_BASE_URL",
    keyEnv: "ANTHROPIC_API_KEY",
    paid: true,
    pricedAs: "anthropic",
    dialect: STANDARD_DIALECT,
  },
  {
    id: "openai",
    name: "OpenAI",
    protocol: "openai-compatible",
    baseUrl: "https://api.openai.com/v1",
    baseUrlEnv: "OPENAI_BASE_URL",
    keyEnv: "OPENAI_API_KEY",
    paid: true,
    pricedAs: "openai",
    dialect: {
      ...STANDARD_DIALECT,
      fields: [
        ...OPENAI_FIELDS,
        "prompt_cache_key",
        "store",
        "metadata",
        "service_tier",
        "prediction",
        "verbosity",
        "web_search_options",
        "safety_identifier",
        "prompt_cache_retention",
        "prompt_cache_options",
        "moderation",
      ],
      maxTokensField: "max_completion_tokens",
      promptCacheKey: true,
      developerRole: true,
    },
    embeddings: { ...STANDARD_EMBEDDINGS, mostInputs: 2_048 },
  },
  {
    // Retired on 2026-07-30. Kept for deployments that point its base URL at a successor of the same shape.
    id: "github-models",
    name: "GitHub Models",
    protocol: "openai-compatible",
    baseUrl: "https://models.github.ai/inference",
    baseUrlEnv: "GITHUB_MODELS_BASE_URL",
    keyEnv: "GITHUB_MODELS_TOKEN",
    modelPrefix: "openai/",
    pricedAs: "openai",
    headers: { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" },
    dialect: { ...HOST_DIALECT, fields: OPENAI_FIELDS },
  },
  {
    id: "gemini-grounded",
    name: "Google Gemini",
    protocol: "gemini",
    baseUrl: "https://generativelanguage.googleapis.com",
    baseUrlEnv: "GOOGLE_GEMINI_BASE_URL",
    keyEnv: "GOOGLE_GEMINI_API_KEY",
    webSearch: true,
    pricedAs: "google",
    dialect: STANDARD_DIALECT,
    embeddings: { path: "", mostInputs: 100 },
  },
  {
    id: "groq",
    name: "Groq",
    protocol: "openai-compatible",
    baseUrl: "https://api.groq.com/openai/v1",
    baseUrlEnv: "GROQ_BASE_URL",
    keyEnv: "GROQ_API_KEY",
    pricedAs: "groq",
    dialect: {
      ...HOST_DIALECT,
      fields: [
        "temperature",
        "top_p",
        "max_completion_tokens",
        "stop",
        "seed",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "frequency_penalty",
        "presence_penalty",
        "user",
        "reasoning_effort",
        "reasoning_format",
        "include_reasoning",
        "service_tier",
        "search_settings",
        "compound_custom",
        "documents",
        "citation_options",
        "disable_tool_validation",
      ],
      nameField: false,
      jsonSchemaModels: /^(?:gpt-oss|llama-4|kimi|qwen-?3\.)/,
      effortSwitch: /^qwen-?3/,
      maxTokensField: "max_completion_tokens",
      reasoningField: "reasoning",
      prefill: "plain",
    },
  },
  {
    id: "sambanova",
    name: "SambaNova",
    protocol: "openai-compatible",
    baseUrl: "https://api.sambanova.ai/v1",
    baseUrlEnv: "SAMBANOVA_BASE_URL",
    keyEnv: "SAMBANOVA_API_KEY",
    dialect: {
      ...HOST_DIALECT,
      fields: [
        "temperature",
        "top_p",
        "top_k",
        "max_tokens",
        "max_completion_tokens",
        "do_sample",
        "stop",
        "stream_options",
        "response_format",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "reasoning_effort",
        "chat_template_kwargs",
        "seed",
        "logprobs",
        "top_logprobs",
        "n",
        "frequency_penalty",
        "presence_penalty",
        "logit_bias",
        "user",
      ],
      efforts: ["low", "medium", "high"],
    },
    embeddings: { path: "/embeddings" },
  },
  {
    id: "cerebras",
    name: "Cerebras",
    protocol: "openai-compatible",
    baseUrl: "https://api.cerebras.ai/v1",
    baseUrlEnv: "CEREBRAS_BASE_URL",
    keyEnv: "CEREBRAS_API_KEY",
    pricedAs: "cerebras",
    dialect: {
      ...HOST_DIALECT,
      fields: [
        "temperature",
        "top_p",
        "max_completion_tokens",
        "stop",
        "seed",
        "stream_options",
        "response_format",
        "tools",
        "tool_choice",
        "reasoning_effort",
        "reasoning_format",
        "clear_thinking",
        "prompt_cache_key",
        "prediction",
        "logprobs",
        "top_logprobs",
        "user",
      ],
      nameField: false,
      efforts: ["none", "low", "medium", "high"],
      maxTokensField: "max_completion_tokens",
      reasoningField: "reasoning",
      promptCacheKey: true,
    },
  },
  {
    id: "openrouter",
    name: "OpenRouter",
    protocol: "openai-compatible",
    baseUrl: "https://openrouter.ai/api/v1",
    baseUrlEnv: "OPENROUTER_BASE_URL",
    keyEnv: "OPENROUTER_API_KEY",
    reportsCost: true,
    pricedAs: "openrouter",
    dialect: { ...STANDARD_DIALECT, reasoningField: "reasoning", promptCacheKey: true, cacheControl: true },
    embeddings: STANDARD_EMBEDDINGS,
  },
  {
    id: "cohere",
    name: "Cohere",
    protocol: "openai-compatible",
    baseUrl: "https://api.cohere.ai/compatibility/v1",
    baseUrlEnv: "COHERE_BASE_URL",
    keyEnv: "COHERE_API_KEY",
    pricedAs: "cohere",
    dialect: {
      ...HOST_DIALECT,
      fields: [
        "temperature",
        "top_p",
        "max_tokens",
        "stop",
        "seed",
        "tools",
        "response_format",
        "reasoning_effort",
        "frequency_penalty",
        "presence_penalty",
      ],
      nameField: false,
      efforts: ["none", "high"],
      highestTemperature: 1,
    },
    embeddings: { path: "/embeddings", takesBase64: true, mostInputs: 96 },
  },
  {
    id: "mistral",
    name: "Mistral",
    protocol: "openai-compatible",
    baseUrl: "https://api.mistral.ai/v1",
    baseUrlEnv: "MISTRAL_BASE_URL",
    keyEnv: "MISTRAL_API_KEY",
    pricedAs: "mistral",
    dialect: {
      ...HOST_DIALECT,
      fields: [
        "temperature",
        "top_p",
        "max_tokens",
        "stop",
        "random_seed",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "frequency_penalty",
        "presence_penalty",
        "n",
        "prediction",
        "reasoning_effort",
        "metadata",
        "prompt_cache_key",
        "prompt_mode",
        "safe_prompt",
        "guardrails",
      ],
      nameField: false,
      efforts: ["none", "high"],
      seedField: "random_seed",
      requiredToolChoice: "any",
      toolIds: "nine_alphanumerics",
      highestTemperature: 1.5,
      promptCacheKey: true,
      prefill: "prefix",
    },
    embeddings: { path: "/embeddings", dimensionsField: "output_dimension" },
  },
  {
    id: "ollama",
    name: "Ollama",
    protocol: "openai-compatible",
    baseUrl: "http://localhost:11434",
    baseUrlEnv: "OLLAMA_URL",
    keyEnv: undefined,
    // The first call of a model loads it from disk.
    firstTokenTimeoutMs: 90_000,
    dialect: {
      ...HOST_DIALECT,
      path: "/v1/chat/completions",
      fields: [
        "temperature",
        "top_p",
        "max_tokens",
        "stop",
        "seed",
        "stream_options",
        "response_format",
        "tools",
        "frequency_penalty",
        "presence_penalty",
        "reasoning_effort",
        "reasoning",
        "logprobs",
        "top_logprobs",
      ],
      nameField: false,
      efforts: ["none", "low", "medium", "high", "max"],
      reasoningField: "reasoning",
    },
    embeddings: { path: "/v1/embeddings", dimensionsField: "dimensions" },
  },
];

/** Other names for a provider: the same vendor, the same keys, the same health. */
export const PROVIDER_ALIASES: Readonly<Record<string, string>> = { "openrouter-free": "openrouter" };
