import { claudeRules } from "#lib/providers/catalogue/model-rules.ts";
import { anthropicTokenCount } from "#lib/providers/protocols/anthropic/count-tokens.ts";
import { AnthropicDecoder } from "#lib/providers/protocols/anthropic/decode.ts";
import {
  ANTHROPIC_HEADERS,
  anthropicLacks,
  encodeAnthropic,
} from "#lib/providers/protocols/anthropic/encode.ts";
import type { Protocol } from "#lib/providers/protocols/protocol.ts";
import { tokenOf } from "#lib/providers/vendors/credentials.ts";

export const anthropic: Protocol = {
  id: "anthropic",
  defaultHeaders: ANTHROPIC_HEADERS,
  authHeaders: (credential) => ({ "x-api-key": tokenOf(credential) }),
  chat: {
    encode: encodeAnthropic,
    createDecoder: (context) => new AnthropicDecoder(context),
    lacks: anthropicLacks,
    continuation: (engine) => (claudeRules(engine.model).prefill ? "prefill" : "instructed"),
    promptCaching: () => "breakpoints",
  },
  countTokens: anthropicTokenCount,
};
