import type { ChatEvent } from "#lib/chat/events.ts";
import type { Decoder } from "#lib/providers/protocols/protocol.ts";
import { WrappedDecoder } from "#lib/providers/protocols/wrapped-decoder.ts";

/**
 * A decoder without the blocks of the engine's API: for a client that has not asked for the tool that they are of.
 * They would count as content, and an answer with them cannot be continued by another engine.
 */
export function withoutBlocks(decoder: Decoder): Decoder {
  return new BlocklessDecoder(decoder);
}

class BlocklessDecoder extends WrappedDecoder {
  push(data: string, event: string | undefined, out: ChatEvent[]): void {
    const own: ChatEvent[] = [];
    try {
      this.inner.push(data, event, own);
    } finally {
      // What came before a fault is valid.
      addOthers(own, out);
    }
  }

  end(out: ChatEvent[]): void {
    const own: ChatEvent[] = [];
    this.inner.end(own);
    addOthers(own, out);
  }
}

function addOthers(events: readonly ChatEvent[], out: ChatEvent[]): void {
  for (const event of events) if (event.type !== "block") out.push(event);
}
