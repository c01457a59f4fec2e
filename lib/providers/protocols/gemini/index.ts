import { withCustomTools } from "#lib/providers/protocols/custom-tools.ts";
import { GeminiDecoder } from "#lib/providers/protocols/gemini/decode.ts";
import { geminiEmbeddings } from "#lib/providers/protocols/gemini/embed.ts";
import { encodeGemini, geminiGrounds, geminiLacks } from "#lib/providers/protocols/gemini/encode.ts";
import { geminiSpeech } from "#lib/providers/protocols/gemini/speak.ts";
import type { ChatProtocol } from "#lib/providers/protocols/protocol.ts";
import { tokenOf } from "#lib/providers/vendors/credentials.ts";

export const gemini: ChatProtocol = {
  id: "gemini",
  authHeaders: (credential) => ({ "x-goog-api-key": tokenOf(credential) }),
  chat: withCustomTools(
    {
      encode: encodeGemini,
      createDecoder: (context) => new GeminiDecoder(context),
      lacks: geminiLacks,
      grounds: geminiGrounds,
      continuation: () => "instructed",
    },
    () => false,
  ),
  embed: geminiEmbeddings,
  speak: geminiSpeech,
};
