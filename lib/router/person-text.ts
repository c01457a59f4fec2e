import { type ChatRequest, messageParts, type UserMessage } from "#lib/chat/request.ts";
import { messagesInSummary } from "#lib/router/compaction-summary.ts";
import { readingCost, textOfPerson } from "#lib/router/harness-text.ts";
import type { PersonMessage } from "#lib/router/sticky-mode.ts";
import { endsOf } from "#lib/shared/text.ts";

/** Messages of a person that are read, from the newest back. */
const MAX_MESSAGES = 10;
/** Characters of a conversation that are read, also where nobody but programs wrote them. */
const MAX_CHARS = 500_000;
/** Messages at the beginning of a conversation among which the task of an agent is. */
const MAX_FIRST = 10;
/** Of each end of a message: nothing that reads a person's words reads more. */
const EDGE_CHARS = 16_000;

/**
 * What a person wrote into a conversation, the oldest message first, the newest few only: without the system
 * prompt, the results of tools, and what an agent adds to messages or sends in the person's name.
 */
export function personMessages({ messages }: Pick<ChatRequest, "messages">): PersonMessage[] {
  const found: PersonMessage[] = [];
  let left = MAX_CHARS;
  for (let index = messages.length - 1; index >= 0 && found.length < MAX_MESSAGES; index--) {
    if (left <= 0) return found.length > 0 ? found : firstMessage(messages);
    const message = messages[index];
    if (message?.role !== "user") continue;
    const parts = textsOf(message);
    left -= readingCost(parts);
    found.unshift(...personMessagesIn({ message, parts }, messages[index - 1]?.role === "tool"));
  }
  return found.slice(-MAX_MESSAGES);
}

/** What the person wrote first: the task, where an agent has been at work for so long that it is out of sight. */
function firstMessage(messages: ChatRequest["messages"]): PersonMessage[] {
  for (const [index, message] of messages.slice(0, MAX_FIRST).entries()) {
    if (message.role !== "user") continue;
    const found = personMessagesIn(
      { message, parts: textsOf(message) },
      messages[index - 1]?.role === "tool",
    );
    if (found.length > 0) return found;
  }
  return [];
}

type UserTexts = { message: UserMessage; parts: readonly string[] };

/**
 * One message; none if a program wrote it; several if it is a summary of what was before.
 * @param followsTool the message comes directly behind the result of a tool.
 */
function personMessagesIn({ message, parts }: UserTexts, followsTool: boolean): PersonMessage[] {
  const text = textOfPerson(parts);
  if (text === undefined)
    return messagesInSummary(parts).map((listed) => ({ text: listed, hasImage: false }));
  const hasImage = messageParts(message).some(({ type }) => type === "image");
  // Where the results of tools take no images, agents send those in a message of their own.
  return text === "" && (!hasImage || followsTool) ? [] : [{ text: endsOf(text, EDGE_CHARS), hasImage }];
}

function textsOf(message: UserMessage): readonly string[] {
  if (typeof message.content === "string") return [message.content];
  return message.content.flatMap((part) => (part.type === "text" ? [part.text] : []));
}
