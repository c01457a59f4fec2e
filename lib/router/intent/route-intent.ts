import type { ModeId } from "#lib/ai-models.ts";
import { findCode } from "#lib/router/intent/hard-rules.ts";
import type { Intent, IntentContext } from "#lib/router/intent/intent.ts";
import { judgeWords, type WordsVerdict } from "#lib/router/intent/words.ts";
import { asksForWeb } from "#lib/tools/web-search/asks-for-web.ts";

/** The mode of a message that says nothing about one, in a session that has none. */
const DEFAULT_MODE: ModeId = "smart";
/** So sure the words must be that a message is about code, or a problem, to overrule a tool that was detected. */
const OVERRULES_TOOLS = 0.9;

/** What a message asks for, by itself. Calls no model; its time does not grow with long messages. */
export function intentOf(message: string, context: IntentContext): Intent {
  if (context.hasImage) return certain("vision", "image", toolsFor(message, context));
  if (findCode(message) !== undefined) return certain("coder", "code", []);
  const words = judgeWords(message);
  const tools = toolsFor(message, context);
  if (tools.length > 0 && !overrulesTools(words)) return certain("live", "tool", tools);
  const { mode, confidence, isSure, isDecisive } = words;
  if (context.hasDocument === true && isForDocument(words, message)) {
    return { mode: DEFAULT_MODE, tools: [], reason: "file", confidence, isDecisive: false };
  }
  if (isSure) return { mode, tools: [], reason: "words", confidence, isDecisive };
  return { mode: DEFAULT_MODE, tools: [], reason: "unsure", confidence, isDecisive: false };
}

/**
 * Within a session the mode changes only if the message needs another one, because each change loses the
 * provider's prompt cache.
 *
 * @param lastMode the mode of the session's turn before; undefined if there is none.
 */
export function withLastMode(intent: Intent, lastMode: ModeId | undefined): Intent {
  if (lastMode === undefined || intent.isDecisive || intent.mode === lastMode) return intent;
  return { ...intent, mode: lastMode, reason: "kept" };
}

/** The mode of a message within its session. */
export function routeIntent(
  message: string,
  context: IntentContext & { lastMode: ModeId | undefined },
): Intent {
  return withLastMode(intentOf(message, context), context.lastMode);
}

function toolsFor(message: string, { history, toolsFor: find }: IntentContext): readonly string[] {
  return find({ message, history });
}

/** Amounts and cities stand in problems and in wishes for programs too. */
function overrulesTools({ mode, confidence }: WordsVerdict): boolean {
  return (mode === "coder" || mode === "reasoner") && confidence >= OVERRULES_TOOLS;
}

/**
 * A question about a file needs an engine that reads long texts well, also if it is short, or if its words are about
 * today or about something that is to be seen: that stands in the file.
 */
function isForDocument({ mode, isSure }: WordsVerdict, message: string): boolean {
  if (!isSure) return true;
  return mode === "fast" || mode === "vision" || (mode === "live" && !asksForWeb(message));
}

function certain(mode: ModeId, reason: Intent["reason"], tools: readonly string[]): Intent {
  return { mode, tools, reason, confidence: 1, isDecisive: true };
}
