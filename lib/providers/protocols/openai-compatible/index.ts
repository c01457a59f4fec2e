import { searchesByItself } from "#lib/providers/catalogue/searching-models.ts";
import { withCustomTools } from "#lib/providers/protocols/custom-tools.ts";
import { OpenAiDecoder } from "#lib/providers/protocols/openai-compatible/decode.ts";
import {
  knowsCustomTools,
  openAiContinuation,
} from "#lib/providers/protocols/openai-compatible/dialect-of.ts";
import { openAiDraw } from "#lib/providers/protocols/openai-compatible/draw.ts";
import { openAiEmbeddings } from "#lib/providers/protocols/openai-compatible/embed.ts";
import { encodeOpenAi, openAiLacks } from "#lib/providers/protocols/openai-compatible/encode.ts";
import { openAiSpeech } from "#lib/providers/protocols/openai-compatible/speak.ts";
import { openAiTranscriptions } from "#lib/providers/protocols/openai-compatible/transcribe.ts";
import type { ChatProtocol } from "#lib/providers/protocols/protocol.ts";
import { tokenOf } from "#lib/providers/vendors/credentials.ts";

export const openAiCompatible: ChatProtocol = {
  id: "openai-compatible",
  authHeaders(credential) {
    const token = tokenOf(credential);
    return token === "" ? {} : { authorization: `Bearer ${token}` };
  },
  chat: withCustomTools(
    {
      encode: encodeOpenAi,
      createDecoder: (context) => new OpenAiDecoder(context),
      lacks: openAiLacks,
      grounds: (_request, { model }) => searchesByItself(model),
      continuation: openAiContinuation,
    },
    knowsCustomTools,
  ),
  embed: openAiEmbeddings,
  transcribe: openAiTranscriptions,
  speak: openAiSpeech,
  draw: openAiDraw,
};
