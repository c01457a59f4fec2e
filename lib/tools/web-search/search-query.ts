import { stripInvisible } from "#lib/prompts/sanitize.ts";
import type { ToolRequest } from "#lib/tools/tool.ts";
import { MAX_QUERY } from "#lib/tools/web-search/web-search-tool.ts";

/** A message of at most so many letters may be about what was asked before it ("and yesterday?"). */
const MAX_FOLLOW_UP = 40;
/** Characters of scripts that need fewer for the same. */
const MAX_DENSE_FOLLOW_UP = 12;
const SAYS_SOMETHING = /[\p{L}\p{N}]/u;
const DENSE = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;
/** How many earlier messages of the user are looked at. */
const MAX_EARLIER = 4;
/** Of a long message, this much is read at either end: the ask stands there. */
const MAX_READ = 2_000;

/**
 * What to search for: the message, after what it follows up in the conversation if it is short. Of a message that
 * is too long, the line with its question. Empty if it has no letter or digit.
 */
export function searchQuery({ message, history }: ToolRequest): string {
  const asked = plain(message);
  if (!SAYS_SOMETHING.test(asked) && !SAYS_SOMETHING.test(message.slice(-MAX_READ))) return "";
  if (!isShort(asked)) return fitted(message);
  const earlier = history
    .filter(({ role, content }) => role === "user" && content.trim() !== "")
    .slice(-MAX_EARLIER)
    .map(({ content }) => fitted(content));
  // Back to the message that names the subject.
  const from = earlier.findLastIndex((text) => !isShort(text));
  const subject = earlier.slice(from === -1 ? -1 : from);
  return cut([...subject.map((text) => text.slice(0, MAX_QUERY - asked.length - 1)), asked].join(" "));
}

function isShort(text: string): boolean {
  return text.length <= (DENSE.test(text) ? MAX_DENSE_FOLLOW_UP : MAX_FOLLOW_UP);
}

/** The message as far as a search takes it. */
function fitted(message: string): string {
  const whole = message.length <= MAX_QUERY * 2 ? plain(message) : undefined;
  if (whole !== undefined && whole.length <= MAX_QUERY) return whole;
  const lines = [...linesOf(message.slice(-MAX_READ)).reverse(), ...linesOf(message.slice(0, MAX_READ))];
  const question = lines.find((line) => /[?？؟]\s*$/.test(line));
  return cut(question ?? lines[0] ?? "");
}

function linesOf(text: string): string[] {
  return text.split("\n").flatMap((line) => (SAYS_SOMETHING.test(line) ? plain(line) : []));
}

function plain(text: string): string {
  return stripInvisible(text.slice(0, MAX_READ)).replace(/\s+/g, " ").trim();
}

/** The end of a line that is too long, from the beginning of a word on: a question stands at the end of its line. */
function cut(text: string): string {
  if (text.length <= MAX_QUERY) return text;
  const end = text.slice(-MAX_QUERY);
  const space = end.indexOf(" ");
  return (space === -1 ? end : end.slice(space + 1)).toWellFormed();
}
