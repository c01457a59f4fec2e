import type { ModeId } from "#lib/ai-models.ts";
import type { ChatMessage, ChatRequest } from "#lib/chat/request.ts";
import type { RunEffects, RunRecord } from "#lib/providers/chat/run.ts";
import { runChat } from "#lib/providers/chat/run-chat.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { enginesFor, openMode } from "#lib/services/engines/mode-engines.ts";
import { AttemptLog } from "#lib/services/run/attempt-log.ts";
import { logRunFailure } from "#lib/services/run/run-failure.ts";
import { hash32, truncate } from "#lib/shared/text.ts";

/** Tokens of an answer are shorter on average: an engine that ignores the limit is cut off here, characters. */
const MAX_CHARACTERS_A_TOKEN = 8;

export type Question = {
  /** Whose chain is asked; `fast` by default. */
  mode?: ModeId;
  /** The system prompt; never from a user. */
  instructions?: string;
  text: string;
  maxOutputTokens: number;
  /** For everything, from the first engine to the end of the answer, milliseconds. */
  timeoutMs: number;
};

/** The outcome of a question. Its usages are billed to the turn that asked it. */
export type AskRecord = Pick<RunRecord, "state" | "attempts" | "usages" | "engine">;

export type AskContext = {
  requestId: string;
  /** Aborts when the client of the turn disconnects. */
  signal: AbortSignal;
  /** Called once, when the question has ended, however it ended; not if there is no engine. */
  onEnd(record: AskRecord): void;
};

export type AskDependencies = Pick<
  EngineDependencies,
  "enginesOf" | "howToConfigure" | "overrides" | "run" | "logger"
> & {
  /** With a health `withoutConsequences`, a failure says nothing against the engines. */
  effects: RunEffects;
};

/**
 * Asks the fast chain, or another one, a small question and returns its answer as text, cut to what `maxOutputTokens` allows.
 * Throws `no_engine_configured` and what a run throws, `engines_unavailable` also when the time is over.
 */
export async function ask(
  question: Question,
  context: AskContext,
  dependencies: AskDependencies,
): Promise<string> {
  const wanted = await openMode(question.mode ?? "fast", dependencies);
  const { engines } = await enginesFor({ wanted, hasImage: false }, dependencies);
  const { timeouts, promptCache } = dependencies.run;
  const { record, events } = runChat(
    {
      engines,
      request: requestOf(question),
      signal: context.signal,
      timeouts: {
        ...timeouts,
        // Nothing is returned before the answer is complete, so the deadline bounds all of it.
        deadlineMs: Math.min(timeouts.deadlineMs, question.timeoutMs),
        // Half, so that after a silent engine there is time for another one.
        answerMs: Math.min(timeouts.answerMs, question.timeoutMs / 2),
      },
      keySeed: hash32(context.requestId),
      recovery: false,
      promptCache,
    },
    dependencies.effects,
  );
  const attempts = new AttemptLog(dependencies.logger, { requestId: context.requestId });
  try {
    for (let step = await events.next(); !step.done; step = await events.next()) {
      attempts.note(record.attempts);
    }
    return truncate(record.text, question.maxOutputTokens * MAX_CHARACTERS_A_TOKEN);
  } catch (thrown) {
    attempts.note(record.attempts);
    logRunFailure(dependencies.logger, record, thrown, { requestId: context.requestId });
    throw thrown;
  } finally {
    context.onEnd(record);
  }
}

/** The request that a question makes. */
export function requestOf({ instructions, text, maxOutputTokens }: Question): ChatRequest {
  const messages: ChatMessage[] = [{ role: "user", content: text }];
  if (instructions !== undefined) messages.unshift({ role: "system", content: instructions });
  return { messages, stream: false, maxOutputTokens };
}
