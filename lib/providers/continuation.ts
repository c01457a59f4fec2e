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
 * the engine takes one, else by asking it to go on.
 */
export function continueRequest(request: ChatRequest, sent: string, prefill: boolean): ChatRequest {
  if (sent === "") return request;
  const messages: ChatMessage[] = [...request.messages, { role: "assistant", content: sent }];
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
  #held = "";
  #open = true;

  constructor(sent: string) {
    this.#sent = sent;
    this.#tail = sent.slice(-TAIL);
    this.#open = sent !== "";
  }

  /** The new text, or `diverged` when the engine is writing another answer. */
  push(text: string): string | "diverged" {
    if (!this.#open) return text;
    // An answer begun anew may be as long as what was sent; only its end needs comparing.
    const from = this.#held.length;
    this.#held += text;
    if (this.#isPrefixSoFar(from)) {
      if (this.#held.length < this.#sent.length) return "";
    } else if (this.#held.length <= this.#tail.length && this.#tail.includes(this.#held)) {
      return "";
    }
    return this.#resolve();
  }

  /** What was still held when the engine finished: nothing, where it only repeated the end. */
  end(): string | "diverged" {
    if (!this.#open || this.#held === "" || this.#sent.endsWith(this.#held)) return "";
    // Complete, yet shorter than what was sent and not its end: another answer.
    if (this.#prefixHolds && this.#held.length >= LEAST_DIVERGENCE) return "diverged";
    return this.#resolve();
  }

  #prefixHolds = true;

  #isPrefixSoFar(from: number): boolean {
    if (!this.#prefixHolds) return false;
    const compared = Math.min(this.#held.length, this.#sent.length);
    this.#prefixHolds = this.#sent.startsWith(this.#held.slice(from, compared), from);
    return this.#prefixHolds;
  }

  #resolve(): string | "diverged" {
    this.#open = false;
    const held = this.#held;
    if (held.startsWith(this.#sent)) return held.slice(this.#sent.length);
    const overlap = overlapLength(this.#tail, held);
    if (overlap > 0) return held.slice(overlap);
    return commonPrefix(this.#sent, held) >= LEAST_DIVERGENCE ? "diverged" : held;
  }
}

/** Length of the longest end of `sent` with which `text` begins, if it is too long to be chance. */
function overlapLength(sent: string, text: string): number {
  for (let length = Math.min(sent.length, text.length); length >= LEAST_OVERLAP; length--) {
    if (text.startsWith(sent.slice(sent.length - length))) return length;
  }
  // White space at the seam: a prefill was sent without it, so the engine writes it again.
  const white = /\s+$/.exec(sent.slice(-32))?.[0] ?? "";
  return white !== "" && text.startsWith(white) ? white.length : 0;
}

function commonPrefix(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}
