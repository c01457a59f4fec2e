import type { Emphasis } from "#lib/export/markdown/tree.ts";

/** What a piece of HTML within Markdown means on paper. */
export type MarkupPart =
  | { kind: "text"; text: string }
  | { kind: "open"; tag: string; emphasis: Emphasis | "code" | "link" | undefined; href: string | undefined }
  | { kind: "close"; tag: string }
  | { kind: "break" };

const EMPHASIS: Readonly<Record<string, Emphasis | "code" | "link">> = {
  a: "link",
  b: "strong",
  code: "code",
  del: "strike",
  em: "emphasis",
  i: "emphasis",
  ins: "underline",
  kbd: "code",
  s: "strike",
  samp: "code",
  strike: "strike",
  strong: "strong",
  sub: "subscript",
  sup: "superscript",
  th: "strong",
  tt: "code",
  u: "underline",
  var: "emphasis",
};
/** Tags that only group text. */
const PLAIN = new Set(["abbr", "center", "font", "mark", "q", "small", "span"]);
/** Tags whose text stands on lines of its own. */
const LINES = new Set(
  "article blockquote body dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header html li main nav ol p pre section summary table tbody td tfoot thead tr ul".split(
    " ",
  ),
);
const TAG = /<(\/?)([a-z][a-z\d]{0,20})((?:\s[^<>]{0,2000})?)\/?>/gi;
const HREF = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)')/i;

/** The parts of a piece of HTML. Tags that mean nothing on paper stay as they are written: nothing is lost. */
export function markupParts(html: string): MarkupPart[] {
  const parts: MarkupPart[] = [];
  let from = 0;
  for (const match of html.matchAll(TAG)) {
    const [whole, slash, name = "", attributes = ""] = match;
    const part = partOf(name.toLowerCase(), slash === "/", attributes);
    if (part === undefined) continue;
    if (match.index > from) parts.push({ kind: "text", text: html.slice(from, match.index) });
    parts.push(...part);
    from = match.index + whole.length;
  }
  if (from < html.length) parts.push({ kind: "text", text: html.slice(from) });
  return parts;
}

function partOf(tag: string, isClosing: boolean, attributes: string): MarkupPart[] | undefined {
  if (tag === "br" || tag === "hr" || LINES.has(tag)) return [{ kind: "break" }];
  const emphasis = Object.hasOwn(EMPHASIS, tag) ? EMPHASIS[tag] : undefined;
  if (emphasis === undefined && !PLAIN.has(tag)) return undefined;
  if (isClosing) return [{ kind: "close", tag }];
  const [, double, single] = HREF.exec(attributes) ?? [];
  return [{ kind: "open", tag, emphasis, href: double ?? single }];
}
