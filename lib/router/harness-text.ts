import {
  ASK_HEADINGS,
  DELIMITED_ASKS,
  DELIMITED_BLOCKS,
  HARNESS_HEADINGS,
  HARNESS_MESSAGES,
  HARNESS_PARTS,
  type TagKind,
  tagKind,
} from "#lib/router/harness-tags.ts";

/** The first and the last characters of a part that are read. */
const EDGE_CHARS = 32_000;
/** The same in a message that a program wrote, where a person's words are few. */
const REPORT_EDGE_CHARS = 2_000;
/** The characters of a message that are read, in all of its parts. */
const MAX_CHARS = 256_000;
/** What it costs to begin with a part, in characters. */
const PART_COST = 200;
/** Blocks before a long text that are looked behind. */
const MAX_LEADING_BLOCKS = 200;
/** The newest parts of a message that are read. */
const MAX_PARTS = 200;
/** Characters by which a part is known; what is added in front of one is short. */
const MAX_BEGINNING = 1_000;

/** An opening tag at the start of a line, or directly behind another tag. */
const OPENING_TAG = /(?:^|(?<=>))[ \t]{0,20}<([A-Za-z][\w-]{0,40})(?:[ \t][^<>\n]{0,300})?>/gm;
const CLOSING_TAG = /<\/([A-Za-z][\w-]{0,40})(?: [^<>\n]{0,40})?>/g;

/**
 * What a person wrote in these parts of one message, without what the program around them has added: empty if
 * there is nothing else, undefined if the program wrote the message. Takes no longer for long parts.
 */
export function textOfPerson(parts: readonly string[]): string | undefined {
  const newest = parts.slice(-MAX_PARTS);
  const kept = newest.filter(
    (part) => !beginsWithOne(HARNESS_PARTS, part.slice(0, MAX_BEGINNING).trimStart()),
  );
  const edge = edgeFor(newest);
  const read = kept.map((part) => readBlocks(edgesOf(part, edge)));
  if (kept.length < newest.length && read.every(isEmpty)) return undefined;
  const asks = joined(read.map(({ ask }) => ask));
  if (asks !== "") return asks;
  const own = read.map(({ rest }) => afterHeading(rest).trim());
  if (own.some((text) => beginsWithOne(HARNESS_MESSAGES, text))) return undefined;
  const text = joined(own);
  return text === "" ? joined(read.map(({ data }) => data)) : text;
}

/** How much `textOfPerson` reads of a message, characters. */
export function readingCost(parts: readonly string[]): number {
  const newest = parts.slice(-MAX_PARTS);
  return newest.length * PART_COST + charsWithin(newest, edgeFor(newest));
}

/** The characters at each end of a part that are read. */
function edgeFor(parts: readonly string[]): number {
  const beginnings = parts.map((part) => part.slice(0, MAX_BEGINNING).trimStart());
  if (beginnings.some((beginning) => beginsWithOne(HARNESS_MESSAGES, beginning))) return REPORT_EDGE_CHARS;
  if (charsWithin(parts, EDGE_CHARS) <= MAX_CHARS) return EDGE_CHARS;
  return Math.floor(MAX_CHARS / 2 / parts.length);
}

function charsWithin(parts: readonly string[], edge: number): number {
  return parts.reduce((sum, { length }) => sum + Math.min(length, 2 * edge), 0);
}

type Blocks = {
  /** What stands in tags that mark a person's words. */
  ask: string;
  /** What stands in tags of an unknown name: all that a person has sent if there is nothing else. */
  data: string;
  /** What stands outside of tags. */
  rest: string;
};

function isEmpty({ ask, data, rest }: Blocks): boolean {
  return `${ask}${data}${rest}`.trim() === "";
}

type Edges = {
  text: string;
  /** Where the last characters of a long text begin; the length if the text is whole. */
  cutAt: number;
};

function edgesOf(whole: string, edge: number): Edges {
  if (whole.length <= 2 * edge) return { text: whole, cutAt: whole.length };
  const part = afterLeadingBlocks(whole);
  if (part.length <= 2 * edge) return { text: part, cutAt: part.length };
  const head = part.slice(0, edge);
  return { text: `${head}\n${afterCutBlock(part.slice(-edge))}`, cutAt: edge };
}

/** A long text without the blocks of the program's that it begins with: the person's words may follow them. */
function afterLeadingBlocks(text: string): string {
  const opening = /\s{0,100}<([A-Za-z][\w-]{0,40})[ >]/y;
  let from = 0;
  for (let block = 0; block < MAX_LEADING_BLOCKS; block++) {
    const tag = opening.exec(text)?.[1];
    if (tag === undefined) break;
    const end = tagKind(tag, false) === "harness" ? text.indexOf(`</${tag}`, opening.lastIndex) : -1;
    if (end === -1) break;
    from = afterTag(text, end);
    opening.lastIndex = from;
  }
  return text.slice(from);
}

/** The end of a text without the block of the program's that it begins in. */
function afterCutBlock(tail: string): string {
  for (const { 0: tag, 1: name = "", index } of tail.matchAll(CLOSING_TAG)) {
    if (tagKind(name, false) !== "harness") continue;
    const opening = tail.indexOf(`<${name}`);
    return opening !== -1 && opening < index ? tail : tail.slice(index + tag.length);
  }
  return tail;
}

function readBlocks(edges: Edges): Blocks {
  const { text } = edges;
  const blocks: Blocks = { ask: "", data: "", rest: "" };
  /** Tags that nothing closes: looking for their end each time would take quadratic time. */
  const unclosed = new Set<string>();
  const openings = new RegExp(OPENING_TAG);
  const begin = text.length - text.trimStart().length;
  let from = 0;
  for (let opening = openings.exec(text); opening !== null; opening = openings.exec(text)) {
    const [, tag = ""] = opening;
    const isFirst = opening.index <= begin;
    const kind = tagKind(tag, isFirst);
    if (kind === undefined) continue;
    const start = openings.lastIndex;
    const end = unclosed.has(tag) ? -1 : text.indexOf(`</${tag}`, start);
    if (end === -1) unclosed.add(tag);
    const next = end === -1 ? endOfUnclosed(kind, isFirst, opening.index, edges) : afterTag(text, end);
    if (next === undefined) continue;
    blocks.rest += `${text.slice(from, opening.index)}\n`;
    if (end !== -1 && kind !== "harness") blocks[kind] += `${text.slice(start, end)}\n`;
    from = next;
    openings.lastIndex = next;
  }
  blocks.rest = withoutDelimited(blocks.rest + text.slice(from));
  return blocks;
}

/** Where a block ends that nothing closes; undefined if the tag opens none. */
function endOfUnclosed(
  kind: TagKind,
  isFirst: boolean,
  index: number,
  { text, cutAt }: Edges,
): number | undefined {
  if (kind !== "harness") return undefined;
  // Its end is in the middle, which is not read.
  if (index < cutAt && cutAt < text.length) return cutAt;
  // Programs cut their own texts, too.
  return isFirst ? text.length : undefined;
}

/** Where the closing tag that begins at `index` ends. */
function afterTag(text: string, index: number): number {
  const end = text.slice(index, index + 100).indexOf(">");
  return end === -1 ? text.length : index + end + 1;
}

function withoutDelimited(text: string): string {
  let kept = text;
  for (const [start, end] of DELIMITED_BLOCKS) {
    const from = kept.indexOf(start);
    if (from === -1) continue;
    const to = kept.indexOf(end, from);
    kept = kept.slice(0, from) + (to === -1 ? "" : kept.slice(to + end.length));
  }
  return kept;
}

function afterHeading(text: string): string {
  let kept = text;
  for (const [start, end] of DELIMITED_ASKS) {
    const from = kept.indexOf(start);
    const to = from === -1 ? -1 : kept.indexOf(end, from + start.length);
    if (to !== -1) kept = kept.slice(from + start.length, to);
  }
  for (const heading of ASK_HEADINGS) {
    const at = kept.lastIndexOf(heading);
    if (at !== -1) kept = kept.slice(at + heading.length);
  }
  for (const heading of HARNESS_HEADINGS) {
    const at = kept.indexOf(heading);
    if (at !== -1) kept = kept.slice(0, at);
  }
  return kept;
}

function beginsWithOne(beginnings: readonly RegExp[], text: string): boolean {
  return beginnings.some((beginning) => beginning.test(text));
}

function joined(texts: readonly string[]): string {
  return texts
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .join("\n");
}
