/** Signs that mean something in Markdown wherever they stand. */
const SIGNS = /[\\`*[\]<>#|~]|&(?=#?\w+;)|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu;
/** What makes a list, a heading or a rule of a line. */
const LINE_START = /^([-+=:]|\d+(?=[.)]))/u;
const ADDRESS = /(https?:\/\/\S+)/u;

/** Markdown that shows a text as it was written, with its lines. */
export function plainMarkdown(text: string): string {
  return text
    .replaceAll(/\r\n?/g, "\n")
    .trim()
    .split(/\n[ \t]*\n\s*?/)
    .map((paragraph) => paragraph.split("\n").map(plainLine).join("\\\n"))
    .join("\n\n");
}

function plainLine(line: string): string {
  const bare = line.trimStart();
  const indent = "\u00a0".repeat(line.length - bare.length);
  // Escaped signs would become part of an address.
  const parts = bare
    .trimEnd()
    .split(ADDRESS)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(SIGNS, "\\$&")));
  const escaped = parts.join("");
  return `${indent}${indent === "" ? escaped.replace(LINE_START, escapeStart) : escaped}`;
}

/** A digit cannot be escaped, so the sign behind a number is. */
function escapeStart(start: string): string {
  return /\d/.test(start) ? `${start}\\` : `\\${start}`;
}
