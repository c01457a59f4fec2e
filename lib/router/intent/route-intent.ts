import type { ModeId } from "#lib/ai-models.ts";
import { findCode } from "#lib/router/intent/hard-rules.ts";
import type { Intent, IntentContext } from "#lib/router/intent/intent.ts";

/** The mode of a message that says nothing about one, in a session that has none. */
const DEFAULT_MODE: ModeId = "smart";

/** What a message asks for, by itself. Calls no model; its time does not grow with long messages. */
export function intentOf(message: string, context: IntentContext): Intent {
  if (context.hasImage) return certain("vision", "image");
  if (findCode(message) !== undefined) return certain("coder", "code");
  const tools = context.toolsFor({ message, history: context.history });
  if (tools.length > 0) return { ...certain("live", "tool"), tools };
  return { mode: DEFAULT_MODE, tools, reason: "unsure", confidence: 0, isDecisive: false };
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

function certain(mode: ModeId, reason: Intent["reason"]): Intent {
  return { mode, tools: [], reason, confidence: 1, isDecisive: true };
}
