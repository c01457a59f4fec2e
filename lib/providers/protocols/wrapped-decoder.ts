import type { ChatEvent } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { Decoder } from "#lib/providers/protocols/protocol.ts";

/** A decoder around another one, which changes the events and nothing else. */
export abstract class WrappedDecoder implements Decoder {
  protected readonly inner: Decoder;

  constructor(inner: Decoder) {
    this.inner = inner;
  }

  get finished(): boolean {
    return this.inner.finished;
  }

  get done(): boolean {
    return this.inner.done;
  }

  get usage(): TokenUsage | undefined {
    return this.inner.usage;
  }

  get refusalReason(): string | undefined {
    return this.inner.refusalReason;
  }

  get malformed(): number {
    return this.inner.malformed;
  }

  abstract push(data: string, event: string | undefined, out: ChatEvent[]): void;

  abstract end(out: ChatEvent[]): void;
}
