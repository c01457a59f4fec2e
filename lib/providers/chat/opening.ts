import { overlapLength } from "#lib/providers/chat/continuation-trimmer.ts";
import type { FoldedText } from "#lib/providers/chat/folded-text.ts";
import { MARKS } from "#lib/providers/chat/repeated-tail.ts";

/** How much of the beginning is searched for behind a preamble, in compared characters. */
const SAMPLE = 32;
const MIN_SAMPLE = 8;
/** An end that stands behind a preamble is recognised from this weight on; behind marks alone, from the other. */
const MIN_BEHIND_WORDS = 14;
const MIN_BEHIND_MARKS = 8;
/** A repetition is recognised from this weight on, whatever it begins with. */
const MIN_WEIGHT = 12;
/** Text that an engine writes before it repeats ends in one of these, or with a mark that quotes. */
const PREAMBLE_END = /[:.!?…\n"'`*«“„‘>)\]—–|-]\s*$/;
/** Nothing but marks: a quotation mark, a bold, a quoted line, an ellipsis, a code fence with its language. */
const ONLY_MARKS = /^\s*(?:[\s"'`*_«“„‘>….([]*|(?:```|~~~)[^\n`]*\n\s*)$/;
/** An opening line about the continuation itself, in the languages of most answers. */
const ABOUT_ITSELF =
  /^\s*(?:sure|of course|certainly|absolutely|okay|ok|right|sorry|apologies|continuing|resuming|here(?:'s|’s| is| are)|picking up|natürlich|hier)\b(?=[^\n]{0,160}\b(?:continu|resum|rest\b|left off|remain|picking up|cut off|fortsetzung|weiter))[^\n]{0,200}?[:.…—-]\s*\n+/i;
const CLOSING: Readonly<Record<string, string>> = {
  "«": "»",
  "“": "”",
  "„": "“",
  "‘": "’",
  "(": ")",
  "[": "]",
};

/** Where what an engine writes may begin to repeat: `count` compared characters are to be cut. */
export type Found = {
  /** Compared characters before the repetition. */
  at: number;
  /** Compared characters up to its end. */
  count: number;
  /** A mark that closes what the engine had opened before it, to be cut too if it follows. */
  closing: string;
};

/** Weight of a repetition: a Chinese or Japanese character says as much as two letters. */
function weightOf(folded: string): number {
  let weight = folded.length;
  for (const unit of folded) if (unit >= "⺀" && unit <= "鿿") weight++;
  return weight;
}

/**
 * Up to where the text repeats the end of what was sent exactly, with at least this length; 0 if it does not.
 * White space before it, and the marks in which the engine was shown it, are no hindrance.
 */
export function exactRepetition(tail: string, text: string, minLength: number): number {
  const plain = overlapLength(tail, text, minLength);
  if (plain > 0) return plain;
  const told = text.trimStart();
  const [open, close] = MARKS.find(([mark]) => told.startsWith(mark)) ?? ["", ""];
  const start = text.length - told.length + open.length;
  const length = start === 0 ? 0 : overlapLength(tail, text.slice(start), minLength);
  if (length === 0) return 0;
  const end = start + length;
  return text.startsWith(close, end) ? end + close.length : end;
}

/** The repetition with which the text begins, if it is long enough to be no coincidence. */
export function repetitionAtHead(tail: string, head: FoldedText): Found | undefined {
  const count = overlapLength(tail, head.folded, 1);
  return weightOf(tail.slice(tail.length - count)) >= MIN_WEIGHT ? { at: 0, count, closing: "" } : undefined;
}

/** The end of what was sent behind a preamble or an opening mark. */
export function repetitionBehindPreamble(
  tail: string,
  expected: string,
  head: FoldedText,
  limit: number,
): Found | undefined {
  const { folded, text } = head;
  for (let at = 1; at < folded.length; at++) {
    const start = head.startOf(at);
    if (start > limit) return undefined;
    const isExpected = expected.length >= MIN_WEIGHT && folded.startsWith(expected, at);
    const count = isExpected ? expected.length : overlapLength(tail, folded.slice(at), MIN_BEHIND_MARKS / 2);
    if (count === 0) continue;
    const before = text.slice(0, start);
    const repeated = folded.slice(at, at + count);
    const isOnlyMarks = ONLY_MARKS.test(before);
    if (!isOnlyMarks && !PREAMBLE_END.test(before)) continue;
    // A rule of dashes, or the frame of a table, occurs by coincidence.
    if (!/\p{L}{2}/u.test(repeated) && !(isOnlyMarks && isExpected)) continue;
    if (weightOf(repeated) < (isOnlyMarks ? MIN_BEHIND_MARKS : MIN_BEHIND_WORDS)) continue;
    return { at, count: at + count, closing: closingOf(before) };
  }
  return undefined;
}

/** Where the text starts over behind a preamble, in `head.text`. */
export function restartBehindPreamble(beginning: string, head: FoldedText, limit: number): Found | undefined {
  const sample = beginning.slice(0, SAMPLE);
  // Samples without words, such as a row of dashes, occur by coincidence.
  if (sample.length < MIN_SAMPLE || !/\p{L}{2}/u.test(sample)) return undefined;
  const at = head.folded.indexOf(sample);
  if (at <= 0) return undefined;
  const start = head.startOf(at);
  const isPreamble = start <= limit && PREAMBLE_END.test(head.text.slice(0, start));
  return isPreamble ? { at, count: at, closing: "" } : undefined;
}

/** What closes the marks at the end of this text. */
function closingOf(before: string): string {
  const fence = /(?:^|\n)(```|~~~)[^\n`]*\n\s*$/.exec(before)?.[1];
  if (fence !== undefined) return fence;
  const marks = /["'`*_«“„‘([]*$/.exec(before.trimEnd())?.[0] ?? "";
  return [...marks]
    .reverse()
    .map((mark) => CLOSING[mark] ?? mark)
    .join("");
}

/** Whether the text ends within a code block. */
export function isInFence(text: string): boolean {
  return (text.match(/^[ \t]*(?:```|~~~)/gm) ?? []).length % 2 === 1;
}

/**
 * The length of what an engine writes before it goes on: a line about the continuation itself, or a new code
 * fence in the middle of a code block. A fence without a language is taken for the end of the block.
 */
export function introductionLength(text: string, sent: string): number {
  const line = ABOUT_ITSELF.exec(text)?.[0].length ?? 0;
  const fence = isInFence(sent) ? /^\s*(?:```|~~~)[\w+#.-]+[ \t]*\r?\n/.exec(text.slice(line)) : null;
  return line + (fence?.[0].length ?? 0);
}

/** Engines often repeat the last word, or the part of it that was sent. Its length. */
export function repeatedWord(sent: string, text: string): number {
  const end = sent.slice(-64);
  const cut = /[\p{L}\p{N}]{2,}$/u.exec(end)?.[0];
  if (cut !== undefined) return text.startsWith(cut) ? cut.length : repeatedWords(end, text);
  const [, word, space] = /([\p{L}\p{N}]{4,})(\s+)$/u.exec(end) ?? [];
  if (word === undefined || space === undefined) return repeatedWords(end, text);
  return text.startsWith(`${word}${space}`) ? word.length + space.length : repeatedWords(end, text);
}

/** A few words, from the beginning of a word on: too short to be recognised as a repetition otherwise. */
function repeatedWords(end: string, text: string): number {
  for (let length = Math.min(end.length, text.length); length >= 6; length--) {
    const repeated = end.slice(end.length - length);
    if (!text.startsWith(repeated)) continue;
    const before = end.slice(0, end.length - length);
    return /^[\p{L}\p{N}]/u.test(repeated) && !/[\p{L}\p{N}]$/u.test(before) && /\p{L}{2}/u.test(repeated)
      ? length
      : 0;
  }
  return 0;
}
