import { claudeRules } from "#lib/providers/catalogue/model-rules.ts";
import { AnthropicDecoder } from "#lib/providers/protocols/anthropic/decode.ts";
import {
  ANTHROPIC_HEADERS,
  anthropicLacks,
  encodeAnthropic,
} from "#lib/providers/protocols/anthropic/encode.ts";
import type { Protocol } from "#lib/providers/protocols/protocol.ts";

export const anthropic: Protocol = {
  id: "anthropic",
  defaultHeaders: ANTHROPIC_HEADERS,
  encode: encodeAnthropic,
  authHeaders: (key) => ({ "x-api-key": key }),
  createDecoder: (context) => new AnthropicDecoder(context),
  lacks: anthropicLacks,
  takesPrefill: (engine) => claudeRules(engine.model).prefill,
};
