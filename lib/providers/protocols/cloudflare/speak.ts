import { resultOf, runPath } from "#lib/providers/protocols/cloudflare/envelope.ts";
import { givenFields } from "#lib/providers/protocols/given-fields.ts";
import type { SpeakPower } from "#lib/providers/protocols/speak-power.ts";
import { decodeBase64, isBase64 } from "#lib/shared/base64.ts";
import { stringField } from "#lib/shared/json.ts";

/** The longest text of a call, bytes: longer ones take so long that they end in errors. Source: docs/PROVIDERS.md. */
const MAX_TEXT_BYTES = 1_000;

/** MeloTTS: one voice a language. */
export const cloudflareSpeech: SpeakPower = {
  abilities: () => ({ maxTextBytes: MAX_TEXT_BYTES, formats: [], takesSpeed: false }),
  hasVoice: () => false,

  encode({ text, language, voice, instructions }, engine) {
    return {
      request: {
        kind: "json",
        path: runPath(engine.model),
        headers: engine.headers,
        body: { prompt: text, lang: language },
      },
      dropped: givenFields({ voice, instructions }),
    };
  },

  decode(answer) {
    if (answer.kind === "bytes") return { bytes: answer.bytes, mediaType: answer.contentType };
    const audio = stringField(resultOf(answer.body), "audio");
    if (audio === undefined || (audio !== "" && !isBase64(audio))) return undefined;
    return { bytes: decodeBase64(audio), mediaType: "" };
  },
};
