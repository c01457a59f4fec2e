import { z } from "zod";
import { spokenLanguage, spokenPrompt } from "#lib/apis/recording-fields.ts";
import { list } from "#lib/apis/schemas.ts";
import { languageName } from "#lib/transcription/languages.ts";
import { toSrt, toVtt } from "#lib/transcription/subtitles.ts";
import type { Segment, Transcript } from "#lib/transcription/transcript.ts";
import type { TranscriptionRequest } from "#lib/transcription/transcription-request.ts";

const FORMATS = ["json", "text", "srt", "verbose_json", "vtt"] as const;
const GRANULARITIES = ["word", "segment"] as const;
const MAX_LIST = 20;
const shortField = z.string().max(4_096).optional();

const fieldsSchema = z.object({
  model: z
    .string()
    .min(1)
    .max(256)
    .refine((name) => !/diarize/.test(name), "no engine tells speakers apart; send another model"),
  language: spokenLanguage,
  prompt: spokenPrompt,
  response_format: z.enum(FORMATS).default("json"),
  temperature: z
    .string()
    .regex(/^(?:0(?:\.\d{1,20})?|1(?:\.0{1,20})?)$/, "must be a number from 0 to 1")
    .transform(Number)
    .optional(),
  "timestamp_granularities[]": list(z.enum(GRANULARITIES), MAX_LIST).optional(),
  timestamp_granularities: z.enum(GRANULARITIES).optional().describe("The same, for one."),
  stream: z
    .enum(["true", "false", "True", "False", "1", "0", ""])
    .transform((text) => /^(?:true|1)$/i.test(text))
    .optional(),
  "include[]": list(z.string().max(100), MAX_LIST).optional(),
  chunking_strategy: shortField,
  "chunking_strategy[type]": shortField,
});

/** The fields of the form of `POST /api/v1/audio/transcriptions`, beside the file. Only a plain text can be streamed. */
export const transcriptionFieldsSchema = fieldsSchema.refine(
  ({ stream, response_format: format }) => stream !== true || format === "json" || format === "text",
  { path: ["stream"], error: "goes with the response_format json or text alone" },
);

/** The same with the file, for the documentation. */
export const transcriptionFormSchema = fieldsSchema.extend({
  file: z.string().meta({ format: "binary" }).describe("The recording, up to 25 MB."),
});

type Fields = z.output<typeof transcriptionFieldsSchema>;

/** How an answer is written. */
export type TranscriptFormat = {
  format: Fields["response_format"];
  stream: boolean;
  segments: boolean;
  words: boolean;
};

/** What is asked of an engine, how its answer is written, and the names of fields that no engine receives. */
export function readTranscription(fields: Fields): {
  model: string;
  wanted: Omit<TranscriptionRequest, "audio">;
  written: TranscriptFormat;
  dropped: string[];
} {
  const { model, language, prompt, temperature, response_format: format, stream = false } = fields;
  const asked = [fields["timestamp_granularities[]"] ?? [], fields.timestamp_granularities ?? []].flat();
  const words = format === "verbose_json" && asked.includes("word");
  const dropped = [
    fields["include[]"] === undefined ? [] : "include",
    (fields.chunking_strategy ?? fields["chunking_strategy[type]"]) === undefined ? [] : "chunking_strategy",
  ].flat();
  return {
    model,
    wanted: { language, prompt, temperature, words },
    written: { format, stream, words, segments: asked.length === 0 || asked.includes("segment") },
    dropped,
  };
}

const durationUsage = z.object({ type: z.literal("duration"), seconds: z.number() });

const plainSchema = z.object({ text: z.string(), usage: durationUsage.optional() });

const verboseSchema = z.object({
  task: z.literal("transcribe"),
  language: z.string(),
  duration: z.number(),
  text: z.string(),
  segments: z
    .array(
      z.object({
        id: z.int(),
        seek: z.number(),
        start: z.number(),
        end: z.number(),
        text: z.string(),
        tokens: z.array(z.int()),
        temperature: z.number(),
        avg_logprob: z.number(),
        compression_ratio: z.number(),
        no_speech_prob: z.number(),
      }),
    )
    .optional(),
  words: z.array(z.object({ word: z.string(), start: z.number(), end: z.number() })).optional(),
  usage: durationUsage.optional(),
});

/** The answer in JSON: the second for `verbose_json`. */
export const transcriptionAnswerSchema = z.union([plainSchema, verboseSchema]);

/** The body of an answer that is not streamed: JSON, or a text with its type. */
export type TranscriptBody =
  | { kind: "json"; body: object }
  | { kind: "text"; text: string; contentType: string };

export function transcriptBody(transcript: Transcript, written: TranscriptFormat): TranscriptBody {
  const { text, seconds } = transcript;
  switch (written.format) {
    case "json": {
      const body: z.input<typeof plainSchema> = { text, ...usageOf(seconds) };
      return { kind: "json", body };
    }
    case "verbose_json":
      return { kind: "json", body: verboseBody(transcript, written) };
    case "text":
      return { kind: "text", text: `${text}\n`, contentType: "text/plain; charset=utf-8" };
    case "srt":
      return { kind: "text", text: toSrt(transcript), contentType: "application/x-subrip; charset=utf-8" };
    case "vtt":
      return { kind: "text", text: toVtt(transcript), contentType: "text/vtt; charset=utf-8" };
  }
}

function verboseBody(
  { text, language, seconds, segments, words }: Transcript,
  written: TranscriptFormat,
): z.input<typeof verboseSchema> {
  const last = segments.at(-1) ?? words.at(-1);
  return {
    task: "transcribe",
    language: language === undefined ? "unknown" : languageName(language),
    duration: seconds ?? last?.end ?? 0,
    text,
    ...(written.segments ? { segments: segments.map(segmentBody) } : {}),
    ...(written.words ? { words: [...words] } : {}),
    ...usageOf(seconds),
  };
}

function segmentBody({ start, end, text, scores }: Segment, id: number) {
  return {
    id,
    seek: scores.seek,
    start,
    end,
    text,
    tokens: [],
    temperature: scores.temperature,
    avg_logprob: scores.averageLogProbability,
    compression_ratio: scores.compressionRatio,
    no_speech_prob: scores.noSpeechProbability,
  };
}

/** In whole seconds, as OpenAI counts them. */
function usageOf(seconds: number | undefined): { usage?: z.input<typeof durationUsage> } {
  return seconds === undefined ? {} : { usage: { type: "duration", seconds: Math.ceil(seconds) } };
}
