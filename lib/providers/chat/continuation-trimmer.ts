import type { ContinuationStrategy } from "#lib/providers/protocols/protocol.ts";

/** Repetitions shorter than this, in characters, are taken for chance. */
const MIN_OVERLAP = { instructed: 12, prefill: 40, echoedPrefill: 40 } as const satisfies Record<
  ContinuationStrategy,
  number
>;
/** A whole answer begun anew counts from this length on. */
const MIN_RESTART = { instructed: 1, prefill: 40, echoedPrefill: 1 } as const satisfies Record<
  ContinuationStrategy,
  number
>;
/** An engine that repeats its end repeats no more than this much of it. */
const TAIL = 2_000;
/** A common beginning this long that then goes another way is a new answer, not a continuation. */
const MIN_DIVERGENCE = 24;
/** An engine that was asked gets this many characters to come to the point. */
const MAX_PREAMBLE = 240;
/** What is looked for behind a preamble: so much of the beginning or of the end. */
const SAMPLE = 32;
const MIN_SAMPLE = 8;
const MIN_ENDING = 16;

/**
 * What of an engine's text is new: `text`, perhaps empty, or nothing, because the engine is writing another
 * answer. A tagged union, since an answer may consist of any words.
 */
export type Trimmed = { kind: "new"; text: string } | { kind: "diverged" };

const DIVERGED: Trimmed = { kind: "diverged" };
const NOTHING_NEW: Trimmed = { kind: "new", text: "" };

/**
 * Lets through only what a continuation adds to the text that was already sent.
 *
 * While what comes in could still be a repetition it is held; the repetition is dropped, and what
 * follows is passed on. An engine that starts over and then says something else cannot be joined to what
 * was sent. The result does not depend on how the engine's words are cut into pieces.
 */
export class ContinuationTrimmer {
  readonly #sent: string;
  readonly #strategy: ContinuationStrategy;
  readonly #tail: string;
  /** White space at the end of `sent` that the prefill left out. */
  readonly #trimmedWhitespace: string;
  #held = "";
  #prefixHolds = true;
  /** The answer begun anew has been found behind a preamble. */
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

  /** What the engine said beyond the beginning that it shares with what was sent. */
  get beyondCommonPrefix(): string {
    return this.#held.slice(commonPrefix(this.#sent, this.#held));
  }

  push(text: string): Trimmed {
    if (!this.#open) return { kind: "new", text };
    const from = this.#held.length;
    this.#held += text;
    return this.#mustWait(text, from) ? NOTHING_NEW : this.#resolve();
  }

  /** What was still held when the engine finished: nothing, where it only repeated the end. */
  end(): Trimmed {
    if (!this.#open || this.#held === "") return NOTHING_NEW;
    const { length } = this.#held;
    if (length >= MIN_OVERLAP[this.#strategy] && this.#sent.endsWith(this.#held)) return NOTHING_NEW;
    if (this.#prefixHolds && length >= this.#sent.trimEnd().length) return NOTHING_NEW;
    // Complete, yet shorter than what was sent and not its end: another answer.
    if (this.#prefixHolds && length >= MIN_DIVERGENCE) return DIVERGED;
    const fresh = this.#resolve();
    // Found behind a preamble, and then no longer than what was sent.
    return this.#open ? this.end() : fresh;
  }

  /** Whether what is held may still turn out to be a repetition. */
  #mustWait(text: string, from: number): boolean {
    if (this.#isPrefixSoFar(text, from)) return this.#held.length < this.#sent.length;
    if (this.#restarted) return false;
    // Behind a preamble anything may come; who begins as we did has come to the point.
    const isPreamble = this.#strategy === "instructed" && !this.#isAnotherAnswer();
    if (isPreamble && this.#held.length < MAX_PREAMBLE) return true;
    return this.#held.length <= this.#tail.length && this.#tail.includes(this.#held);
  }

  /** An answer begun anew may be as long as what was sent: only what is new is compared. */
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
      const behind = this.#behindPreamble();
      if (behind !== undefined) return behind;
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

  /** "Sure, here is the rest:" and then the answer from its beginning, or from its last words. */
  #behindPreamble(): Trimmed | undefined {
    const opening = this.#held.slice(0, MAX_PREAMBLE);
    const start = behindPreamble(opening, this.#sent.slice(0, SAMPLE));
    if (start !== undefined) {
      const anew = this.#held.slice(start);
      this.#restarted = true;
      this.#prefixHolds = true;
      this.#held = anew;
      return this.#mustWait(anew, 0) ? NOTHING_NEW : this.#resolve();
    }
    for (let length = Math.min(SAMPLE, this.#sent.length); length >= MIN_ENDING; length--) {
      const end = behindPreamble(opening, this.#sent.slice(-length));
      if (end !== undefined) return this.#close(this.#held.slice(end + length));
    }
    return undefined;
  }
}

/** Where `sample` stands in `opening`, behind something that reads like a preamble to it. */
function behindPreamble(opening: string, sample: string): number | undefined {
  // Rules of dashes and the like recur by themselves.
  if (sample.length < MIN_SAMPLE || !/\p{L}{2}/u.test(sample)) return undefined;
  const at = opening.indexOf(sample);
  return at > 0 && /[:.!?…\n"'`*]\s*$/.test(opening.slice(0, at)) ? at : undefined;
}

/** Length of the longest end of `sent` with which `text` begins, if it is too long to be chance. */
function overlapLength(sent: string, text: string, least: number): number {
  for (let length = Math.min(sent.length, text.length); length >= least; length--) {
    if (text.startsWith(sent.slice(sent.length - length))) return length;
  }
  return 0;
}

/** An engine that is asked to go on likes to say the last word once more, whole or from its cut. */
function repeatedWord(sent: string, text: string): number {
  const end = sent.slice(-64);
  const cut = /[\p{L}\p{N}]{2,}$/u.exec(end)?.[0];
  if (cut !== undefined) return text.startsWith(cut) ? cut.length : 0;
  const [, word, space] = /([\p{L}\p{N}]{4,})(\s+)$/u.exec(end) ?? [];
  if (word === undefined || space === undefined) return 0;
  return text.startsWith(`${word}${space}`) ? word.length + space.length : 0;
}

function commonPrefix(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}
