import type { ProtocolId } from "#lib/providers/vendors/provider.ts";

/** Headers of a protocol that a configuration variable may override, for every provider that speaks it. */
export const PROTOCOL_HEADER_SETTINGS: Readonly<Record<ProtocolId, Readonly<Record<string, string>>>> = {
  "openai-compatible": {},
  anthropic: { "anthropic-version": "ANTHROPIC_VERSION" },
  gemini: {},
};
