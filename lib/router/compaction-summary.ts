const BEGINNING = "This session is being continued from a previous conversation";
/** The heading above what the person wrote, in the summaries of Claude Code. */
const HEADING = /^\s{0,9}\d{1,2}\. \*{0,2}All user messages:?\*{0,2}:?[ \t]*$/im;
const NEXT_HEADING = /^\s{0,9}\d{1,2}\. /m;
/** The characters that are read behind the heading: ten messages, unless they are long. */
const MAX_SECTION = 32_000;
const MAX_SUMMARY = 400_000;

/**
 * What the person wrote before a conversation was compacted, as far as the summary in its place lists it, the oldest
 * message first. Otherwise an agent at work would be sent to another mode as soon as its conversation is compacted.
 */
export function messagesInSummary(parts: readonly string[]): string[] {
  const summary = parts.find((part) =>
    part
      .slice(0, 2 * BEGINNING.length)
      .trimStart()
      .startsWith(BEGINNING),
  );
  const heading = HEADING.exec(summary?.slice(0, MAX_SUMMARY) ?? "");
  if (summary === undefined || heading === null) return [];
  const from = heading.index + heading[0].length;
  const section = summary.slice(from, from + MAX_SECTION);
  const end = NEXT_HEADING.exec(section)?.index ?? section.length;
  return section
    .slice(0, end)
    .split(/\n[ \t]{0,9}[-*] /)
    .slice(1)
    .map(withoutQuotes)
    .filter(isText);
}

function withoutQuotes(item: string): string {
  const text = item.trim();
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

const isText = (text: string): boolean => text !== "";
