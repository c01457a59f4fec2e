import { transcriptFrames, transcriptionEventSchema } from "#lib/apis/audio/event-frames.ts";
import {
  readTranscription,
  type TranscriptFormat,
  transcriptBody,
  transcriptionAnswerSchema,
  transcriptionFieldsSchema,
  transcriptionFormSchema,
} from "#lib/apis/audio/transcriptions.ts";
import { sttAnswerSchema, sttBody, sttFieldsSchema, sttFormSchema } from "#lib/apis/native/stt.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { readFormFields, readFormFile } from "#lib/server/http/form-fields.ts";
import type { FormField } from "#lib/server/http/multipart.ts";
import { callContext } from "#lib/server/routes/call-context.ts";
import { answerHeaders } from "#lib/server/routes/completion-route.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import {
  type Transcribed,
  transcribe,
  type WantedTranscription,
} from "#lib/services/transcription/transcribe.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { SSE_HEADERS } from "#lib/streaming/sse-writer.ts";

/** The largest recording. */
const MAX_FILE = 25 * MEGABYTE;
/** What a form has beside its file. */
const MAX_FIELDS = 128 * 1024;
const MAX_FORM = MAX_FILE + MAX_FIELDS;

type Dictation = { wanted: WantedTranscription; verbose: boolean };
type Transcription = { wanted: WantedTranscription; written: TranscriptFormat; dropped: readonly string[] };

/** `POST /api/v1/stt`: what is spoken in a recording. */
export const stt = declareRoute({
  path: "/api/v1/stt",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Transcribe a recording",
      description:
        "FLAC, MP3, MP4 (M4A), Ogg (Opus), WAV or WebM, up to 25 MB. The text is empty if nobody speaks.",
      answers: async () => ({ 200: { description: "The text.", json: sttAnswerSchema } }),
      body: { maxBytes: MAX_FORM, form: { schema: sttFormSchema, read: readDictation } },
      answer: answerDictation,
    },
  },
});

/** `POST /api/v1/audio/transcriptions`: the same in the shape of OpenAI. */
export const transcriptions = declareRoute({
  path: "/api/v1/audio/transcriptions",
  access: "proxy",
  errors: "openai",
  methods: {
    POST: {
      summary: "Transcriptions, compatible with OpenAI",
      description:
        "With `response_format` `text`, `srt` or `vtt` the answer is a text. With `stream` it comes as events.",
      answers: async () => ({
        200: {
          description: "The transcript.",
          json: transcriptionAnswerSchema,
          events: transcriptionEventSchema,
        },
      }),
      body: { maxBytes: MAX_FORM, form: { schema: transcriptionFormSchema, read: readForm } },
      answer: answerTranscription,
    },
  },
});

function readDictation(fields: readonly FormField[]): Dictation {
  const { verbose = false, language, prompt } = readFormFields(fields, sttFieldsSchema);
  return { verbose, wanted: { file: fileOf(fields), language, prompt } };
}

function readForm(fields: readonly FormField[]): Transcription {
  const { model, wanted, ...more } = readTranscription(readFormFields(fields, transcriptionFieldsSchema));
  return { wanted: { ...wanted, model, file: fileOf(fields) }, ...more };
}

function fileOf(fields: readonly FormField[]): Buffer {
  const file = readFormFile(fields, "file");
  if (file.length <= MAX_FILE) return file;
  throw new GatewayError("payload_too_large", `The file may have at most ${MAX_FILE / MEGABYTE} MB.`);
}

async function answerDictation(call: GatewayCall<"caller", Dictation>): Promise<PlainResponse> {
  const { wanted, verbose } = call.body;
  const transcribed = await run(call, wanted);
  const { transcript, engine } = transcribed;
  return jsonResponse(sttBody(transcript, { verbose, provider: engine.provider.id }), {
    headers: answerHeaders(transcribed),
  });
}

async function answerTranscription(call: GatewayCall<"proxy", Transcription>): Promise<PlainResponse> {
  const { wanted, written, dropped } = call.body;
  const transcribed = await run(call, wanted);
  const headers = answerHeaders(transcribed, dropped);
  if (written.stream) {
    const frames = transcriptFrames(transcribed.transcript.text);
    return new PlainResponse(frames, { headers: { ...SSE_HEADERS, ...headers } });
  }
  const answer = transcriptBody(transcribed.transcript, written);
  if (answer.kind === "json") return jsonResponse(answer.body, { headers });
  return new PlainResponse(answer.text, { headers: { "content-type": answer.contentType, ...headers } });
}

function run(
  call: GatewayCall<"caller", unknown> | GatewayCall<"proxy", unknown>,
  wanted: WantedTranscription,
): Promise<Transcribed> {
  return transcribe(wanted, callContext(call), call.gateway.transcription);
}
