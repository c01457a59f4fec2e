import { type ChatEvent, isContent } from "#lib/chat/events.ts";
import { TokenMeter } from "#lib/chat/token-estimate.ts";
import { AnswerFrames } from "#lib/providers/chat/answer-frames.ts";
import { assertAnswered, finishesOfWhole } from "#lib/providers/chat/answer-verdict.ts";
import { CallCheck, withHonestFinish, withoutCalls } from "#lib/providers/chat/call-check.ts";
import type { Decoder } from "#lib/providers/protocols/protocol.ts";
import type { SseMessage } from "#lib/streaming/sse-reader.ts";

export type AnswerRules = {
  /**
   * An answer without content is valid even if the engine reports no usage: it may begin with the client's
   * stop sequence, or have nothing to add to a tool's result.
   */
  emptyAnswerAllowed: boolean;
  /** The client gets the events as they come, so nothing can be left out afterwards. */
  isStreamed: boolean;
};

/** Turns the bytes of one answer into events, and judges whether it is complete. */
export class AnswerReader {
  readonly frames = new AnswerFrames();
  readonly #decoder: Decoder;
  readonly #rules: AnswerRules;
  readonly #calls = new CallCheck();
  readonly #meter = new TokenMeter();
  hasContent = false;

  constructor(decoder: Decoder, rules: AnswerRules) {
    this.#decoder = decoder;
    this.#rules = rules;
  }

  /** Tokens that the engine has written, estimated. */
  get tokens(): number {
    return this.#meter.tokens;
  }

  /** Appends the events in the bytes. Throws `EngineFailure` for an error in them, or too much of them. */
  push(bytes: Uint8Array, out: ChatEvent[]): void {
    this.#decode(this.frames.push(bytes), out);
    this.frames.assertLineLength();
  }

  /**
   * The answer is complete: `out` with its end. Throws `EngineFailure` if it is not.
   * @param isOpen the body has not ended.
   */
  end(out: ChatEvent[], isOpen: boolean): ChatEvent[] {
    const decoder = this.#decoder;
    // A last frame without its blank line is accepted by the decoder if it is complete.
    if (!decoder.done && !isOpen) this.#decode(this.frames.end(), out);
    const from = out.length;
    decoder.end(out);
    this.#note(out, from);
    const { isWhole } = this.frames;
    if (isWhole) out.push(...finishesOfWhole(out));
    assertAnswered(out, {
      decoder,
      hasContent: this.hasContent,
      isComplete: isWhole || decoder.finished || decoder.done,
      emptyAnswerAllowed: this.#rules.emptyAnswerAllowed,
    });
    const broken = this.#calls.broken();
    if (broken.size === 0 || !(isWhole || this.#rules.isStreamed)) return out;
    return withHonestFinish(isWhole ? withoutCalls(out, broken) : out, broken);
  }

  /** All events of an answer that was streamed to us but not to the client, without calls that cannot be read. */
  mended(events: readonly ChatEvent[]): readonly ChatEvent[] {
    const broken = this.#calls.broken();
    if (broken.size === 0 || this.frames.isWhole) return events;
    return withHonestFinish(withoutCalls(events, broken), broken);
  }

  #decode(messages: readonly SseMessage[], out: ChatEvent[]): void {
    const decoder = this.#decoder;
    const from = out.length;
    try {
      for (const message of messages) {
        decoder.push(message.data, message.event, out);
        if (decoder.done) break;
      }
    } finally {
      this.#note(out, from);
    }
  }

  #note(out: readonly ChatEvent[], from: number): void {
    for (let index = from; index < out.length; index++) {
      const event = out[index];
      if (event === undefined) continue;
      this.#count(event);
      if (!this.hasContent && isContent(event)) this.hasContent = true;
    }
  }

  #count(event: ChatEvent): void {
    switch (event.type) {
      case "text":
      case "refusal":
      case "reasoning":
        return this.#meter.note(event.text);
      case "tool_call":
        this.#calls.note(event);
        this.#meter.note((event.name ?? "") + event.arguments);
    }
  }
}
