import { MIN_DIVERGENCE } from "#lib/providers/chat/continuation-trimmer.ts";
import { FoldedCursor, FoldedText, foldOne, isHighSurrogate } from "#lib/providers/chat/folded-text.ts";
import {
  exactRepetition,
  type Found,
  introductionLength,
  isInFence,
  repeatedWord,
  repetitionAtHead,
  repetitionBehindPreamble,
  restartBehindPreamble,
} from "#lib/providers/chat/opening.ts";
import { tailToRepeat, withoutHalfCharacter } from "#lib/providers/chat/repeated-tail.ts";
import { DIVERGED, NOTHING_NEW, type Trimmed, type Trimmer } from "#lib/providers/chat/trimmer.ts";

/** An engine may repeat at most this much of the end of what was sent, in characters. */
const TAIL = 2_000;
/** An instructed engine may write this many characters of preamble ("Sure, here is the rest:"). */
const MAX_PREAMBLE = 240;
/** Text is held up to this length while no repetition is found in it: a preamble, and the tail behind it. */
const MAX_HELD = MAX_PREAMBLE + 80;
/** An exact repetition is recognised from this length on, in characters. */
const MIN_EXACT = 12;
/** A restart that is only compared, and not exact, is recognised from this length on. */
const MIN_WORDS = 8;
/** White space behind a repetition is waited for up to this length, in characters. */
const MAX_GAP = 200;

/**
 * The joint of an answer with its continuation by an engine that was asked to begin with the last characters
 * of what was sent (`tailToRepeat`): they are expected, held back and cut off.
 *
 * They are compared without regard to white space, case, typographic quotes and Markdown's escapes, so that
 * an engine may wrap them anew. The white space at the cut is the engine's, less what was sent of it. An
 * engine may also start over, repeat more or less, write a preamble, quote, or simply go on.
 *
 * Text is looked at unit by unit, so the result does not depend on how it is split into pieces.
 */
export class Joint implements Trimmer {
  readonly #sent: string;
  readonly #tail: FoldedText;
  /** What the engine was asked to repeat, as it is compared. */
  readonly #expected: string;
  /** What was sent behind the last compared character. */
  readonly #gap: string;
  #held = new FoldedText();
  /** Runs along with the text as long as it is the beginning of what was sent. */
  #restart: FoldedCursor | undefined;
  #seen = 0;
  /** Where the repetition ends, while the white space behind it is not complete. */
  #found: Found | undefined;
  #isBehindPreamble = false;
  #open: boolean;

  constructor(sent: string) {
    this.#sent = sent;
    this.#tail = new FoldedText(sent.slice(-TAIL));
    this.#expected = new FoldedText(tailToRepeat(sent)).folded;
    this.#gap = this.#tail.text.slice(this.#tail.ends.at(-1) ?? 0);
    this.#restart = new FoldedCursor(sent);
    this.#open = sent !== "";
  }

  push(text: string): Trimmed {
    if (!this.#open) return { kind: "new", text };
    for (let at = 0; at < text.length; at++) {
      const trimmed = this.#accept(text.charAt(at));
      if (trimmed === undefined) continue;
      return trimmed.kind === "new" ? { kind: "new", text: trimmed.text + text.slice(at + 1) } : trimmed;
    }
    return NOTHING_NEW;
  }

  end(broken = false): Trimmed {
    if (!this.#open || this.#held.length === 0) return NOTHING_NEW;
    if (this.#found !== undefined) return this.#join(this.#found, true) ?? NOTHING_NEW;
    const { folded, text } = this.#held;
    if (broken && (this.#restart !== undefined || this.#mayRepeat())) return NOTHING_NEW;
    if (this.#restart !== undefined) {
      if (this.#restart.isAtEnd)
        return this.#join({ at: 0, count: folded.length, closing: "" }, true) ?? NOTHING_NEW;
      if (text.length >= MIN_EXACT && this.#sent.endsWith(text)) return NOTHING_NEW;
      // A complete text that is shorter than what was sent, and not its end, is another answer.
      if (text.length >= MIN_DIVERGENCE) return DIVERGED;
    }
    const resolved = this.#resolve(true);
    // The restart was found behind a preamble, and is still no longer than what was sent.
    return resolved ?? this.end(broken);
  }

  /** Takes one unit. Undefined while the text may still turn out to be a repetition. */
  #accept(unit: string): Trimmed | undefined {
    const added = this.#held.push(unit);
    if (this.#held.isHalfWay) return undefined;
    if (this.#found !== undefined) return this.#join(this.#found, false);
    if (this.#startsOver(added)) return undefined;
    if (this.#restart?.isAtEnd === true) return this.#join({ at: 0, count: this.#seen, closing: "" }, false);
    if (this.#isRepetition()) return this.#join({ at: 0, count: this.#expected.length, closing: "" }, false);
    if (this.#mayRepeat() && this.#held.folded !== "") return undefined;
    if (this.#held.length < MAX_HELD && !this.#isAnotherAnswer()) return undefined;
    return this.#resolve(false);
  }

  /** Whether the text may still be the whole answer from its start. */
  #startsOver(added: string): boolean {
    for (const unit of added.split("")) {
      if (this.#restart === undefined || this.#restart.isAtEnd) break;
      if (this.#restart.passes(unit)) this.#seen++;
      else this.#restart = undefined;
    }
    if (this.#restart === undefined || !this.#restart.isAtEnd) return this.#restart !== undefined;
    // A few letters and other white space are no restart.
    const isShort = this.#seen < MIN_WORDS;
    const told = this.#sent.slice(0, this.#sent.length - this.#gap.length);
    if (isShort && !this.#held.text.startsWith(told)) this.#restart = undefined;
    return false;
  }

  /** The text begins with what the engine was asked to repeat. */
  #isRepetition(): boolean {
    return this.#expected.length >= MIN_EXACT && this.#held.folded.startsWith(this.#expected);
  }

  #mayRepeat(): boolean {
    return this.#tail.folded.includes(this.#held.folded);
  }

  #isAnotherAnswer(): boolean {
    return (
      this.#restart === undefined &&
      this.#seen > 0 &&
      (this.#held.ends[this.#seen - 1] ?? 0) >= MIN_DIVERGENCE
    );
  }

  #resolve(isEnd: boolean): Trimmed | undefined {
    const { text } = this.#held;
    const exact = exactRepetition(this.#tail.text, text, MIN_EXACT);
    const head = repetitionAtHead(this.#tail.folded, this.#held);
    if (exact > 0 && exact >= (head === undefined ? 0 : (this.#held.ends[head.count - 1] ?? 0)))
      return this.#close(text.slice(exact));
    if (head !== undefined) return this.#join(head, isEnd);
    if (!this.#isBehindPreamble) {
      const found = repetitionBehindPreamble(this.#tail.folded, this.#expected, this.#held, MAX_PREAMBLE);
      const restart = restartBehindPreamble(
        new FoldedText(this.#sent.slice(0, 64)).folded,
        this.#held,
        MAX_PREAMBLE,
      );
      if (restart !== undefined && (found === undefined || this.#isEarlier(restart, found)))
        return this.#startAgain(this.#held.startOf(restart.at));
      if (found !== undefined) return this.#join(found, isEnd);
    }
    const introduction = this.#isBehindPreamble ? 0 : introductionLength(text, this.#sent);
    if (introduction > 0) return this.#startAgain(introduction);
    const repeated = repeatedWord(this.#sent, text);
    if (repeated > 0) return this.#close(text.slice(repeated));
    if (this.#isAnotherAnswer()) {
      this.#open = false;
      return DIVERGED;
    }
    return this.#close(text);
  }

  /** At the same place, a repetition of all that was sent is no restart: it may have been quoted. */
  #isEarlier(restart: Found, found: Found): boolean {
    if (restart.at !== found.at) return restart.at < found.at;
    return this.#sent.length > TAIL || found.count - found.at < this.#tail.folded.length;
  }

  /** Looks at the text anew from where it starts over. */
  #startAgain(from: number): Trimmed | undefined {
    const anew = this.#held.text.slice(from);
    this.#isBehindPreamble = true;
    this.#held = new FoldedText();
    this.#restart = new FoldedCursor(this.#sent);
    this.#seen = 0;
    const trimmed = this.push(anew);
    return this.#open ? undefined : trimmed;
  }

  /** Cuts the repetition off. Undefined while it is not known what of the white space behind it is new. */
  #join(found: Found, isEnd: boolean): Trimmed | undefined {
    const repeatedTo = this.#held.after(found.count);
    const closed = behindClosing(repeatedTo, found.closing, this.#sent);
    const gap = withoutHalfCharacter(this.#gap);
    // The engine's own mark ends what it repeats, white space included.
    if (closed !== undefined && afterGap(gap, closed.inner) === "" && leadingGap(closed.inner) >= gap.length)
      return this.#close(closed.rest);
    const rest = closed?.rest ?? repeatedTo;
    const { length } = this.#gap;
    if (closed === undefined && (length === 0 || rest.startsWith(this.#gap)))
      return this.#close(rest.slice(length), "");
    if (!isEnd && rest.length < MAX_GAP + length && leadingGap(rest) === rest.length) {
      this.#found = found;
      return undefined;
    }
    return this.#close(afterGap(gap, rest));
  }

  #close(text: string, half = this.#sent.slice(-1)): Trimmed {
    this.#open = false;
    // The first half of a character was sent: here is the other one.
    const isSent = isHighSurrogate(half) && text.startsWith(half);
    return { kind: "new", text: isSent ? text.slice(1) : text };
  }
}

/** How much of the text is white space and other characters that are not compared. */
function leadingGap(text: string): number {
  let length = 0;
  for (const point of text) {
    if (foldOne(point) !== "") break;
    length += point.length;
  }
  return length;
}

/** What stands before and behind the mark that closes what an engine had quoted, if that comes next. */
function behindClosing(
  text: string,
  closing: string,
  sent: string,
): { inner: string; rest: string } | undefined {
  if (closing === "") return undefined;
  const isFence = closing === "```" || closing === "~~~";
  // In a code block, the fence that the engine opened stands for the one that is open already.
  if (isFence && isInFence(sent)) return undefined;
  const inner = text.slice(0, leadingGap(text));
  const rest = text.slice(inner.length);
  if (!rest.startsWith(closing)) return undefined;
  const behind = rest.slice(closing.length);
  return { inner, rest: isFence ? behind.replace(/^[ \t]*\r?\n/, "") : behind };
}

/** What of a continuation's white space is new, when this much was sent before it and the two differ. */
function afterGap(sent: string, text: string): string {
  const gap = text.slice(0, leadingGap(text));
  const rest = text.slice(gap.length);
  const sentUnix = sent.replace(/\r/g, "");
  const gapUnix = gap.replace(/\r/g, "");
  if (gapUnix.startsWith(sentUnix)) return gapUnix.slice(sentUnix.length) + rest;
  const lines = sentUnix.split("\n").length - 1;
  const more = gapUnix.split("\n");
  // An engine that wraps its lines elsewhere: only the lines that were not sent are new.
  if (more.length - 1 <= lines) return rest;
  return `\n${more.slice(lines + 1).join("\n")}${rest}`;
}
