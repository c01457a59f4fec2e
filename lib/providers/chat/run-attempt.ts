import type { TokenUsage } from "#lib/chat/usage.ts";
import { type OpenedChat, openChat } from "#lib/providers/chat/attempt.ts";
import { continuationFor, continueRequest } from "#lib/providers/chat/continuation.ts";
import { withinCeiling } from "#lib/providers/chat/output-cap.ts";
import type { RunEffects, RunOptions, RunRecord } from "#lib/providers/chat/run.ts";
import type { WebSupply } from "#lib/providers/chat/web-supply.ts";
import type { Attempt } from "#lib/providers/walk/walk-types.ts";

/** How a run calls one engine: with its request, or with the request to continue what was sent of the answer. */
export function attemptOf(
  { signal, timeouts, promptCache }: RunOptions,
  web: WebSupply,
  effects: RunEffects,
  record: RunRecord,
): Attempt<OpenedChat> {
  return async (target) => {
    const { engine } = target;
    const request = web.requestFor(target);
    const strategy = continuationFor(target, request);
    const asked = continueRequest(request, record.text, strategy);
    const fitted = withinCeiling(asked, engine);
    const call = {
      request: fitted,
      searchAdded: web.isSearching(target),
      prefilled: strategy !== "instructed" && record.text !== "",
      promptCache,
      signal,
      timeouts,
      onUsed: (usage: TokenUsage, written: number): void => {
        record.usages.push({ engine, call: target.call, usage });
        if (written === 0 || !signal.aborted) return;
        // The client disconnected while a whole answer was being written: it counts like a stream.
        record.committed = true;
        record.engine = engine;
      },
    };
    const outcome = await openChat(target, call, effects);
    if (outcome.ok && fitted !== asked && !outcome.value.dropped.includes("max_tokens"))
      outcome.value.dropped.push("max_tokens");
    return outcome;
  };
}
