import { STANDARD_EMBEDDINGS } from "#lib/providers/vendors/embedding-dialect.ts";
import { STANDARD_DIALECT } from "#lib/providers/vendors/openai-dialect.ts";
import { OPENAI_FIELDS } from "#lib/providers/vendors/openai-fields.ts";
import type { ProviderDefinition } from "#lib/providers/vendors/provider.ts";

/**
 * OpenAI's models that are called by `/responses`: from gpt-5.4 on, function tools together with reasoning are
 * refused by `/chat/completions`; models for coding, research and computers, and `-pro` models, exist only
 * there. Search models exist only for chat.
 */
const OPENAI_RESPONSES_MODELS =
  /^(?!.*-search-)(?:gpt-5\.(?:[4-9]|\d\d)(?!\d)|gpt-(?:[6-9]|[12]\d)(?![\db])|(?:gpt-5(?:\.\d)?|o\d)-pro\b|.*\bcodex\b|o\d-(?:mini-)?deep-research|computer-use)/;

/** OpenAI itself, whose dialect others approximate. Sources: docs/PROVIDERS.md. */
export const OPENAI: ProviderDefinition = {
  id: "openai",
  name: "OpenAI",
  protocol: "openai-compatible",
  baseUrl: "https://api.openai.com/v1",
  baseUrlEnv: "OPENAI_BASE_URL",
  credentials: { kind: "key", env: "OPENAI_API_KEY" },
  webSearch: true,
  paid: true,
  pricedAs: "openai",
  chat: {
    dialect: {
      ...STANDARD_DIALECT,
      fields: OPENAI_FIELDS,
      documents: "file",
      audio: /audio/,
      reasoningField: undefined,
      callSignatures: false,
      freeArguments: true,
      maxTokensField: "max_completion_tokens",
      promptCacheKey: true,
      developerRole: true,
      laterSystem: true,
      maxStops: 4,
      customToolModels: /^(?!(?:chat)?gpt-[34]|gpt-5-chat|o1)/,
    },
    responsesModels: OPENAI_RESPONSES_MODELS,
  },
  embeddings: { ...STANDARD_EMBEDDINGS, maxInputs: 2_048 },
  transcription: { path: "/audio/transcriptions", plainModels: /^gpt-/ },
  speech: { path: "/audio/speech" },
  images: { path: "/images" },
};
