import { PROVIDERS } from "#lib/providers/vendors/providers.ts";

/**
 * Names of the OpenTelemetry conventions for generative AI. They are not stable yet; a test pins those that are used.
 * https://github.com/open-telemetry/semantic-conventions-genai
 */
export const GEN_AI = {
  operation: "gen_ai.operation.name",
  provider: "gen_ai.provider.name",
  requestModel: "gen_ai.request.model",
  responseModel: "gen_ai.response.model",
  tokenType: "gen_ai.token.type",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  cacheReadTokens: "gen_ai.usage.cache_read.input_tokens",
  cacheWriteTokens: "gen_ai.usage.cache_creation.input_tokens",
  reasoningTokens: "gen_ai.usage.reasoning.output_tokens",
  timeToFirstChunk: "gen_ai.response.time_to_first_chunk",
  errorType: "error.type",
} as const;

const NAMES = new Map(PROVIDERS.map(({ id, telemetryName = id }) => [id, telemetryName]));

/** The name that the conventions have for a provider; its id if they have none. */
export function providerName(id: string): string {
  return NAMES.get(id) ?? id;
}

/** What a route asks of engines. */
export function operationName(route: string | undefined): "chat" | "embeddings" {
  return route?.endsWith("/embeddings") === true ? "embeddings" : "chat";
}
