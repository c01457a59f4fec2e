import { type EmbeddingDialect, STANDARD_EMBEDDINGS } from "#lib/providers/vendors/embedding-dialect.ts";
import { STANDARD_DIALECT } from "#lib/providers/vendors/openai-dialect.ts";
import type { ProtocolId, ProviderDefinition, ProviderFacts } from "#lib/providers/vendors/provider.ts";

/** A provider that an operator defines in `MODELS_CONFIG`. */
export type OperatorProvider = {
  id: string;
  baseUrl: string;
  apiKeyEnv?: string | undefined;
  protocol: ProtocolId;
  /** As in `ProviderFacts`. Cannot be set in `MODELS_CONFIG`. */
  neverBenched?: boolean;
};

/** Many own servers refuse `encoding_format: base64`; they send numbers, which become base64 here. */
const OPERATOR_EMBEDDINGS: EmbeddingDialect = { ...STANDARD_EMBEDDINGS, takesBase64: false };

/** The row of an operator's provider, which is assumed to offer all that its protocol has. */
export function operatorDefinition(provider: OperatorProvider): ProviderDefinition {
  const { id, baseUrl, apiKeyEnv, protocol } = provider;
  const facts: ProviderFacts = {
    id,
    name: id,
    baseUrl,
    baseUrlEnv: undefined,
    credentials: apiKeyEnv === undefined ? { kind: "none" } : { kind: "key", env: apiKeyEnv },
    ...(provider.neverBenched === true ? { neverBenched: true } : {}),
  };
  switch (protocol) {
    case "openai-compatible":
      return { ...facts, protocol, chat: { dialect: STANDARD_DIALECT }, embeddings: OPERATOR_EMBEDDINGS };
    case "openai-responses":
      return { ...facts, protocol, chat: { dialect: STANDARD_DIALECT }, embeddings: OPERATOR_EMBEDDINGS };
    case "anthropic":
      return { ...facts, protocol, chat: {} };
    case "gemini":
      return { ...facts, protocol, chat: {}, embeddings: {} };
  }
}
