import { Lexer, type Token } from "marked";
import { findTooDeep, hasTooManyItems, isTooDense } from "#lib/browser/markdown/difficulty.ts";
import { blocksOf, type LinkFor } from "#lib/browser/markdown/from-tokens.ts";
import { JOINT, jointsIn, withoutJoints } from "#lib/browser/markdown/joints.ts";
import { splitSegments } from "#lib/browser/markdown/segments.ts";
import { shareEqual } from "#lib/browser/markdown/share.ts";
import { takeJoints } from "#lib/browser/markdown/take-joints.ts";
import type { Block, Inline } from "#lib/browser/markdown/tree.ts";

/** Where links such as `[text][label]` lead. */
export type Definitions = Lexer["tokens"]["links"];

export function newDefinitions(known: Definitions = {}): Definitions {
  // A label may be any word, `__proto__` too.
  return Object.assign(Object.create(null), known);
}

/** The tree of a text in GitHub's Markdown. It always ends soon: what is too hard to parse stays plain. */
export function parseMarkdown(text: string, linkFor?: LinkFor): Block[] {
  const segments = splitSegments(normalise(withoutJoints(text)));
  const definitions = newDefinitions();
  for (const segment of segments) collectDefinitions(segment, definitions);
  return segments.flatMap((segment) => parseSegment(segment, definitions, linkFor));
}

/** Marked reads line feeds only. */
export function normalise(text: string): string {
  return text.includes("\r") ? text.replaceAll(/\r\n?/g, "\n") : text;
}

/** Adds the link definitions of a segment. The first of a label counts. */
export function collectDefinitions(segment: string, definitions: Definitions): void {
  if (segment.includes("]:") && findTooDeep(segment) === undefined)
    lexBlocks(withoutJoints(segment), definitions);
}

/** The tree of one segment. A joint never changes what the text without it means. */
export function parseSegment(segment: string, definitions: Definitions, linkFor?: LinkFor): readonly Block[] {
  if (!segment.includes(JOINT)) return parseTokens(segment, definitions, linkFor);
  const bare = parseTokens(withoutJoints(segment), definitions, linkFor);
  const marked = parseTokens(segment, definitions, linkFor);
  const marks = jointsIn(segment).length;
  const { blocks, joints: found } = takeJoints(marked);
  if (found === marks && shareEqual(bare, blocks) === bare) return marked;
  const joints = Array.from({ length: marks }, (): Inline => ({ kind: "joint" }));
  return [{ kind: "paragraph", children: joints }, ...bare];
}

function parseTokens(text: string, definitions: Definitions, linkFor: LinkFor | undefined): Block[] {
  const tokens = hasTooManyItems(text) ? undefined : lexSegment(text, definitions);
  return tokens === undefined ? [{ kind: "plain", text: text.trimEnd() }] : blocksOf(tokens, linkFor);
}

/** A segment of a text and marked's tokens of it; undefined if it is nested too deeply to be parsed. */
export type LexedSegment = { source: string; tokens: readonly Token[] | undefined };

/** Marked's tokens of a text, segment by segment, for other trees than the one of pages. */
export function lexMarkdown(text: string): LexedSegment[] {
  const segments = splitSegments(normalise(withoutJoints(text)));
  const definitions = newDefinitions();
  for (const segment of segments) collectDefinitions(segment, definitions);
  return segments.map((source) => ({ source, tokens: lexSegment(source, definitions) }));
}

function lexSegment(text: string, definitions: Definitions): readonly Token[] | undefined {
  if (findTooDeep(text) !== undefined) return undefined;
  const lexer = lexBlocks(text, definitions);
  for (const { src, tokens } of lexer.inlineQueue) {
    lexer.state.inRawBlock = false;
    if (isTooDense(src)) tokens.push({ type: "escape", raw: src, text: src });
    else lexer.inlineTokens(src, tokens);
  }
  return lexer.tokens;
}

function lexBlocks(text: string, definitions: Definitions): Lexer {
  const lexer = new Lexer({ gfm: true });
  lexer.tokens.links = definitions;
  lexer.blockTokens(text, lexer.tokens);
  return lexer;
}
