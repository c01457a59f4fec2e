import type { ModeId } from "#lib/ai-models.ts";
import type { Intent, IntentContext } from "#lib/router/intent/intent.ts";
import { intentOf, withLastMode } from "#lib/router/intent/route-intent.ts";

/** The mode of a conversation that nothing says anything about. */
export const DEFAULT_MODE: ModeId = "smart";

/** What a person wrote into a conversation, without what programs add. */
export type PersonMessage = { text: string; hasImage: boolean };

type ToolsFor = IntentContext["toolsFor"];

/** Earlier messages decide nothing, whatever they say: a conversation of any length costs no more than this. */
const MAX_MESSAGES = 10;

/**
 * The mode that a conversation has by what its person wrote, the oldest message first: the mode of before is kept
 * unless a message needs another one. Nothing is remembered: the same messages always lead to the same mode, so
 * that an agent's requests between two of them do. Undefined without any message.
 */
export function stickyMode(messages: readonly PersonMessage[], toolsFor: ToolsFor): ModeId | undefined {
  const recent = messages.slice(-MAX_MESSAGES);
  // What was before a message that needs its mode changes nothing, so the newest such message is the first to read.
  const newestFirst: Intent[] = [];
  for (let index = recent.length - 1; index >= 0; index--) {
    const intent = intentAt(recent, index, toolsFor);
    newestFirst.push(intent);
    if (intent.isDecisive) break;
  }
  return newestFirst.reduceRight<ModeId | undefined>(
    (last, intent) => withLastMode(intent, last).mode,
    undefined,
  );
}

/**
 * An image does not move a conversation to another mode: an engine that cannot see is passed over instead. The
 * words of its message are about the image, and code in them is code all the same.
 */
function intentAt(messages: readonly PersonMessage[], index: number, toolsFor: ToolsFor): Intent {
  const { text = "", hasImage = false } = messages[index] ?? {};
  const history = messages
    .slice(0, index)
    .map((message) => ({ role: "user" as const, content: message.text }));
  const intent = intentOf(text, { hasImage: false, history, toolsFor });
  if (!hasImage || intent.reason !== "words") return intent;
  return { ...intent, mode: DEFAULT_MODE, reason: "unsure", confidence: 0, isDecisive: false };
}
