import { withCustomTools } from "#lib/providers/protocols/custom-tools.ts";
import { knowsCustomTools } from "#lib/providers/protocols/openai-compatible/dialect-of.ts";
import { openAiEmbeddings } from "#lib/providers/protocols/openai-compatible/embed.ts";
import { openAiSpeech } from "#lib/providers/protocols/openai-compatible/speak.ts";
import { responsesTokenCount } from "#lib/providers/protocols/openai-responses/count-tokens.ts";
import { ResponsesDecoder } from "#lib/providers/protocols/openai-responses/decode.ts";
import { encodeResponses, responsesLacks } from "#lib/providers/protocols/openai-responses/encode.ts";
import { searchTool } from "#lib/providers/protocols/openai-responses/tools.ts";
import type { ChatProtocol } from "#lib/providers/protocols/protocol.ts";
import { tokenOf } from "#lib/providers/vendors/credentials.ts";

export const openAiResponses: ChatProtocol = {
  id: "openai-responses",
  authHeaders(credential) {
    const token = tokenOf(credential);
    return token === "" ? {} : { authorization: `Bearer ${token}` };
  },
  chat: withCustomTools(
    {
      encode: encodeResponses,
      createDecoder: (context) => new ResponsesDecoder(context),
      lacks: responsesLacks,
      grounds: (request, engine) => searchTool(request, engine) !== undefined,
      continuation: () => "instructed",
    },
    knowsCustomTools,
  ),
  countTokens: responsesTokenCount,
  embed: openAiEmbeddings,
  speak: openAiSpeech,
};
