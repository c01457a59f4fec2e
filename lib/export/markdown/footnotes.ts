/** The text of a document without its footnotes, and the texts of these by their labels. */
export type Footnotes = { body: string; notes: ReadonlyMap<string, string> };

const DEFINITION = /^ {0,3}\[\^([^\]\s]{1,100})\]:[ \t]*(.*)$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;
const INDENTED = /^(?: {2,4}|\t)(.*)$/;

/**
 * Takes footnotes (`[^label]: text`, and indented lines behind it) out of a text. Marked would read them as
 * definitions of links.
 */
export function takeFootnotes(text: string): Footnotes {
  if (!text.includes("[^")) return { body: text, notes: new Map() };
  const body: string[] = [];
  const notes = new Map<string, string[]>();
  let fence: string | undefined;
  let open: string[] | undefined;
  for (const line of text.split("\n")) {
    const definition = fence === undefined ? DEFINITION.exec(line) : null;
    const [, label, first] = definition ?? [];
    if (label !== undefined && first !== undefined && !notes.has(label)) {
      open = [first];
      notes.set(label, open);
      continue;
    }
    open = open !== undefined && continues(line, open) ? open : undefined;
    if (open !== undefined) {
      open.push(INDENTED.exec(line)?.[1] ?? line);
      continue;
    }
    fence = fenceAfter(line, fence);
    body.push(line);
  }
  return { body: body.join("\n"), notes: new Map([...notes].map(([key, lines]) => [key, lines.join("\n")])) };
}

/** Whether a line belongs to the footnote before it: it is blank, indented, or goes on with its paragraph. */
function continues(line: string, note: readonly string[]): boolean {
  if (line.trim() === "" || INDENTED.test(line)) return true;
  const isParagraph = note.at(-1)?.trim() !== "";
  return isParagraph && !/^ {0,3}(?:[#>|]|[-*+][ \t]|\d+[.)][ \t]|`{3}|~{3}|\[\^)/.test(line);
}

/** The fence that is open behind a line. */
function fenceAfter(line: string, open: string | undefined): string | undefined {
  const [, mark = "", rest = ""] = FENCE.exec(line) ?? [];
  if (mark === "") return open;
  if (open === undefined) return mark.startsWith("`") && rest.includes("`") ? undefined : mark;
  const closes = mark[0] === open[0] && mark.length >= open.length && rest.trim() === "";
  return closes ? undefined : open;
}
