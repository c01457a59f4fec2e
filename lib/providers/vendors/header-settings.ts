import type { ProtocolId, ServiceProtocolId } from "#lib/providers/vendors/provider.ts";

/** Headers that a configuration variable overrides for all providers of a protocol. */
export const PROTOCOL_HEADER_SETTINGS: Readonly<
  Record<ProtocolId | ServiceProtocolId, Readonly<Record<string, string>>>
> = {
  "openai-compatible": {},
  "openai-responses": {},
  anthropic: { "anthropic-version": "ANTHROPIC_VERSION" },
  gemini: {},
  tavily: {},
  cloudflare: {},
};
