import type { SpeechLanguage } from "#lib/shared/text-language.ts";

/** A part of a text that is spoken by one call. */
export type TextPart = {
  text: string;
  /** The part ends where a sentence does; otherwise the speaker goes on after it. */
  endsSentence: boolean;
};

/**
 * Splits a text into parts of at most `maxBytes` bytes of UTF-8: between sentences, in a longer sentence between
 * clauses, else between words, and in a longer word between characters as readers see them. As few parts as there can
 * be, since a voice changes a little from call to call.
 */
export function splitSpeech(text: string, language: SpeechLanguage, maxBytes: number): TextPart[] {
  if (size(text.trim()) <= maxBytes) return [{ text: text.trim(), endsSentence: true }];
  const parts: TextPart[] = [];
  for (const sentence of segments(text, language, "sentence")) {
    const pieces =
      size(sentence.trim()) <= maxBytes ? [sentence] : brokenSentence(sentence, language, maxBytes);
    pieces.forEach((piece, index) => {
      const endsSentence = index === pieces.length - 1;
      append(parts, { text: piece, endsSentence }, maxBytes);
    });
  }
  return parts
    .map(({ text: spoken, endsSentence }) => ({ text: spoken.trim(), endsSentence }))
    .filter(({ text: spoken }) => hasWords(spoken));
}

/** Whether there is anything to say: marks and symbols alone are silent. */
export function hasWords(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

function append(parts: TextPart[], piece: TextPart, maxBytes: number): void {
  const last = parts.at(-1);
  if (last !== undefined && size((last.text + piece.text).trim()) <= maxBytes) {
    parts[parts.length - 1] = { text: last.text + piece.text, endsSentence: piece.endsSentence };
  } else {
    parts.push(piece);
  }
}

/** A sentence that is too long, in pieces that are not. */
function brokenSentence(sentence: string, language: SpeechLanguage, maxBytes: number): string[] {
  return clausesOf(sentence).flatMap((clause) => {
    if (size(clause.trim()) <= maxBytes) return [clause];
    return joined(segments(clause, language, "word"), maxBytes).flatMap((words) =>
      size(words.trim()) <= maxBytes ? [words] : joined(segments(words, language, "grapheme"), maxBytes),
    );
  });
}

/** As many neighbours together as fit. */
function joined(pieces: readonly string[], maxBytes: number): string[] {
  const runs: string[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    const last = runs.length - 1;
    const more = size(piece);
    // A space at the end is not sent.
    if (last >= 0 && bytes + size(piece.trimEnd()) <= maxBytes) {
      runs[last] += piece;
      bytes += more;
    } else {
      runs.push(piece);
      bytes = more;
    }
  }
  return runs;
}

/** The clauses with the marks that end them. A mark inside a number ("1,000") ends none. */
function clausesOf(sentence: string): string[] {
  return sentence.split(/(?<=[,;:–—](?=\s)|[，、；：])/u);
}

const segmenters = new Map<string, Intl.Segmenter>();

function segments(
  text: string,
  language: SpeechLanguage,
  granularity: Intl.SegmenterOptions["granularity"],
): string[] {
  const id = `${language} ${granularity}`;
  const segmenter = segmenters.get(id) ?? new Intl.Segmenter(language, { granularity });
  segmenters.set(id, segmenter);
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function size(text: string): number {
  return Buffer.byteLength(text);
}
