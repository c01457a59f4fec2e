import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { endsOf } from "#lib/shared/text.ts";
import type { Tool, ToolRequest } from "#lib/tools/tool.ts";

/** A call that a message needs. */
export type ToolCall = { tool: Tool; input: unknown };

/** Calls for one message, of all tools together. */
const MAX_CALLS = 4;
/** How much of both ends of a message is searched for fences, characters: a conversation may have megabytes. */
const SEARCHED = 8_000;
/** A longer message is a text with a question before or behind it, characters. */
const MAX_QUESTION = 4_000;
/** How much of both ends of such a text is read, characters. */
const END_OF_TEXT = 1_000;
/** Earlier messages that a tool may look at. */
const MAX_HISTORY = 10;

/**
 * The calls that a message needs, at most four; if there are more, every tool gets its first ones. What a message
 * quotes (code between fences, the middle of a long text) asks for nothing. Waits for nothing, and is linear in
 * the length of the message.
 *
 * @param onBroken called for a tool whose own `detect` throws; the others are not affected.
 */
export function detectTools(
  tools: readonly Tool[],
  { message, history }: ToolRequest,
  onBroken: (tool: Tool, error: unknown) => void,
): ToolCall[] {
  if (tools.length === 0) return [];
  const asked: ToolRequest = {
    message: questionOf(message),
    history: history.slice(-MAX_HISTORY).map(({ role, content }) => ({ role, content: questionOf(content) })),
  };
  const byTool = tools.map((tool) => {
    try {
      return (tool.detect?.(asked) ?? []).map((input) => ({ tool, input }));
    } catch (error) {
      onBroken(tool, error);
      return [];
    }
  });
  return onlyOnce(inTurns(byTool)).slice(0, MAX_CALLS);
}

/** The first of each list, then the second of each, and so on. */
function inTurns(lists: readonly (readonly ToolCall[])[]): ToolCall[] {
  const longest = Math.min(MAX_CALLS, Math.max(0, ...lists.map(({ length }) => length)));
  return Array.from({ length: longest }).flatMap((_, turn) => lists.flatMap((list) => list[turn] ?? []));
}

function onlyOnce(calls: readonly ToolCall[]): ToolCall[] {
  const seen = new Set<string>();
  return calls.filter(({ tool, input }) => {
    const key = `${tool.name} ${JSON.stringify(input)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** What a message asks, without what it quotes, and without invisible characters. */
function questionOf(whole: string): string {
  const message = endsOf(whole, SEARCHED);
  const outside = message.includes("```") ? withoutFences(message) : message;
  // Nothing but a fence: what stands in it is meant.
  const text = outside.trim() === "" ? message : outside;
  if (text.length <= MAX_QUESTION) return stripInvisible(text);
  // Half a word at the cut could be something else.
  const start = text.slice(0, END_OF_TEXT).replace(/\S{1,100}$/, "");
  const end = text.slice(-END_OF_TEXT).replace(/^\S{1,100}/, "");
  return stripInvisible(`${start}\n${end}`);
}

/** A fence that is not closed goes to the end. */
function withoutFences(message: string): string {
  return message
    .split("```")
    .filter((_, index) => index % 2 === 0)
    .join("\n");
}
