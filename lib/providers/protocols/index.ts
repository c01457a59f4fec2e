import { anthropic } from "#lib/providers/protocols/anthropic/index.ts";
import { gemini } from "#lib/providers/protocols/gemini/index.ts";
import { openAiCompatible } from "#lib/providers/protocols/openai-compatible/index.ts";
import { openAiResponses } from "#lib/providers/protocols/openai-responses/index.ts";
import type { Protocol } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { ProtocolId } from "#lib/providers/vendors/provider.ts";

/** The wire protocols. A new protocol id does not compile until it has an entry here. */
export const PROTOCOLS: Readonly<Record<ProtocolId, Protocol>> = {
  "openai-compatible": openAiCompatible,
  "openai-responses": openAiResponses,
  anthropic,
  gemini,
};

/** The protocol of the engine's API. */
export function protocolOf({ protocol }: Engine): Protocol {
  return PROTOCOLS[protocol];
}
