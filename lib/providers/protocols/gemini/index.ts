import { GeminiDecoder } from "#lib/providers/protocols/gemini/decode.ts";
import { encodeGemini, geminiLacks } from "#lib/providers/protocols/gemini/encode.ts";
import type { Protocol } from "#lib/providers/protocols/protocol.ts";

export const gemini: Protocol = {
  id: "gemini",
  defaultHeaders: {},
  encode: encodeGemini,
  authHeaders: (key) => ({ "x-goog-api-key": key }),
  createDecoder: (context) => new GeminiDecoder(context),
  lacks: geminiLacks,
  takesPrefill: () => false,
};
