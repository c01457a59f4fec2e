import type { ChatEvent } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { Decoder } from "#lib/providers/protocols/protocol.ts";

/**
 * A decoder without the blocks of the engine's API: for a client that has not asked for the tool that they are of.
 * They would count as content, and an answer with them cannot be continued by another engine.
 */
export function withoutBlocks(decoder: Decoder): Decoder {
  return new BlocklessDecoder(decoder);
}

class BlocklessDecoder implements Decoder {
  readonly #inner: Decoder;

  constructor(inner: Decoder) {
    this.#inner = inner;
  }

  get finished(): boolean {
    return this.#inner.finished;
  }

  get done(): boolean {
    return this.#inner.done;
  }

  get usage(): TokenUsage | undefined {
    return this.#inner.usage;
  }

  get refusalReason(): string | undefined {
    return this.#inner.refusalReason;
  }

  get malformed(): number {
    return this.#inner.malformed;
  }

  push(data: string, event: string | undefined, out: ChatEvent[]): void {
    const own: ChatEvent[] = [];
    try {
      this.#inner.push(data, event, own);
    } finally {
      // What came before a fault is valid.
      addOthers(own, out);
    }
  }

  end(out: ChatEvent[]): void {
    const own: ChatEvent[] = [];
    this.#inner.end(own);
    addOthers(own, out);
  }
}

function addOthers(events: readonly ChatEvent[], out: ChatEvent[]): void {
  for (const event of events) if (event.type !== "block") out.push(event);
}
