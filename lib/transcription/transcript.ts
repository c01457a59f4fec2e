import { field, stringField } from "#lib/shared/json.ts";
import { languageCode } from "#lib/transcription/languages.ts";

/** A part of a transcript with its times in seconds. */
export type Segment = {
  start: number;
  end: number;
  text: string;
  /** How sure the engine was, and where it was: 0 where it does not say. */
  scores: SegmentScores;
};

export type SegmentScores = {
  seek: number;
  temperature: number;
  averageLogProbability: number;
  compressionRatio: number;
  noSpeechProbability: number;
};

export type Word = { word: string; start: number; end: number };

/** What an engine heard. An empty text is an answer: nobody spoke. */
export type Transcript = {
  text: string;
  /** Whisper's code of the language, or what the engine called it. */
  language: string | undefined;
  /** The length of the recording, as the engine has it. */
  seconds: number | undefined;
  /** In order; empty if the engine tells no times. */
  segments: readonly Segment[];
  words: readonly Word[];
};

/** Longer recordings are taken for an engine's mistake, seconds: a week. */
const MAX_SECONDS = 604_800;
const MAX_SEGMENTS = 100_000;
const MAX_WORDS = 1_000_000;
const MAX_LANGUAGE = 40;

/** A length or a time as engines send it, in seconds; also as a text of digits (OpenAI's older answers). */
export function secondsIn(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d{1,9}(?:\.\d{1,20})?$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) return undefined;
  return number >= 0 && number <= MAX_SECONDS ? number : undefined;
}

/** The language of an answer: engines write `en`, `English` or `english`. */
export function languageIn(value: unknown): string | undefined {
  if (typeof value !== "string" || value.trim() === "") return undefined;
  return languageCode(value) ?? value.trim().toLowerCase().slice(0, MAX_LANGUAGE);
}

/**
 * The segments of an answer. Whatever an engine sends, they have a text, are in order, and none ends before it begins;
 * one without usable times stands where the one before ends.
 */
export function segmentsIn(values: readonly unknown[]): Segment[] {
  return timed(values.slice(0, MAX_SEGMENTS), "text", (value, text, times) => ({
    ...times,
    text,
    scores: {
      seek: numberIn(value, "seek"),
      temperature: numberIn(value, "temperature"),
      averageLogProbability: numberIn(value, "avg_logprob"),
      compressionRatio: numberIn(value, "compression_ratio"),
      noSpeechProbability: numberIn(value, "no_speech_prob"),
    },
  }));
}

/** The words of an answer, likewise. */
export function wordsIn(values: readonly unknown[]): Word[] {
  return timed(values.slice(0, MAX_WORDS), "word", (_value, word, times) => ({ word, ...times }));
}

/** @param name of the field that has the text. */
function timed<Part>(
  values: readonly unknown[],
  name: string,
  read: (value: unknown, text: string, times: { start: number; end: number }) => Part,
): Part[] {
  const parts: Part[] = [];
  let [before, last] = [0, 0];
  for (const value of values) {
    const text = stringField(value, name)?.toWellFormed().trim() ?? "";
    if (text === "") continue;
    const start = Math.max(before, secondsIn(field(value, "start")) ?? last);
    const end = Math.max(start, secondsIn(field(value, "end")) ?? start);
    [before, last] = [start, end];
    parts.push(read(value, text, { start, end }));
  }
  return parts;
}

function numberIn(value: unknown, name: string): number {
  const found = field(value, name);
  return typeof found === "number" && Number.isFinite(found) ? found : 0;
}

/** A sentence ends here, whatever the script. */
const SENTENCE_END = /[.!?…。！？।؟]["'”’)\]]*$/;
const MAX_SEGMENT_SECONDS = 7;
const MAX_SEGMENT_CHARACTERS = 80;
const NO_SCORES: SegmentScores = {
  seek: 0,
  temperature: 0,
  averageLogProbability: 0,
  compressionRatio: 0,
  noSpeechProbability: 0,
};

/** Segments of what an engine has told word by word: a sentence each, or what fits on a screen. */
export function segmentsOfWords(words: readonly Word[]): Segment[] {
  const segments: Segment[] = [];
  let current: Segment | undefined;
  for (const { word, start, end } of words) {
    if (current === undefined) {
      current = { start, end, text: word, scores: NO_SCORES };
      segments.push(current);
    } else {
      current.text += ` ${word}`;
      current.end = Math.max(current.end, end);
    }
    const isLong = current.end - current.start >= MAX_SEGMENT_SECONDS;
    if (isLong || current.text.length >= MAX_SEGMENT_CHARACTERS || SENTENCE_END.test(current.text)) {
      current = undefined;
    }
  }
  return segments;
}
