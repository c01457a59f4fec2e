import type { ChatEvent, FinishReason } from "#lib/chat/events.ts";
import { ContinuationTrimmer, type Trimmed } from "#lib/providers/chat/continuation-trimmer.ts";
import type { RunRecord } from "#lib/providers/chat/run.ts";
import type { Failure } from "#lib/providers/failures/failure.ts";
import type { ContinuationStrategy } from "#lib/providers/protocols/protocol.ts";

/**
 * Characters of an answer, and of its reasoning, that are kept in memory, whatever an engine goes on to send.
 * Longer than what is stored of an answer, and than what is continued.
 */
const MAX_RECORDED = 1_000_000;

/** The failure of an engine whose answer diverged from what was sent. */
export const DIVERGED: Failure = {
  kind: "truncated",
  reason: "The engine began another answer instead of continuing.",
};

/** What of the answer decides whether it can be continued elsewhere. */
export type Sent = { reasoning: string; onlyText: boolean };
export type Finish = { reason: FinishReason; native: string };

/** Passes one engine's events on, without what a continuation repeats; keeps the record of what went out. */
export class AnswerFilter {
  readonly #record: RunRecord;
  readonly #sent: Sent;
  readonly #text: ContinuationTrimmer;
  readonly #reasoning: ContinuationTrimmer;
  /** Text had been sent before this engine: its reasoning would come too late. */
  readonly #muteReasoning: boolean;
  #thinkingAltered = false;
  #ended = false;
  /** Characters of the answer that this engine was given to continue. */
  readonly before: number;
  /** Characters that this engine wrote, passed on or not. */
  characters = 0;
  finish: Finish | undefined;
  diverged = false;

  constructor(record: RunRecord, sent: Sent, strategy: ContinuationStrategy) {
    this.#record = record;
    this.#sent = sent;
    this.#text = new ContinuationTrimmer(record.text, strategy);
    // It was never shown the earlier thinking: it can only think the same from the beginning.
    this.#reasoning = new ContinuationTrimmer(sent.reasoning, "echoedPrefill");
    this.#muteReasoning = record.text !== "";
    this.before = record.text.length;
  }

  pass(batch: readonly ChatEvent[]): ChatEvent[] {
    const passed: ChatEvent[] = [];
    for (const event of batch) {
      this.#passOne(event, passed);
      if (this.diverged) break;
    }
    return passed;
  }

  /** What was held back in case it was a repetition, once. */
  end(): ChatEvent[] {
    const rest: ChatEvent[] = [];
    if (this.#ended) return rest;
    this.#ended = true;
    this.#emitText(this.#text.end(), { type: "text", text: "" }, rest);
    return rest;
  }

  #passOne(event: ChatEvent, passed: ChatEvent[]): void {
    switch (event.type) {
      case "text":
        this.characters += event.text.length;
        if ((event.choice ?? 0) !== 0) passed.push(event);
        else this.#emitText(this.#text.push(event.text), event, passed);
        return;
      case "reasoning": {
        this.characters += event.text.length;
        if (this.#muteReasoning) return;
        // Thinking that differs from what was thought before is new, whatever it begins with.
        const fresh = this.#reasoning.push(event.text);
        const text = fresh.kind === "diverged" ? this.#reasoning.beyondCommonPrefix : fresh.text;
        // A signature is for all of the thinking: for a part of it, it would not hold.
        if (text !== event.text) this.#thinkingAltered = true;
        const { signature, ...unsigned } = event;
        const isSigned = signature !== undefined && !this.#thinkingAltered;
        if (text === "" && !isSigned) return;
        this.#sent.reasoning = recorded(this.#sent.reasoning, text);
        passed.push(isSigned ? { ...event, text } : { ...unsigned, text });
        return;
      }
      case "refusal":
        this.#sent.onlyText = false;
        this.characters += event.text.length;
        passed.push(event);
        return;
      case "tool_call":
        this.#sent.onlyText = false;
        this.characters += event.arguments.length + (event.name?.length ?? 0);
        passed.push(event);
        return;
      case "sources":
        passed.push(event);
        return;
      case "finish":
        if ((event.choice ?? 0) === 0) {
          this.finish = { reason: event.reason, native: event.native };
          // What is still held comes before the end.
          passed.push(...this.end());
        }
        if (!this.diverged) passed.push(event);
        return;
    }
  }

  #emitText(trimmed: Trimmed, event: ChatEvent & { type: "text" }, passed: ChatEvent[]): void {
    if (trimmed.kind === "diverged") {
      this.diverged = true;
      return;
    }
    const { text } = trimmed;
    if (text === "") return;
    this.#record.text = recorded(this.#record.text, text);
    passed.push(text === event.text ? event : { ...event, text });
  }
}

/** What is recorded of `text` after `before`. */
function recorded(before: string, text: string): string {
  const room = MAX_RECORDED - before.length;
  return text.length <= room ? before + text : before + text.slice(0, room);
}
