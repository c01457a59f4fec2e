import { type ChatEvent, isContent } from "#lib/chat/events.ts";
import { badResponse, EngineFailure } from "#lib/providers/failures/failure.ts";
import type { Decoder } from "#lib/providers/protocols/protocol.ts";

type AnswerEnd = {
  decoder: Pick<Decoder, "usage" | "refusalReason">;
  hasContent: boolean;
  /** The engine has said that the answer is complete, or its body says so. */
  isComplete: boolean;
  emptyAnswerAllowed: boolean;
};

/** Throws `EngineFailure` unless the answer is one, given its last events. */
export function assertAnswered(last: readonly ChatEvent[], end: AnswerEnd): void {
  const finish = last.findLast((event) => event.type === "finish");
  // One complete choice does not make up for another that was cut off.
  if (finish === undefined || !end.isComplete) {
    if (!end.hasContent) throw badResponse("The engine's answer was empty.");
    throw new EngineFailure({ kind: "truncated", reason: "The engine's answer was cut off." });
  }
  if (end.hasContent) return;
  switch (finish.reason) {
    case "content_filter": {
      const reason = end.decoder.refusalReason ?? "The provider declined to answer.";
      throw new EngineFailure({ kind: "content_policy", reason });
    }
    case "length":
      return;
    case "stop":
      // Proxies in front of a broken engine end without usage; a model with nothing to say reports it.
      if (end.emptyAnswerAllowed || end.decoder.usage !== undefined) return;
      break;
    case "tool_calls":
    case "other":
      break;
  }
  throw new EngineFailure({ kind: "no_answer", reason: "The engine's answer was empty." });
}

/**
 * The finishes of the choices for which a whole answer has none (Ollama's repetition guard): the answer is
 * there, and why it ended is unknown. With calls it ended to have them run.
 */
export function finishesOfWhole(events: readonly ChatEvent[]): (ChatEvent & { type: "finish" })[] {
  const reasons = new Map<number, "length" | "tool_calls">();
  for (const event of events) {
    if (event.type === "sources" || !isContent(event)) continue;
    const choice = event.choice ?? 0;
    if (event.type === "tool_call") reasons.set(choice, "tool_calls");
    else if (!reasons.has(choice)) reasons.set(choice, "length");
  }
  for (const event of events) if (event.type === "finish") reasons.delete(event.choice ?? 0);
  return [...reasons].map(([choice, reason]) => ({
    type: "finish",
    reason,
    native: "",
    ...(choice === 0 ? {} : { choice }),
  }));
}
