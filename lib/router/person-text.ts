import { type ChatRequest, messageParts, type UserMessage } from "#lib/chat/request.ts";
import { messagesInSummary } from "#lib/router/compaction-summary.ts";
import { textOfPerson } from "#lib/router/harness-text.ts";
import type { PersonMessage } from "#lib/router/sticky-mode.ts";

/** Messages of a person that are read, from the newest back. */
const MAX_MESSAGES = 10;

/**
 * What a person wrote into a conversation, the oldest message first, the newest few only: without the system
 * prompt, the results of tools, and what an agent adds to messages or sends in the person's name.
 */
export function personMessages({ messages }: Pick<ChatRequest, "messages">): PersonMessage[] {
  const found: PersonMessage[] = [];
  for (let index = messages.length - 1; index >= 0 && found.length < MAX_MESSAGES; index--) {
    const message = messages[index];
    if (message?.role !== "user") continue;
    found.unshift(...personMessagesIn(message, messages[index - 1]?.role === "tool"));
  }
  return found.slice(-MAX_MESSAGES);
}

/**
 * One message; none if a program wrote it; several if it is a summary of what was before.
 * @param followsTool the message comes directly behind the result of a tool.
 */
function personMessagesIn(message: UserMessage, followsTool: boolean): PersonMessage[] {
  const parts = textsOf(message);
  const text = textOfPerson(parts);
  if (text === undefined)
    return messagesInSummary(parts).map((listed) => ({ text: listed, hasImage: false }));
  const hasImage = messageParts(message).some(({ type }) => type === "image");
  // Where the results of tools take no images, agents send those in a message of their own.
  return text === "" && (!hasImage || followsTool) ? [] : [{ text, hasImage }];
}

function textsOf(message: UserMessage): readonly string[] {
  if (typeof message.content === "string") return [message.content];
  return message.content.flatMap((part) => (part.type === "text" ? [part.text] : []));
}
