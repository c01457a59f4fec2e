import type { ChatEvent, FinishReason } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { Sent } from "#lib/providers/chat/continuation.ts";
import { ContinuationTrimmer } from "#lib/providers/chat/continuation-trimmer.ts";
import { Joint } from "#lib/providers/chat/joint.ts";
import type { RunRecord } from "#lib/providers/chat/run.ts";
import type { Trimmed, Trimmer } from "#lib/providers/chat/trimmer.ts";
import type { Failure } from "#lib/providers/failures/failure.ts";
import type { ContinuationStrategy } from "#lib/providers/protocols/protocol.ts";

/**
 * How many characters of an answer, and of its reasoning, are kept in memory. More than is stored, and more
 * than can be continued.
 */
const MAX_RECORDED = 1_000_000;

/** The failure of an engine whose answer diverged from what was sent. */
export const DIVERGED: Failure = {
  kind: "truncated",
  reason: "The engine began another answer instead of continuing.",
};

/** What was sent so far beside text. */
export type SentBeside = { reasoning: string; beyondText: Sent["beyondText"] };
export type Finish = { reason: FinishReason; native: string };

/** Passes one engine's events on without what a continuation repeats, and records what was sent. */
export class AnswerFilter {
  readonly #record: RunRecord;
  readonly #sent: SentBeside;
  readonly #text: Trimmer;
  readonly #reasoning: ContinuationTrimmer;
  /** Text was sent before this engine answered, so its reasoning would come too late. */
  readonly #muteReasoning: boolean;
  #thinkingAltered = false;
  #ended = false;
  /** Length of the text that this engine continues, in characters. */
  readonly before: number;
  /** Characters that this engine has written, whether passed on or not. */
  #characters = 0;
  finish: Finish | undefined;
  /** Of those, the characters that were passed on. */
  #passedCharacters = 0;
  #hasReasoned = false;
  /** The client has been sent something that this engine wrote. */
  hasPassed = false;
  diverged = false;

  constructor(record: RunRecord, sent: SentBeside, strategy: ContinuationStrategy) {
    this.#record = record;
    this.#sent = sent;
    this.#text =
      strategy === "instructed" ? new Joint(record.text) : new ContinuationTrimmer(record.text, strategy);
    // The engine has not seen the earlier reasoning; it can only repeat it from the beginning.
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
    this.#notePassed(passed);
    return passed;
  }

  /**
   * How many tokens of what this engine wrote were passed on: an estimate if something was left out. Reasoning that
   * an engine counts but does not show is not among them.
   */
  servedOf({ completionTokens, reasoningTokens }: TokenUsage): number {
    const shown = this.#hasReasoned ? completionTokens : completionTokens - reasoningTokens;
    if (!this.hasPassed || shown < 0) return 0;
    if (this.#passedCharacters >= this.#characters) return shown;
    return Math.round((shown * this.#passedCharacters) / this.#characters);
  }

  /**
   * Returns the text that was held back as a possible repetition. Later calls return nothing.
   * `broken`: the engine was cut off, so what may be half a repetition is left out.
   */
  end(broken = false): ChatEvent[] {
    const rest = this.#held(broken);
    this.#notePassed(rest);
    return rest;
  }

  #held(broken: boolean): ChatEvent[] {
    const rest: ChatEvent[] = [];
    if (this.#ended) return rest;
    this.#ended = true;
    this.#emitText(this.#text.end(broken), { type: "text", text: "" }, rest);
    return rest;
  }

  #notePassed(events: readonly ChatEvent[]): void {
    if (events.length > 0) this.hasPassed = true;
    for (const event of events) this.#passedCharacters += charactersOf(event);
  }

  #passOne(event: ChatEvent, passed: ChatEvent[]): void {
    this.#characters += charactersOf(event);
    switch (event.type) {
      case "text":
        if ((event.choice ?? 0) !== 0) passed.push(event);
        else this.#emitText(this.#text.push(event.text), event, passed);
        return;
      case "reasoning": {
        if (event.text !== "") this.#hasReasoned = true;
        if (this.#muteReasoning) return;
        // Reasoning that differs from what was sent is new, even if the beginning is the same.
        const fresh = this.#reasoning.push(event.text);
        const text = fresh.kind === "diverged" ? this.#reasoning.beyondCommonPrefix : fresh.text;
        // A signature covers the whole reasoning and is invalid for a part of it.
        if (text !== event.text) this.#thinkingAltered = true;
        const { signature, ...unsigned } = event;
        const isSigned = signature !== undefined && !this.#thinkingAltered;
        if (text === "" && !isSigned) return;
        this.#sent.reasoning = recorded(this.#sent.reasoning, text);
        passed.push(isSigned ? { ...event, text } : { ...unsigned, text });
        return;
      }
      case "refusal":
        this.#sent.beyondText ??= "refused";
        passed.push(event);
        return;
      case "block":
      case "image":
        this.#sent.beyondText ??= "tool_call";
        passed.push(event);
        return;
      case "tool_call":
        this.#sent.beyondText = "tool_call";
        passed.push(event);
        return;
      case "sources":
        passed.push(this.before === 0 ? event : withoutPassages(event));
        return;
      case "finish":
        if ((event.choice ?? 0) === 0) {
          this.finish = { reason: event.reason, native: event.native };
          // Text that is still held goes before the finish event.
          passed.push(...this.#held(false));
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

function charactersOf(event: ChatEvent): number {
  switch (event.type) {
    case "text":
    case "reasoning":
    case "refusal":
      return event.text.length;
    case "tool_call":
      return event.arguments.length + (event.name?.length ?? 0);
    case "block":
    case "image":
    case "sources":
    case "finish":
      return 0;
  }
}

/** Offsets in an engine's own text mean nothing where another one has begun the answer. */
function withoutPassages(event: ChatEvent & { type: "sources" }): ChatEvent {
  return { ...event, sources: event.sources.map(({ cited: _, ...source }) => source) };
}

/** The record with `text` appended, up to its maximum length. */
function recorded(before: string, text: string): string {
  const room = MAX_RECORDED - before.length;
  return text.length <= room ? before + text : before + text.slice(0, room);
}
