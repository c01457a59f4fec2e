import { createParser, type EventSourceMessage } from "eventsource-parser";
import { LenientDecoder } from "#lib/shared/text.ts";

export type SseMessage = { event: string | undefined; data: string };

/** The longest line, and the longest event, in characters; longer ones are a provider error. */
export const MAX_SSE_LINE = 4 * 1024 * 1024;

/**
 * The only reader of server-sent events: bytes in, messages out, independent of chunk boundaries.
 *
 * Synchronous on purpose: one network chunk becomes one batch of messages with no await between them.
 * Framing is eventsource-parser's; UTF-8 decoding is lenient, and a run of bad bytes gives one U+FFFD.
 */
export class SseReader {
  readonly #decoder = new LenientDecoder();
  readonly #parser;
  #messages: SseMessage[] = [];
  #overflow = false;

  constructor(maxLine: number = MAX_SSE_LINE) {
    this.#parser = createParser({
      maxBufferSize: maxLine,
      onEvent: (message: EventSourceMessage) => {
        // A line that arrives in one chunk never fills the parser's buffer.
        if (message.data.length > maxLine) this.#overflow = true;
        if (!this.#overflow) this.#messages.push({ event: message.event, data: message.data });
      },
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") this.#overflow = true;
      },
    });
  }

  /** True once a line was longer than allowed; nothing more is read. */
  get overflowed(): boolean {
    return this.#overflow;
  }

  /** The messages that `bytes` completed, in order. */
  push(bytes: Uint8Array): SseMessage[] {
    return this.#feed(this.#decoder.push(bytes));
  }

  /**
   * At the end of the stream: the messages without their closing blank line. The standard discards them; a
   * caller may accept one that is complete by the rules of its own format.
   */
  end(): SseMessage[] {
    const rest = this.#feed(this.#decoder.end());
    return rest.concat(this.#feed("\n\n"));
  }

  #feed(decoded: string): SseMessage[] {
    if (this.#overflow || decoded === "") return [];
    this.#messages = [];
    this.#parser.feed(decoded);
    return this.#messages;
  }
}
