import type { ContinuationStrategy } from "#lib/providers/protocols/protocol.ts";

/** Repetitions shorter than this, in characters, are treated as coincidence. */
const MIN_OVERLAP = { instructed: 12, prefill: 40, echoedPrefill: 40 } as const satisfies Record<
  ContinuationStrategy,
  number
>;
/** A restart of the whole answer is recognised from this length on, in characters. */
const MIN_RESTART = { instructed: 1, prefill: 40, echoedPrefill: 1 } as const satisfies Record<
  ContinuationStrategy,
  number
>;
/** An engine may repeat at most this much of the end of what was sent, in characters. */
const TAIL = 2_000;
/** Text that shares this many characters with the beginning and then differs is another answer. */
const MIN_DIVERGENCE = 24;
/** An instructed engine may write this many characters of preamble ("Sure, here is the rest:"). */
const MAX_PREAMBLE = 240;
/** How much of the beginning or the end is searched for after a preamble, in characters. */
const SAMPLE = 32;
const MIN_SAMPLE = 8;
const MIN_ENDING = 16;

/**
 * The new part of an engine's text, possibly empty; or `diverged`, because the engine is writing another
 * answer.
 */
export type Trimmed = { kind: "new"; text: string } | { kind: "diverged" };

const DIVERGED: Trimmed = { kind: "diverged" };
const NOTHING_NEW: Trimmed = { kind: "new", text: "" };

/**
 * Lets through only what a continuation adds to the text that was already sent.
 *
 * Text that could still be a repetition is held; the repetition is dropped, and what follows is passed on.
 * An engine that starts over and then differs has diverged. The result does not depend on how the text is
 * split into pieces.
 */
export class ContinuationTrimmer {
  readonly #sent: string;
  readonly #strategy: ContinuationStrategy;
  readonly #tail: string;
  /** White space at the end of `sent`, which a prefill leaves out. */
  readonly #trimmedWhitespace: string;
  #held = "";
  #prefixHolds = true;
  /** A restart of the answer was found after a preamble. */
  #restarted = false;
  #open: boolean;

  constructor(sent: string, strategy: ContinuationStrategy = "instructed") {
    this.#sent = sent;
    this.#strategy = strategy;
    this.#tail = sent.slice(-TAIL);
    this.#trimmedWhitespace = strategy === "instructed" ? "" : sent.slice(sent.trimEnd().length);
    this.#open = sent !== "";
    this.#prefixHolds = sent.length >= MIN_RESTART[strategy];
  }

  /** The held text without the beginning that it has in common with what was sent. */
  get beyondCommonPrefix(): string {
    return this.#held.slice(commonPrefix(this.#sent, this.#held));
  }

  push(text: string): Trimmed {
    if (!this.#open) return { kind: "new", text };
    const from = this.#held.length;
    this.#held += text;
    return this.#mustWait(text, from) ? NOTHING_NEW : this.#resolve();
  }

  /** The rest, when the engine has finished: empty if it only repeated the end. */
  end(): Trimmed {
    if (!this.#open || this.#held === "") return NOTHING_NEW;
    const { length } = this.#held;
    if (length >= MIN_OVERLAP[this.#strategy] && this.#sent.endsWith(this.#held)) return NOTHING_NEW;
    if (this.#prefixHolds && length >= this.#sent.trimEnd().length) return NOTHING_NEW;
    // A complete text that is shorter than what was sent, and not its end, is another answer.
    if (this.#prefixHolds && length >= MIN_DIVERGENCE) return DIVERGED;
    const fresh = this.#resolve();
    // The restart was found after a preamble, and is still no longer than what was sent.
    return this.#open ? this.end() : fresh;
  }

  /** Whether what is held may still turn out to be a repetition. */
  #mustWait(text: string, from: number): boolean {
    if (this.#isPrefixSoFar(text, from)) return this.#held.length < this.#sent.length;
    if (this.#restarted) return false;
    // A preamble is still possible, unless the text begins like the answer that was sent.
    const isPreamble = this.#strategy === "instructed" && !this.#isAnotherAnswer();
    if (isPreamble && this.#held.length < MAX_PREAMBLE) return true;
    return this.#held.length <= this.#tail.length && this.#tail.includes(this.#held);
  }

  /** Compares only the new piece: a restart may be as long as what was sent. */
  #isPrefixSoFar(text: string, from: number): boolean {
    if (!this.#prefixHolds) return false;
    this.#prefixHolds = this.#sent.startsWith(text.slice(0, this.#sent.length - from), from);
    return this.#prefixHolds;
  }

  #resolve(): Trimmed {
    const held = this.#held;
    if (this.#prefixHolds && held.startsWith(this.#sent)) return this.#close(held.slice(this.#sent.length));
    const overlap = overlapLength(this.#tail, held, MIN_OVERLAP[this.#strategy]);
    if (overlap > 0) return this.#close(held.slice(overlap));
    if (this.#strategy === "instructed" && !this.#restarted) {
      const afterPreamble = this.#afterPreamble();
      if (afterPreamble !== undefined) return afterPreamble;
      const repeated = repeatedWord(this.#sent, held);
      if (repeated > 0) return this.#close(held.slice(repeated));
    }
    if (this.#isAnotherAnswer()) {
      this.#open = false;
      return DIVERGED;
    }
    return this.#close(held.slice(commonPrefix(this.#trimmedWhitespace, held)));
  }

  #isAnotherAnswer(): boolean {
    return commonPrefix(this.#sent, this.#held) >= Math.max(MIN_DIVERGENCE, MIN_RESTART[this.#strategy]);
  }

  #close(text: string): Trimmed {
    this.#open = false;
    return { kind: "new", text };
  }

  /** Looks for the beginning or the end of what was sent after a preamble. */
  #afterPreamble(): Trimmed | undefined {
    const opening = this.#held.slice(0, MAX_PREAMBLE);
    const start = indexAfterPreamble(opening, this.#sent.slice(0, SAMPLE));
    if (start !== undefined) {
      const anew = this.#held.slice(start);
      this.#restarted = true;
      this.#prefixHolds = true;
      this.#held = anew;
      return this.#mustWait(anew, 0) ? NOTHING_NEW : this.#resolve();
    }
    for (let length = Math.min(SAMPLE, this.#sent.length); length >= MIN_ENDING; length--) {
      const end = indexAfterPreamble(opening, this.#sent.slice(-length));
      if (end !== undefined) return this.#close(this.#held.slice(end + length));
    }
    return undefined;
  }
}

/** The index of `sample` in `opening`, if what precedes it reads like a preamble. */
function indexAfterPreamble(opening: string, sample: string): number | undefined {
  // Samples without words, such as a row of dashes, occur by coincidence.
  if (sample.length < MIN_SAMPLE || !/\p{L}{2}/u.test(sample)) return undefined;
  const at = opening.indexOf(sample);
  return at > 0 && /[:.!?…\n"'`*]\s*$/.test(opening.slice(0, at)) ? at : undefined;
}

/** Length of the longest end of `sent` with which `text` begins; 0 if it is shorter than `minLength`. */
function overlapLength(sent: string, text: string, minLength: number): number {
  for (let length = Math.min(sent.length, text.length); length >= minLength; length--) {
    if (text.startsWith(sent.slice(sent.length - length))) return length;
  }
  return 0;
}

/** Instructed engines often repeat the last word, or the part of it that was sent. Its length. */
function repeatedWord(sent: string, text: string): number {
  const end = sent.slice(-64);
  const cut = /[\p{L}\p{N}]{2,}$/u.exec(end)?.[0];
  if (cut !== undefined) return text.startsWith(cut) ? cut.length : 0;
  const [, word, space] = /([\p{L}\p{N}]{4,})(\s+)$/u.exec(end) ?? [];
  if (word === undefined || space === undefined) return 0;
  return text.startsWith(`${word}${space}`) ? word.length + space.length : 0;
}

function commonPrefix(a: string, b: string): number {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}
