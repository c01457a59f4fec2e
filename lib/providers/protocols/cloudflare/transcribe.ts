import { resultOf, runPath } from "#lib/providers/protocols/cloudflare/envelope.ts";
import { givenFields } from "#lib/providers/protocols/given-fields.ts";
import type { TranscribePower } from "#lib/providers/protocols/transcribe-power.ts";
import { asBuffer } from "#lib/shared/bytes.ts";
import { arrayField, field, stringField } from "#lib/shared/json.ts";
import {
  languageIn,
  secondsIn,
  segmentsIn,
  segmentsOfWords,
  wordsIn,
} from "#lib/transcription/transcript.ts";

/** The model that takes JSON; the older ones take the bytes and nothing else. */
const TAKES_JSON = /\/whisper-large-v3-turbo$/;

/** Whisper on Workers AI. */
export const cloudflareTranscriptions: TranscribePower = {
  encode(request, { model, headers }) {
    const { audio, language, prompt, temperature } = request;
    const to = { path: runPath(model), headers };
    if (!TAKES_JSON.test(model)) {
      const body = { kind: "bytes", bytes: audio.bytes, contentType: "application/octet-stream" } as const;
      return {
        request: { ...to, ...body },
        dropped: givenFields({ language, prompt, temperature }),
      };
    }
    const body = {
      audio: asBuffer(audio.bytes).toString("base64"),
      task: "transcribe",
      ...(language === undefined ? {} : { language }),
      ...(prompt === undefined ? {} : { initial_prompt: prompt }),
    };
    return {
      request: { ...to, kind: "json", body, isLarge: true },
      dropped: givenFields({ temperature }),
    };
  },

  decode(answer) {
    const result = resultOf(answer);
    const text = stringField(result, "text");
    if (text === undefined) return undefined;
    const info = field(result, "transcription_info");
    const parts = arrayField(result, "segments");
    // Words stand in the segments of the newer model, and by themselves in the answer of the older.
    const words = wordsIn([
      ...arrayField(result, "words"),
      ...parts.flatMap((part) => arrayField(part, "words")),
    ]);
    const segments = segmentsIn(parts);
    return {
      text: text.toWellFormed().trim(),
      language: languageIn(field(info, "language")),
      seconds: secondsIn(field(info, "duration")),
      segments: segments.length > 0 ? segments : segmentsOfWords(words),
      words,
    };
  },

  minBilledSeconds: () => 0,
};
