import { exceedsDepth, parseJson } from "#lib/shared/json.ts";

/** Deeper JSON is shown as it was written. */
const MAX_DEPTH = 100;

/**
 * What turns the direction of text, or is not seen at all: with it, a text reads as something that it is not. Joiners
 * stay, which emoji and some scripts need.
 */
const UNSEEN =
  /(?![\n\t\u200c\u200d]|\r\n)(?:[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|[\u{e0100}-\u{e01ef}])/gu;

/** A stranger's text as it can be judged: characters that nobody sees are written as their codes. */
export function visibleText(text: string): string {
  return text.replace(UNSEEN, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
}

/** JSON text with a line for each value; a text that is no JSON, or was cut, as it is. */
export function readableJson(text: string): string {
  const value = parseJson(text);
  if (value === undefined || exceedsDepth(value, MAX_DEPTH)) return visibleText(text);
  return visibleText(JSON.stringify(value, null, 2));
}
