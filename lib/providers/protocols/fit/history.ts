import type { ChatMessage, ChatRequest, WireDialect } from "#lib/chat/request.ts";
import { withImageLabels } from "#lib/providers/protocols/fit/image-labels.ts";
import { type LaterSystem, withSystemInPlace } from "#lib/providers/protocols/fit/later-system.ts";
import {
  type FirstMessage,
  type IsSent,
  withBeginning,
  withEnd,
  withoutSilence,
  withSentParts,
} from "#lib/providers/protocols/fit/sent-parts.ts";
import type { IdRule } from "#lib/providers/protocols/fit/tool-ids.ts";
import { withToolTurns } from "#lib/providers/protocols/fit/tool-turns.ts";

/** What an API demands of a conversation. */
export type HistoryRules = {
  isSent: IsSent;
  /** Leaves out messages of the assistant without text, calls and parts of this dialect. */
  silence?: { dialect: WireDialect | undefined };
  laterSystem: LaterSystem;
  ids: IdRule;
  first: FirstMessage;
  /** Whether the API takes an assistant's message at the end. */
  takesLastAssistant: boolean;
};

/**
 * The request with a conversation that the API accepts. Each pass returns its argument if there is nothing to
 * do, so that an ordinary request is only read, not copied; no pass reads whole texts.
 */
export function fitHistory(request: ChatRequest, rules: HistoryRules): ChatRequest {
  let messages: readonly ChatMessage[] = request.messages;
  messages = withSentParts(messages, rules.isSent);
  if (rules.silence !== undefined) messages = withoutSilence(messages, rules.silence.dialect);
  messages = withImageLabels(messages);
  messages = withToolTurns(messages, rules.ids);
  messages = withSystemInPlace(messages, rules.laterSystem);
  messages = withBeginning(messages, rules.first);
  if (!rules.takesLastAssistant) messages = withEnd(messages);
  return messages === request.messages ? request : { ...request, messages: [...messages] };
}
