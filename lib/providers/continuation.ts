import type { ChatMessage, ChatRequest } from "#lib/chat/request.ts";

/** Overlaps shorter than this are chance, not repetition. */
const LEAST_OVERLAP = 12;
/** An engine that repeats its end repeats no more than this much of it. */
const TAIL = 2_000;
/** A common beginning this long that then goes another way is a new answer, not a continuation. */
const LEAST_DIVERGENCE = 24;

const ASK_TO_CONTINUE =
  "Your answer above was cut off by a network fault. Continue it from exactly the point where it stops: " +
  "do not repeat any of it, do not start over, and write no introduction or comment about the interruption.";

/**
 * The request that continues a broken answer on another engine: with the beginning as a prefill where
 * the engine takes one, else by asking it to go on. A prefill must not end in white space (Anthropic
 * refuses it, and it is one token with what follows): the engine writes that again.
 */
export function continueRequest(request: ChatRequest, sent: string, prefill: boolean): ChatRequest {
  const beginning = prefill ? sent.trimEnd() : sent;
  if (beginning.trim() === "") return request;
  const messages: ChatMessage[] = [...request.messages, { role: "assistant", content: beginning }];
  if (!prefill) messages.push({ role: "user", content: ASK_TO_CONTINUE });
  return { ...request, messages };
}

/**
 * Lets through only what a continuation adds to the text that was already sent.
 *
 * Engines asked to continue may start over, or repeat the last words first. While what comes in could
 * still be such a repetition it is held; the repetition is dropped, and what follows is passed on. An
 * engine that starts over and then says something else cannot be joined to what was sent.
 */
export class ContinuationTrimmer {
  readonly #sent: string;
  readonly #tail: string;
  /** White space at the end of `sent` that the prefill left out. */
  readonly #leftOut: string;
  #held = "";
  #prefixHolds = true;
  #open: boolean;

  constructor(sent: string, prefilled = false) {
    this.#sent = sent;
    this.#tail = sent.slice(-TAIL);
    this.#leftOut = prefilled ? sent.slice(sent.trimEnd().length) : "";
    this.#open = sent !== "";
  }

  /** What the engine said beyond the beginning that it shares with what was sent. */
  get divergence(): string {
    return this.#held.slice(commonPrefix(this.#sent, this.#held));
  }

  /** The new text, or `diverged` when the engine is writing another answer. */
  push(text: string): string | "diverged" {
    if (!this.#open) return text;
    const from = this.#held.length;
    this.#held += text;
    if (this.#isPrefixSoFar(text, from)) {
      if (this.#held.length < this.#sent.length) return "";
    } else if (this.#held.length <= this.#tail.length && this.#tail.includes(this.#held)) {
      return "";
    }
    return this.#resolve();
  }

  /** What was still held when the engine finished: nothing, where it only repeated the end. */
  end(): string | "diverged" {
    if (!this.#open || this.#held === "") return "";
    const { length } = this.#held;
    if (length >= LEAST_OVERLAP && this.#sent.endsWith(this.#held)) return "";
    if (this.#prefixHolds && length >= this.#sent.trimEnd().length) return "";
    // Complete, yet shorter than what was sent and not its end: another answer.
    if (this.#prefixHolds && length >= LEAST_DIVERGENCE) return "diverged";
    return this.#resolve();
  }

  /** An answer begun anew may be as long as what was sent: only what is new is compared. */
  #isPrefixSoFar(text: string, from: number): boolean {
    if (!this.#prefixHolds) return false;
    this.#prefixHolds = this.#sent.startsWith(text.slice(0, this.#sent.length - from), from);
    return this.#prefixHolds;
  }

  #resolve(): string | "diverged" {
    this.#open = false;
    const held = this.#held;
    if (held.startsWith(this.#sent)) return held.slice(this.#sent.length);
    const overlap = overlapLength(this.#tail, held);
    if (overlap > 0) return held.slice(overlap);
    if (commonPrefix(this.#sent, held) >= LEAST_DIVERGENCE) return "diverged";
    return held.slice(commonPrefix(this.#leftOut, held));
  }
}

/** Length of the longest end of `sent` with which `text` begins, if it is too long to be chance. */
function overlapLength(sent: string, text: string): number {
  for (let length = Math.min(sent.length, text.length); length >= LEAST_OVERLAP; length--) {
    if (text.startsWith(sent.slice(sent.length - length))) return length;
  }
  return 0;
}

function commonPrefix(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}
