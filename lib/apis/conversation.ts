import { type ChatMessage, messageText } from "#lib/chat/request.ts";
import { hash32 } from "#lib/shared/text.ts";

/** This much of a message distinguishes conversations, characters. */
const HASHED_LENGTH = 1_000;

/**
 * An id for the conversation of a request. Clients send none, but all requests of a conversation begin with
 * the same system prompt and first user message.
 */
export function conversationOf(messages: readonly ChatMessage[]): string {
  const first = messages.find(({ role }) => role === "user");
  const head = messages[0] === first ? "" : opening(messages[0]);
  return hash32(`${head}\n${opening(first)}`).toString(36);
}

function opening(message: ChatMessage | undefined): string {
  return message === undefined ? "" : messageText(message).slice(0, HASHED_LENGTH);
}
