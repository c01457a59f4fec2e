import { withCustomTools } from "#lib/providers/protocols/custom-tools.ts";
import { GeminiDecoder } from "#lib/providers/protocols/gemini/decode.ts";
import { geminiEmbeddings } from "#lib/providers/protocols/gemini/embed.ts";
import { encodeGemini, geminiLacks } from "#lib/providers/protocols/gemini/encode.ts";
import type { Protocol } from "#lib/providers/protocols/protocol.ts";
import { tokenOf } from "#lib/providers/vendors/credentials.ts";

export const gemini: Protocol = {
  id: "gemini",
  authHeaders: (credential) => ({ "x-goog-api-key": tokenOf(credential) }),
  chat: withCustomTools(
    {
      encode: encodeGemini,
      createDecoder: (context) => new GeminiDecoder(context),
      lacks: geminiLacks,
      continuation: () => "instructed",
    },
    () => false,
  ),
  embed: geminiEmbeddings,
};
