import { Lexer } from "marked";
import { findTooDeep } from "#lib/browser/markdown/difficulty.ts";

/*
 * Segments are stretches of text that Markdown reads each by itself: each ends with a blank line, and no
 * text behind it changes what it means (but for link definitions).
 */

const BLANK_LINE = /\n[ \t]*\n/g;
const ENDS_BLANK = /\n[ \t]*\n$/;
/** Text behind a blank line. */
const INNER_BLANK_LINE = /\n[ \t]*\n[ \t]*[^\s]/;
/** Each makes the text be searched again. Behind the last the text is one segment. */
const MAX_DEEP = 20;
/** How far back a blank line is looked for, UTF-16 units. */
const BLANK_LINE_LENGTH = 200;

/** The segments of a text, in order: together they are the text. */
export function splitSegments(text: string): string[] {
  const starts = startsOf(text);
  return starts.map((start, index) => text.slice(start, starts[index + 1]));
}

/**
 * The segments of a growing text that no further text changes. The last line may be the beginning of
 * anything, and what begins on the line before it may still go on.
 */
export function finishedSegments(text: string): string[] {
  const complete = text.slice(0, text.lastIndexOf("\n") + 1);
  return INNER_BLANK_LINE.test(complete) ? splitSegments(complete).slice(0, -1) : [];
}

function startsOf(text: string): number[] {
  const starts = [0];
  let from = 0;
  let tries = 0;
  while (from < text.length) {
    // What is too deep is a segment of its own, up to the next blank line, and marked never sees it.
    const deep = findTooDeep(text, from);
    for (const start of startsOfBlocks(text.slice(from, deep))) starts.push(from + start);
    if (deep === undefined || ++tries > MAX_DEEP) break;
    if (deep > from && ENDS_BLANK.test(text.slice(Math.max(from, deep - BLANK_LINE_LENGTH), deep)))
      starts.push(deep);
    BLANK_LINE.lastIndex = deep;
    const blank = BLANK_LINE.exec(text);
    from = blank === null ? text.length : blank.index + blank[0].length;
    if (from < text.length) starts.push(from);
  }
  return starts;
}

/** Where blocks begin behind a blank line. */
function startsOfBlocks(text: string): number[] {
  const starts: number[] = [];
  let at = 0;
  for (const token of new Lexer({ gfm: true }).blockTokens(text)) {
    const before = text.slice(Math.max(0, at - BLANK_LINE_LENGTH), at);
    if (token.type !== "space" && ENDS_BLANK.test(before)) starts.push(at);
    at += token.raw.length;
  }
  return starts;
}
