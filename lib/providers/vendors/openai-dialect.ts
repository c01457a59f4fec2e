import type { ReasoningEffort } from "#lib/chat/request.ts";

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

/** What most hosts share: functions, text and images, and nothing that only OpenAI has. */
export const HOST_DIALECT: OpenAiDialect = { ...STANDARD_DIALECT, opaqueParts: false };
