import { Lexer, type Token } from "marked";
import { isTooDeep, isTooDense } from "#lib/browser/markdown/difficulty.ts";
import { blocksOf, type Counters, newCounters } from "#lib/browser/markdown/from-tokens.ts";
import type { Block } from "#lib/browser/markdown/tree.ts";

/** The tree of a text in GitHub's Markdown. It always ends soon: what is too hard to parse stays plain. */
export function parseMarkdown(text: string, counters: Counters = newCounters()): Block[] {
  if (isTooDeep(text)) return [{ kind: "plain", text }];
  const lexer = new Lexer({ gfm: true });
  lexer.blockTokens(normalise(text), lexer.tokens);
  for (const { src, tokens } of lexer.inlineQueue) {
    if (isTooDense(src)) tokens.push({ type: "text", raw: src, text: src, escaped: true });
    else lexer.inlineTokens(src, tokens);
  }
  return blocksOf(lexer.tokens, counters);
}

/** The sources of a text's outermost blocks, in order: together they are the text. */
export function splitBlocks(text: string): string[] {
  if (isTooDeep(text)) return [text];
  const lexer = new Lexer({ gfm: true });
  lexer.blockTokens(text, lexer.tokens);
  return lexer.tokens.map(({ raw }: Token) => raw);
}

/** Marked reads line feeds only. */
export function normalise(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n");
}
