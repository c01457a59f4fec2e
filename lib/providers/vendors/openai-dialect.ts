import type { ReasoningEffort } from "#lib/chat/request.ts";

/**
 * One vendor's dialect of the OpenAI protocol. Fields are an allow-list: Groq, Mistral and Cerebras reject
 * unknown fields, including those in messages.
 */
export type OpenAiDialect = {
  /** Appended to the base URL. */
  path: string;
  /** Top-level body fields beyond `model`, `messages`, `stream`; or every field. */
  fields: readonly string[] | "all";
  /** Messages may have a `name`. */
  nameField: boolean;
  /** Accepts what only OpenAI defines: audio, files, tools that it runs. */
  opaqueParts: boolean;
  /** The models that accept custom tools (free text, grammars); all others get them as functions. */
  customToolModels: RegExp | undefined;
  /** How documents (PDF) are sent: OpenAI's `file`, Mistral's `document_url`; `none` accepts none. */
  documents: "file" | "document_url" | "none";
  /** Fetches documents from the web. */
  documentUrls: boolean;
  /** Fetches images from the web. */
  imageUrls: boolean;
  /** The models that accept `input_audio`; `all`: no known restriction. */
  audio: RegExp | "all" | "none";
  /** The only models that accept a JSON schema as `response_format`; undefined: no known restriction. */
  jsonSchemaModels: RegExp | undefined;
  maxTokensField: "max_tokens" | "max_completion_tokens";
  seedField: "seed" | "random_seed";
  /** The value for "some tool must be called". */
  requiredToolChoice: "required" | "any";
  /** Mistral accepts exactly nine letters and digits. */
  toolIds: "any" | "nine_alphanumerics";
  /** Takes calls in the history whose arguments are not a JSON object; templates of other hosts fail on them. */
  freeArguments: boolean;
  highestTemperature: number;
  /** Values of `reasoning_effort` for models without a rule of their own; empty: the field is left out. */
  efforts: readonly ReasoningEffort[];
  /** Models whose `reasoning_effort` is only `none` or `default`. */
  effortSwitch: RegExp | undefined;
  /**
   * The message field that accepts earlier reasoning, if any. `with_calls`: the one in which the server tells
   * it, beside calls of tools only.
   */
  reasoningField: "reasoning" | "with_calls" | undefined;
  /** Accepts Google's signatures of calls (`extra_content`). */
  callSignatures: boolean;
  /** Whether the last message may be the assistant's, to be continued; `prefix` needs a flag on it. */
  prefill: "none" | "plain" | "prefix";
  /** Accepts `prompt_cache_key`. */
  promptCacheKey: boolean;
  /** Accepts Anthropic's `cache_control` on content parts for Claude models. */
  cacheControl: boolean;
  /** Accepts `role: developer`. */
  developerRole: boolean;
  /** Takes system messages behind the head of the conversation: always, never, or with these models. */
  laterSystem: boolean | RegExp;
  /** Takes tools together with a JSON format for the answer. */
  toolsWithFormat: boolean;
  /** Refuses tools that differ in `strict`. */
  uniformStrict: boolean;
  /** The most stop sequences; undefined: no known limit. */
  maxStops: number | undefined;
};

/** The plain dialect, used for operators' own servers (vLLM, LM Studio, llama.cpp). */
export const STANDARD_DIALECT: OpenAiDialect = {
  path: "/chat/completions",
  fields: "all",
  nameField: true,
  opaqueParts: true,
  customToolModels: undefined,
  documents: "none",
  documentUrls: false,
  imageUrls: true,
  audio: "all",
  jsonSchemaModels: undefined,
  maxTokensField: "max_tokens",
  seedField: "seed",
  requiredToolChoice: "required",
  toolIds: "any",
  freeArguments: false,
  highestTemperature: 2,
  efforts: [],
  effortSwitch: undefined,
  reasoningField: "with_calls",
  callSignatures: true,
  prefill: "none",
  promptCacheKey: false,
  cacheControl: false,
  developerRole: false,
  laterSystem: false,
  toolsWithFormat: true,
  uniformStrict: false,
  maxStops: undefined,
};

/** OpenAI's models, which take system messages anywhere, at hosts that pass them on. */
export const OPENAI_MODELS = /^(?:chatgpt-|gpt-(?!oss)|o\d)/;

/** What most hosts support: functions, text and images, but nothing that only OpenAI has. */
export const HOST_DIALECT: OpenAiDialect = {
  ...STANDARD_DIALECT,
  opaqueParts: false,
  audio: "none",
  reasoningField: undefined,
  callSignatures: false,
};
