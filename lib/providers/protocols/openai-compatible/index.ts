import { OpenAiDecoder } from "#lib/providers/protocols/openai-compatible/decode.ts";
import { encodeOpenAi, openAiLacks } from "#lib/providers/protocols/openai-compatible/encode.ts";
import type { Protocol } from "#lib/providers/protocols/protocol.ts";

export const openAiCompatible: Protocol = {
  id: "openai-compatible",
  defaultHeaders: {},
  encode: encodeOpenAi,
  authHeaders: (key) => (key === "" ? {} : { authorization: `Bearer ${key}` }),
  createDecoder: (context) => new OpenAiDecoder(context),
  lacks: openAiLacks,
  takesPrefill: (engine) => engine.provider.dialect.prefill !== "none",
};
