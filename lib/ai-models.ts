import type { Capability } from "#lib/chat/capabilities.ts";

export const MODE_IDS = ["smart", "reasoner", "live", "fast", "coder", "vision"] as const;
export type ModeId = (typeof MODE_IDS)[number];

/** A catalogue row: a model of a provider, with its label. */
export type EngineSpec = {
  provider: string;
  model: string;
  label: string;
  /** The context window; undefined for the one that the price library knows. */
  contextTokens?: number | undefined;
  /** The most tokens that it writes for one request; undefined for the known ceiling of its family. */
  maxOutputTokens?: number | undefined;
  /** Overrides what is derived from the model's name and the provider. */
  capabilities?: Capabilities | undefined;
  /** The one of OpenAI's two APIs by which the model is called, if it is not the provider's usual one. */
  protocol?: "openai-compatible" | "openai-responses" | undefined;
};

export type Capabilities = Readonly<Partial<Record<Capability, boolean | undefined>>>;

/** A mode, which users choose, with its chain of engines, tried in order. */
export type Mode = {
  name: string;
  tagline: string;
  /** Turns a user may have in this mode per UTC day. */
  perUserDailyLimit: number;
  /** Expected turns of all users together per UTC day. */
  totalDailyCapacity: number;
  /** Answers need what is on the web: engines search it, or get search results. */
  webSearch?: boolean | undefined;
  failover: readonly EngineSpec[];
};

export type Modes = Readonly<Record<ModeId, Mode>>;

/** Whether a mode has the chain of the default catalogue, not one that the operator wrote. */
export function hasBuiltInChain(mode: ModeId, modes: Modes): boolean {
  return modes[mode].failover === DEFAULT_MODES[mode].failover;
}

function engine(provider: string, model: string, label: string, contextTokens?: number): EngineSpec {
  return { provider, model, label, contextTokens };
}

/**
 * The default catalogue: the published product's six chains of May 2026, 73 engines. Model ids die
 * monthly; `MODELS_CONFIG` replaces them without touching this file (docs/ENV-MATRIX.md).
 * A label names the provider and the model, and does not promise speed or tools.
 * The last argument is the context window in tokens, if known.
 */
export const DEFAULT_MODES: Modes = {
  smart: {
    name: "Smart",
    tagline: "Best for almost anything",
    perUserDailyLimit: 1_000,
    totalDailyCapacity: 10_000,
    failover: [
      engine("anthropic", "claude-opus-4-7", "Anthropic Opus 4.7", 1_000_000),
      engine("github-models", "gpt-5.5", "GitHub GPT-5.5"),
      engine("gemini-grounded", "gemini-3.5-pro", "Gemini 3.5 Pro"),
      engine("sambanova", "DeepSeek-V3.2", "SambaNova DeepSeek V3.2", 32_768),
      engine("cohere", "command-r-plus-08-2024", "Cohere Command R+", 128_000),
      engine("groq", "openai/gpt-oss-120b", "Groq GPT-OSS 120B", 131_072),
      engine("sambanova", "Llama-4-Maverick-17B-128E-Instruct", "SambaNova Llama 4 Maverick"),
      engine("github-models", "gpt-4o", "GitHub GPT-4o", 128_000),
      engine("sambanova", "DeepSeek-V3.1", "SambaNova DeepSeek V3.1"),
      engine("groq", "llama-3.3-70b-versatile", "Groq Llama 3.3 70B", 131_072),
      engine("sambanova", "Meta-Llama-3.3-70B-Instruct", "SambaNova Llama 3.3 70B"),
      engine("cerebras", "qwen-3-235b-a22b-instruct-2507", "Cerebras Qwen 3 235B"),
      engine("groq", "qwen/qwen3-32b", "Groq Qwen 3 32B"),
      engine("openrouter-free", "openai/gpt-oss-120b:free", "OpenRouter GPT-OSS 120B (free)", 131_072),
      engine("openrouter-free", "nvidia/nemotron-3-super-120b-a12b:free", "OpenRouter Nemotron 120B (free)"),
      engine("openrouter-free", "z-ai/glm-4.5-air:free", "OpenRouter GLM-4.5 Air (free)"),
      engine("openrouter-free", "nvidia/nemotron-3-nano-30b-a3b:free", "OpenRouter Nemotron Nano 30B (free)"),
      engine("openrouter-free", "arcee-ai/trinity-large-preview:free", "OpenRouter Arcee Trinity (free)"),
      engine("openrouter-free", "google/gemma-3-12b-it:free", "OpenRouter Gemma 3 12B (free)"),
      engine("ollama", "llama3.1:8b", "Local Ollama"),
    ],
  },
  reasoner: {
    name: "Reasoner",
    tagline: "Deep thinking & complex problems",
    perUserDailyLimit: 500,
    totalDailyCapacity: 5_000,
    failover: [
      engine("anthropic", "claude-opus-4-7", "Anthropic Opus 4.7", 1_000_000),
      engine("github-models", "gpt-5.5", "GitHub GPT-5.5"),
      engine("github-models", "o3-mini", "GitHub o3-mini", 200_000),
      engine("sambanova", "DeepSeek-V3.2", "SambaNova DeepSeek V3.2", 32_768),
      engine("sambanova", "DeepSeek-V3.1", "SambaNova DeepSeek V3.1"),
      engine("groq", "openai/gpt-oss-120b", "Groq GPT-OSS 120B", 131_072),
      engine("sambanova", "DeepSeek-V3.1-cb", "SambaNova DeepSeek V3.1-cb"),
      engine("cerebras", "qwen-3-235b-a22b-instruct-2507", "Cerebras Qwen 3 235B"),
      engine("sambanova", "Llama-4-Maverick-17B-128E-Instruct", "SambaNova Llama 4 Maverick"),
      engine("groq", "llama-3.3-70b-versatile", "Groq Llama 3.3 70B", 131_072),
      engine("openrouter-free", "openai/gpt-oss-120b:free", "OpenRouter GPT-OSS 120B (free)", 131_072),
      engine("openrouter-free", "z-ai/glm-4.5-air:free", "OpenRouter GLM-4.5 Air (free)"),
      engine("openrouter-free", "nvidia/nemotron-3-super-120b-a12b:free", "OpenRouter Nemotron 120B (free)"),
      engine("ollama", "llama3.1:8b", "Local Ollama"),
    ],
  },
  live: {
    name: "Live",
    tagline: "Real-time web search & current events",
    perUserDailyLimit: 1_000,
    totalDailyCapacity: 10_000,
    webSearch: true,
    failover: [
      engine("gemini-grounded", "gemini-3.5-pro", "Gemini 3.5 Pro"),
      engine("gemini-grounded", "gemini-2.5-flash", "Gemini 2.5 Flash", 1_048_576),
      engine("cohere", "command-r-plus-08-2024", "Cohere Command R+", 128_000),
      engine("gemini-grounded", "gemini-2.5-flash-lite", "Gemini 2.5 Flash Lite", 1_048_576),
      engine("gemini-grounded", "gemini-3-flash-preview", "Gemini 3 Flash"),
      engine("groq", "openai/gpt-oss-120b", "Groq GPT-OSS 120B", 131_072),
      engine("ollama", "llama3.1:8b", "Local Ollama"),
    ],
  },
  fast: {
    name: "Fast",
    tagline: "Instant replies, simple questions",
    perUserDailyLimit: 5_000,
    totalDailyCapacity: 50_000,
    failover: [
      engine("groq", "openai/gpt-oss-20b", "Groq GPT-OSS 20B", 131_072),
      engine("groq", "llama-3.1-8b-instant", "Groq Llama 3.1 8B Instant", 131_072),
      engine("cerebras", "llama3.1-8b", "Cerebras Llama 3.1 8B"),
      engine("github-models", "gpt-4o-mini", "GitHub GPT-4o-mini", 128_000),
      engine("openrouter-free", "nvidia/nemotron-nano-9b-v2:free", "OpenRouter Nemotron Nano 9B (free)"),
      engine("openrouter-free", "liquid/lfm-2.5-1.2b-thinking:free", "OpenRouter Liquid LFM 2.5 (free)"),
      engine("openrouter-free", "openai/gpt-oss-20b:free", "OpenRouter GPT-OSS 20B (free)", 131_072),
      engine("openrouter-free", "google/gemma-3-4b-it:free", "OpenRouter Gemma 3 4B (free)"),
      engine("openrouter-free", "google/gemma-3n-e4b-it:free", "OpenRouter Gemma 3n 4B (free)"),
      engine("openrouter-free", "google/gemma-3n-e2b-it:free", "OpenRouter Gemma 3n 2B (free)"),
      engine("ollama", "llama3.1:8b", "Local Ollama"),
    ],
  },
  coder: {
    name: "Coder",
    tagline: "Code, refactor, debug, review",
    perUserDailyLimit: 800,
    totalDailyCapacity: 8_000,
    failover: [
      engine("anthropic", "claude-opus-4-7", "Anthropic Opus 4.7 (code)", 200_000),
      engine("github-models", "gpt-5.5", "GitHub GPT-5.5 (code)"),
      engine("github-models", "o3-mini", "GitHub o3-mini", 200_000),
      engine("sambanova", "DeepSeek-V3.2", "SambaNova DeepSeek V3.2 (code)", 32_768),
      engine("groq", "openai/gpt-oss-120b", "Groq GPT-OSS 120B", 131_072),
      engine("mistral", "codestral-latest", "Mistral Codestral", 256_000),
      engine("cerebras", "qwen-3-235b-a22b-instruct-2507", "Cerebras Qwen 3 235B (code)"),
      engine("sambanova", "DeepSeek-V3.1", "SambaNova DeepSeek V3.1 (code)"),
      engine("groq", "qwen/qwen3-32b", "Groq Qwen 3 32B"),
      engine("openrouter-free", "z-ai/glm-4.5-air:free", "OpenRouter GLM-4.5 Air (free)"),
      engine("openrouter-free", "openai/gpt-oss-120b:free", "OpenRouter GPT-OSS 120B (free)", 131_072),
      engine("openrouter-free", "qwen/qwen3-coder:free", "OpenRouter Qwen3 Coder (free)"),
      engine("openrouter-free", "arcee-ai/trinity-large-preview:free", "OpenRouter Arcee Trinity (free)"),
      engine("ollama", "qwen2.5-coder:7b", "Local Ollama"),
    ],
  },
  vision: {
    name: "Vision",
    tagline: "Image understanding (auto-activates)",
    perUserDailyLimit: 500,
    totalDailyCapacity: 5_000,
    failover: [
      engine("groq", "meta-llama/llama-4-scout-17b-16e-instruct", "Groq Llama-4-Scout 17B"),
      engine("gemini-grounded", "gemini-2.5-flash", "Gemini 2.5 Flash (vision)", 1_048_576),
      engine("mistral", "pixtral-12b-2409", "Mistral Pixtral-12B"),
      engine("openrouter-free", "google/gemma-4-31b-it:free", "OpenRouter Gemma 4 31B (free)"),
      engine("openrouter-free", "google/gemma-4-26b-a4b-it:free", "OpenRouter Gemma 4 26B (free)"),
      engine("openrouter-free", "nvidia/nemotron-nano-12b-v2-vl:free", "OpenRouter Nemotron Nano VL (free)"),
      engine("openrouter-free", "google/gemma-3-27b-it:free", "OpenRouter Gemma 3 27B (free)"),
    ],
  },
};
