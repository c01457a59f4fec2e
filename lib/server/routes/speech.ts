import { readSpeech, type SpeechBody, speechSchema } from "#lib/apis/audio/speech.ts";
import { readTts, ttsSchema } from "#lib/apis/native/tts.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import type { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { fileResponse } from "#lib/server/http/file-response.ts";
import { callContext } from "#lib/server/routes/call-context.ts";
import { answerHeaders } from "#lib/server/routes/completion-route.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { type SpeechInput, speak } from "#lib/services/speech/speak.ts";
import type { SpeechRequest } from "#lib/speech/speech-request.ts";

/** The text has at most 4,096 characters. */
const MAX_BYTES = 128 * 1024;

const ANSWERS = async () => ({
  200: { description: "A file of sound; `Content-Type` says which.", file: "audio/*" },
});

/** `POST /api/v1/tts`: a text as speech. */
export const tts = declareRoute({
  path: "/api/v1/tts",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Speak a text",
      description: "English, Spanish, French, Chinese, Japanese and Korean. The answer is an audio file.",
      answers: ANSWERS,
      body: jsonBody({ schema: ttsSchema, maxBytes: MAX_BYTES, read: readTts }),
      answer: (call: GatewayCall<"caller", SpeechRequest>) => spokenAnswer(call, { request: call.body }),
    },
  },
});

/** `POST /api/v1/audio/speech`: the same in OpenAI's shape. */
export const audioSpeech = declareRoute({
  path: "/api/v1/audio/speech",
  access: "proxy",
  errors: "openai",
  methods: {
    POST: {
      summary: "Speech, compatible with OpenAI",
      answers: ANSWERS,
      body: jsonBody({ schema: speechSchema, maxBytes: MAX_BYTES, read: readSpeech }),
      answer: (call: GatewayCall<"proxy", SpeechBody>) => spokenAnswer(call, call.body, call.body.dropped),
    },
  },
});

/** Both kinds of callers may speak. */
type SpeechCall = GatewayCall<"caller", unknown> | GatewayCall<"proxy", unknown>;

async function spokenAnswer(
  call: SpeechCall,
  input: SpeechInput,
  dropped: readonly string[] = [],
): Promise<PlainResponse> {
  const spoken = await speak(input, callContext(call), call.gateway.speech);
  const { bytes, type, extension } = spoken.file;
  const response = fileResponse({ bytes, type, name: `speech.${extension}` }, "inline");
  response.addHeaders({
    ...answerHeaders(spoken, dropped),
    "x-provider": spoken.engine.provider.id,
  });
  return response;
}
