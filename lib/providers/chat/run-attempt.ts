import type { TokenUsage } from "#lib/chat/usage.ts";
import { type OpenedChat, openChat } from "#lib/providers/chat/attempt.ts";
import { continuationFor, continueRequest } from "#lib/providers/chat/continuation.ts";
import type { RunEffects, RunOptions, RunRecord } from "#lib/providers/chat/run.ts";
import type { Attempt } from "#lib/providers/walk/walk-types.ts";

/** How a run calls one engine: with its request, or with the request to continue what was sent of the answer. */
export function attemptOf(
  { request, signal, timeouts, promptCache }: RunOptions,
  effects: RunEffects,
  record: RunRecord,
): Attempt<OpenedChat> {
  return (target) => {
    const { engine } = target;
    const strategy = continuationFor(target, request);
    const call = {
      request: continueRequest(request, record.text, strategy),
      prefilled: strategy !== "instructed" && record.text !== "",
      promptCache,
      signal,
      timeouts,
      onUsed: (usage: TokenUsage, written: number): void => {
        record.usages.push({ engine, usage });
        if (written === 0 || !signal.aborted) return;
        // The client disconnected while a whole answer was being written: it counts like a stream.
        record.committed = true;
        record.engine = engine;
      },
    };
    return openChat(target, call, effects);
  };
}
