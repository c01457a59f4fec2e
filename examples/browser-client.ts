// The core of a chat page on the project's own reader, as docs/BROWSER-CLIENT.md describes.
import { ApiError } from "#lib/browser/api.ts";
import { type ChatRequest, streamChat } from "#lib/browser/chat-stream.ts";
import { EventPacer } from "#lib/browser/event-pacer.ts";
import type { StreamOptions } from "#lib/browser/event-stream.ts";
import type { BrowserEvent } from "#lib/browser/events.ts";
import { decisionsOf } from "#lib/browser/tool-calls.ts";
import {
  decided,
  NEW_TURN,
  resumed,
  stopped,
  type TurnView,
  withEvents,
  withFailure,
} from "#lib/browser/turn-view.ts";

/** Asks, and calls `render` with all that is known of the answer, at most once a frame. */
export async function ask(
  request: ChatRequest,
  options: StreamOptions,
  render: (turn: TurnView) => void,
  nextFrame: (callback: () => void) => void = (callback) => void requestAnimationFrame(callback),
  begun = NEW_TURN,
): Promise<TurnView> {
  let turn = begun;
  const show = (next: TurnView): void => {
    turn = next;
    render(turn);
  };
  const pacer = new EventPacer<BrowserEvent>((events) => show(withEvents(turn, events)), nextFrame);
  try {
    for await (const events of streamChat(request, options)) pacer.add(events);
    pacer.flush();
  } catch (error) {
    pacer.flush();
    if (options.signal.aborted) show(stopped(turn));
    else if (error instanceof ApiError) show(withFailure(turn, error));
    else throw error;
  }
  return turn;
}

/** The way to the answer: what failed, who answered, and where another engine went on. */
export function wayTo({ steps }: TurnView): string[] {
  return steps.map((step) => {
    if (step.kind === "attempt") return `${step.engine}: ${step.outcome} after ${step.latencyMs ?? "?"} ms`;
    return step.continues ? `${step.label} goes on at ${step.offset}` : `${step.label} answers`;
  });
}

/** The user allows a call that asks, or refuses it. When none asks any more, the answer goes on. */
export async function decide(
  turn: TurnView,
  { callId, approve }: { callId: string; approve: boolean },
  request: ChatRequest,
  options: StreamOptions,
  render: (turn: TurnView) => void,
): Promise<TurnView> {
  const answered = decided(turn, callId, approve);
  const approvals = decisionsOf(answered.calls);
  const next = approvals === undefined ? answered : resumed(answered);
  render(next);
  // Another call still asks.
  if (approvals === undefined) return next;
  return ask({ ...request, message: "", approvals }, options, render, undefined, next);
}
