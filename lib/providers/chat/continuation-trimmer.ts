import { DIVERGED, NOTHING_NEW, type Trimmed, type Trimmer } from "#lib/providers/chat/trimmer.ts";

/** How an engine was given the beginning as its own, and may give it back. */
export type PrefillStrategy = "prefill" | "echoedPrefill";

/** Repetitions shorter than this, in characters, are treated as coincidence. */
const MIN_OVERLAP = 40;
/** A restart of the whole answer is recognised from this length on, in characters. */
const MIN_RESTART = { prefill: 40, echoedPrefill: 1 } as const satisfies Record<PrefillStrategy, number>;
/** An engine may repeat at most this much of the end of what was sent, in characters. */
const TAIL = 2_000;
/** Text that shares this many characters with the beginning and then differs is another answer. */
export const MIN_DIVERGENCE = 24;

/**
 * Lets through what an engine that was given the beginning as its own adds to it.
 *
 * Text that could still be a repetition is held; the repetition is dropped, and what follows is passed on.
 * An engine that starts over and then differs has diverged. The result does not depend on how the text is
 * split into pieces.
 */
export class ContinuationTrimmer implements Trimmer {
  readonly #sent: string;
  readonly #strategy: PrefillStrategy;
  readonly #tail: string;
  /** White space at the end of `sent`, which a prefill leaves out. */
  readonly #trimmedWhitespace: string;
  #held = "";
  #prefixHolds = true;
  #open: boolean;

  constructor(sent: string, strategy: PrefillStrategy) {
    this.#sent = sent;
    this.#strategy = strategy;
    this.#tail = sent.slice(-TAIL);
    this.#trimmedWhitespace = sent.slice(sent.trimEnd().length);
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

  /** The rest: empty if it only repeated the end. */
  end(broken = false): Trimmed {
    if (!this.#open || this.#held === "") return NOTHING_NEW;
    const { length } = this.#held;
    if (broken && this.#prefixHolds) return NOTHING_NEW;
    if (length >= MIN_OVERLAP && this.#sent.endsWith(this.#held)) return NOTHING_NEW;
    if (this.#prefixHolds && length >= this.#sent.trimEnd().length) return NOTHING_NEW;
    // A complete text that is shorter than what was sent, and not its end, is another answer.
    if (this.#prefixHolds && length >= MIN_DIVERGENCE) return DIVERGED;
    return this.#resolve();
  }

  /** Whether what is held may still turn out to be a repetition. */
  #mustWait(text: string, from: number): boolean {
    if (this.#isPrefixSoFar(text, from)) return this.#held.length < this.#sent.length;
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
    const overlap = overlapLength(this.#tail, held, MIN_OVERLAP);
    if (overlap > 0) return this.#close(held.slice(overlap));
    if (commonPrefix(this.#sent, held) >= Math.max(MIN_DIVERGENCE, MIN_RESTART[this.#strategy])) {
      this.#open = false;
      return DIVERGED;
    }
    return this.#close(held.slice(commonPrefix(this.#trimmedWhitespace, held)));
  }

  #close(text: string): Trimmed {
    this.#open = false;
    return { kind: "new", text };
  }
}

/** Length of the longest end of `sent` with which `text` begins; 0 if it is shorter than `minLength`. */
export function overlapLength(sent: string, text: string, minLength: number): number {
  for (let length = Math.min(sent.length, text.length); length >= minLength; length--) {
    if (text.startsWith(sent.slice(sent.length - length))) return length;
  }
  return 0;
}

function commonPrefix(a: string, b: string): number {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}
