import {
  type CacheBreakpoint,
  type ChatMessage,
  type ContentPart,
  messageParts,
  type SystemMessage,
  type UserMessage,
} from "#lib/chat/request.ts";
import { systemText } from "#lib/chat/system-text.ts";

/**
 * Where an API takes system messages beside the head of the conversation. `after_user`: one behind the
 * user's turn, where the conversation ends or the assistant follows (Claude Opus 4.8). `never`: nowhere, and
 * one at the head (chat templates such as Qwen's: "System message must be at the beginning").
 */
export type LaterSystem = "anywhere" | "after_user" | "never";

/**
 * System messages where the API takes them; others become texts of the user in their place, marked as
 * reminders, as Claude Code writes them. Their place is kept for prompt caches. The same array if nothing
 * needs to change.
 */
export function withSystemInPlace(
  messages: readonly ChatMessage[],
  rule: LaterSystem,
): readonly ChatMessage[] {
  if (rule === "anywhere") return messages;
  const others = messages.findIndex(({ role }) => role !== "system");
  const head = others === -1 ? messages.length : others;
  if (head <= 1 && !messages.some(({ role }, index) => index >= head && role === "system")) return messages;
  const placed: ChatMessage[] = mergedHead(messages.slice(0, head).filter(isSystem));
  for (let index = head; index < messages.length; index++) {
    const message = messages[index];
    if (message === undefined) continue;
    const stays =
      message.role !== "system" || (rule === "after_user" && isBehindUser(messages, index, placed.at(-1)));
    placed.push(stays ? message : reminder(message));
  }
  return placed;
}

function isSystem(message: ChatMessage): message is SystemMessage {
  return message.role === "system";
}

/** `before`: the message that precedes it in the result. */
function isBehindUser(
  messages: readonly ChatMessage[],
  index: number,
  before: ChatMessage | undefined,
): boolean {
  const follows = before?.role === "user" || before?.role === "tool";
  const next = messages[index + 1];
  return follows && (next === undefined || next.role === "assistant");
}

/** The system messages at the head as one. */
function mergedHead(head: readonly SystemMessage[]): SystemMessage[] {
  const [first] = head;
  if (first === undefined || head.length === 1) return [...head];
  const parts = head.flatMap(({ content }): ContentPart[] =>
    typeof content === "string" ? (content === "" ? [] : [{ type: "text", text: content }]) : content,
  );
  const isDeveloper = head.every(({ developer }) => developer === true);
  return [{ role: "system", content: parts, ...(isDeveloper ? { developer: true } : {}) }];
}

function reminder(message: SystemMessage): UserMessage {
  const text = systemText(message.content);
  const marked = text.trimStart().startsWith("<system-reminder>")
    ? text
    : `<system-reminder>\n${text}\n</system-reminder>`;
  const breakpoint = breakpointOf(message);
  if (breakpoint === undefined) return { role: "user", content: marked };
  return { role: "user", content: [{ type: "text", text: marked, cacheBreakpoint: breakpoint }] };
}

function breakpointOf(message: SystemMessage): CacheBreakpoint | undefined {
  for (const part of messageParts(message)) {
    if ("cacheBreakpoint" in part && part.cacheBreakpoint !== undefined) return part.cacheBreakpoint;
  }
  return undefined;
}
