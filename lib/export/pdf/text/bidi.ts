import bidiFactory from "bidi-js";

const bidi = bidiFactory();

/** Letters and marks of Hebrew, Arabic and their neighbours, and characters that change the direction. */
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const FIRST_STRONG = /\p{L}/u;
/** Text is looked at in stretches of so many UTF-16 units: pairs of brackets take the square of a length. */
const MAX_STRETCH = 4_000;

/** The direction of a paragraph: that of its first letter. */
export function isRightToLeft(text: string): boolean {
  const letter = RIGHT_TO_LEFT.test(text) ? FIRST_STRONG.exec(text)?.[0] : undefined;
  return letter !== undefined && RIGHT_TO_LEFT.test(letter);
}

/** The level of each UTF-16 unit, odd from right to left; undefined if all is from left to right. */
export function levelsOf(text: string, isBaseRightToLeft: boolean): Uint8Array | undefined {
  if (!isBaseRightToLeft && !RIGHT_TO_LEFT.test(text)) return undefined;
  const levels = new Uint8Array(text.length);
  const direction = isBaseRightToLeft ? "rtl" : "ltr";
  for (let from = 0; from < text.length; from += MAX_STRETCH) {
    levels.set(bidi.getEmbeddingLevels(text.slice(from, from + MAX_STRETCH), direction).levels, from);
  }
  return levels;
}

/** The same of texts behind one another, of which none changes the direction of another. */
export function levelsOfEach(texts: readonly string[]): Uint8Array | undefined {
  if (!texts.some((text) => RIGHT_TO_LEFT.test(text))) return undefined;
  const levels = new Uint8Array(texts.reduce((length, text) => length + text.length, 0));
  let from = 0;
  for (const text of texts) {
    levels.set(levelsOf(text, false) ?? [], from);
    from += text.length;
  }
  return levels;
}

/** Brackets and their like face the other way from right to left. */
export function mirrored(text: string): string {
  return bidi.getMirroredCharacter(text) ?? text;
}

/** Items of one line in the order in which they are drawn from left to right (UAX 9, L2). */
export function inVisualOrder<Item extends { level: number }>(items: readonly Item[]): Item[] {
  const order = [...items];
  const highest = order.reduce((most, { level }) => Math.max(most, level), 0);
  for (let level = highest; level > 0; level -= 1) {
    for (let from = 0; from < order.length; from += 1) {
      let to = from;
      while ((order[to]?.level ?? -1) >= level) to += 1;
      if (to - from > 1) order.splice(from, to - from, ...order.slice(from, to).reverse());
      from = Math.max(from, to - 1);
    }
  }
  return order;
}
