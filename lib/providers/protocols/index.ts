import { anthropic } from "#lib/providers/protocols/anthropic/index.ts";
import { gemini } from "#lib/providers/protocols/gemini/index.ts";
import { openAiCompatible } from "#lib/providers/protocols/openai-compatible/index.ts";
import type { Protocol } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { ProtocolId } from "#lib/providers/vendors/provider.ts";

/** The wire protocols, one entry each; adding one does not compile until it stands here. */
export const PROTOCOLS: Readonly<Record<ProtocolId, Protocol>> = {
  "openai-compatible": openAiCompatible,
  anthropic,
  gemini,
};

/** The protocol that the engine is asked in. */
export function protocolOf({ provider }: Engine): Protocol {
  return PROTOCOLS[provider.protocol];
}
