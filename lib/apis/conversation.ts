import { type ChatMessage, messageText } from "#lib/chat/request.ts";
import { hash32 } from "#lib/shared/text.ts";

/** So much of a message is enough to tell two conversations apart. */
const LOOKED_AT = 1_000;

/**
 * A name for the conversation that a request belongs to. Nobody tells us, but every request of one begins
 * alike: with its system prompt and the first message of the user.
 */
export function conversationOf(messages: readonly ChatMessage[]): string {
  const first = messages.find(({ role }) => role === "user");
  const head = messages[0] === first ? "" : opening(messages[0]);
  return hash32(`${head}\n${opening(first)}`).toString(36);
}

function opening(message: ChatMessage | undefined): string {
  return message === undefined ? "" : messageText(message).slice(0, LOOKED_AT);
}
