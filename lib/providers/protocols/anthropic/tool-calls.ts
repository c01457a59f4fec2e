import type { ChatEvent } from "#lib/chat/events.ts";
import { EngineFailure } from "#lib/providers/failures/failure.ts";
import type { CallIds } from "#lib/providers/protocols/call-ids.ts";
import { assertToolCalls } from "#lib/providers/protocols/counts.ts";

/** A tool call of an answer. `resumed`: how much of a restarted call has been repeated, in characters. */
export type StreamedToolCall = {
  index: number;
  name: string;
  sent: string;
  open: boolean;
  resumed: number | undefined;
};

/**
 * The tool calls of an answer, in order of appearance, as events. A proxy may splice a second message into
 * the stream, which repeats the calls that were open; what was already sent of them is not sent again.
 */
export class ToolCalls {
  readonly #ids: CallIds;
  readonly #calls: StreamedToolCall[] = [];
  /** Calls that were open when a message was spliced in. */
  #restarted: StreamedToolCall[] = [];

  constructor(ids: CallIds) {
    this.#ids = ids;
  }

  get any(): boolean {
    return this.#calls.length > 0;
  }

  /** A new message begins. */
  restart(): void {
    this.#restarted = this.#calls.filter(({ open }) => open);
    for (const call of this.#restarted) call.resumed = 0;
  }

  /** A new call, or the restarted one of this name. */
  open(id: string, name: string, out: ChatEvent[]): StreamedToolCall {
    const restarted = this.#restarted.find(
      (call) => call.open && call.resumed !== undefined && call.name === name,
    );
    if (restarted !== undefined) return restarted;
    const call: StreamedToolCall = {
      index: this.#calls.length,
      name,
      sent: "",
      open: true,
      resumed: undefined,
    };
    this.#calls.push(call);
    assertToolCalls(this.#calls.length);
    out.push({
      type: "tool_call",
      index: call.index,
      id: this.#ids.claim(id),
      name,
      arguments: "",
    });
    return call;
  }

  /** Throws `EngineFailure` when a restarted call differs from what was sent of it. */
  push(call: StreamedToolCall, fragment: string, out: ChatEvent[]): void {
    let fresh = fragment;
    if (call.resumed !== undefined) {
      const repeated = call.sent.slice(call.resumed, call.resumed + fragment.length);
      if (!fragment.startsWith(repeated)) {
        throw new EngineFailure({
          kind: "truncated",
          reason: "The provider restarted a tool call with different arguments.",
        });
      }
      call.resumed += repeated.length;
      fresh = fragment.slice(repeated.length);
      if (call.resumed >= call.sent.length) call.resumed = undefined;
    }
    if (fresh === "") return;
    call.sent += fresh;
    out.push({ type: "tool_call", index: call.index, arguments: fresh });
  }

  close(call: StreamedToolCall, out: ChatEvent[]): void {
    // Anthropic sends no arguments for a call that has none; clients expect an object.
    if (call.sent === "") this.push(call, "{}", out);
    call.open = false;
  }
}
