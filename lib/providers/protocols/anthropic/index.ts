import { claudeRules } from "#lib/providers/catalogue/model-rules.ts";
import { anthropicTokenCount } from "#lib/providers/protocols/anthropic/count-tokens.ts";
import { AnthropicDecoder } from "#lib/providers/protocols/anthropic/decode.ts";
import { anthropicLacks, encodeAnthropic } from "#lib/providers/protocols/anthropic/encode.ts";
import { withCustomTools } from "#lib/providers/protocols/custom-tools.ts";
import type { ChatProtocol } from "#lib/providers/protocols/protocol.ts";
import { tokenOf } from "#lib/providers/vendors/credentials.ts";

export const anthropic: ChatProtocol = {
  id: "anthropic",
  authHeaders: (credential) => ({ "x-api-key": tokenOf(credential) }),
  chat: withCustomTools(
    {
      encode: encodeAnthropic,
      createDecoder: (context) => new AnthropicDecoder(context),
      lacks: anthropicLacks,
      grounds: () => false,
      continuation: (engine) => (claudeRules(engine.model).prefill ? "prefill" : "instructed"),
    },
    () => false,
  ),
  countTokens: anthropicTokenCount,
};
