import { stripInvisible } from "#lib/prompts/sanitize.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  "#39": "'",
  "#x27": "'",
  nbsp: " ",
};

/** Opening quotes with their closing ones. */
const QUOTES: readonly (readonly [string, string])[] = [
  ['"', '"'],
  ["'", "'"],
  ["“", "”"],
  ["„", "“"],
  ["‘", "’"],
  ["«", "»"],
  ["»", "«"],
  ["「", "」"],
  ["『", "』"],
  ["`", "`"],
];

/** One line of plain text from what a model wrote: without HTML, Markdown, invisible characters and quotes. */
export function plainText(written: string): string {
  const text = withoutMarkdown(withoutHtml(stripInvisible(written)));
  return unquoted(withoutReason(text.replace(/\s+/g, " ").trim()));
}

/** Some models say behind a question what it is good for. */
function withoutReason(line: string): string {
  return line.replace(/(?<=[?？؟]["'”]?) ?(?:[-–—:] |\().*$/u, "");
}

function withoutHtml(text: string): string {
  return text
    .replace(/&(#x27|#39|\w{2,4});/g, (whole, name: string) => ENTITIES[name] ?? whole)
    .replace(/<(script|style)\b[^>]*>[^<]*(?:<\/\1>)?/gi, "")
    .replace(/<\/?[a-z!][^<>]{0,500}>/gi, "");
}

function withoutMarkdown(text: string): string {
  return text
    .replace(/!?\[([^\][]{0,500})\]\([^()\s]{0,2000}\)/g, "$1")
    .replace(/(\*\*|__|~~)(?=\S)([^*_~]{1,500})\1/g, "$2")
    .replace(/(?<![\w*])\*(?=\S)([^*\n]{1,500})\*(?![\w*])/g, "$1")
    .replace(/(?<![\w_])_(?=\S)([^_\n]{1,500})_(?![\w_])/g, "$1")
    .replace(/`([^`]{1,500})`/g, "$1")
    .replace(/^[\s>#]+/, "")
    .replace(/[*_]{2}/g, "");
}

/** Without the quotes around the whole text, and the comma of a list behind them. */
function unquoted(text: string): string {
  const bare = text.replace(/^[-–—•]\s+/, "").replace(/(["'”’»」』])[,;]$/, "$1");
  for (const [open, close] of QUOTES) {
    const inner = bare.slice(open.length, -close.length);
    const isWhole = bare.length > 2 && bare.startsWith(open) && bare.endsWith(close);
    if (isWhole && !inner.includes(open) && !inner.includes(close)) return inner.trim();
  }
  // What is left of an enclosing pair that was cut off.
  const isCutOff = bare.split('"').length === 2 && /^"|"$/.test(bare);
  return isCutOff ? bare.replace('"', "").trim() : bare;
}
