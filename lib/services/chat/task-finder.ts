import { taskIn } from "#lib/manus/replies.ts";
import { findStateQuestion, findTaskWish } from "#lib/manus/task-wish.ts";
import { mayUseMode } from "#lib/services/admission/key-admission.ts";
import { hasDocument, hasImage } from "#lib/services/chat/document-input.ts";
import type { RouteFinder } from "#lib/services/chat/route-finder.ts";
import { historyOf } from "#lib/services/chat/turn.ts";
import { NAMED_MODE } from "#lib/services/identity/caller.ts";
import type { StoredMessage } from "#lib/services/ledger/turn-store.ts";

/** So many messages back a task is still looked for. */
const MAX_BACK = 40;

/**
 * Hands messages that plainly ask for a long task to Manus, and questions about a task of the conversation to what
 * knows it, if an operator has switched that on, and if the caller's key may call more than modes.
 */
export function taskFinder({ autoRoutes }: { autoRoutes: boolean }): RouteFinder {
  return {
    name: "tasks",
    find(turn) {
      const { input, caller } = turn;
      if (!autoRoutes || !mayUseMode(caller, NAMED_MODE)) return undefined;
      // Manus would not get the files.
      if (hasDocument(input) || hasImage(input)) return undefined;
      const question = findStateQuestion(input.message);
      if (question === undefined) {
        const language = findTaskWish(input.message);
        return language === undefined ? undefined : { kind: "task", language };
      }
      const id = askedTask(historyOf(turn), question.isNamed);
      return id === undefined ? undefined : { kind: "task", id, language: question.language };
    },
  };
}

/** The newest task of the conversation; the last answer has to be about it, unless the question names it. */
function askedTask(history: readonly StoredMessage[], isNamed: boolean): string | undefined {
  const answers = history.slice(-MAX_BACK).filter(({ role }) => role === "assistant");
  for (const { content } of isNamed ? answers.reverse() : answers.slice(-1)) {
    const id = taskIn(content);
    if (id !== undefined) return id;
  }
  return undefined;
}
