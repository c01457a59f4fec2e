/**
 * A piece of text on a page, turned so that it is read from left to right: `x` grows to the right, `y` upwards,
 * both in points.
 */
export type Fragment = {
  text: string;
  left: number;
  right: number;
  /** Of the baseline. */
  y: number;
  /** The size of the font, points. */
  size: number;
  /** Its place in the file's own order, in which most programs write as people read. */
  order: number;
  isRightToLeft: boolean;
};

/** Fragments of one direction: the upright text of a page, or a stamp along its margin. */
export type Turned = { degrees: number; fragments: Fragment[] };

/** Ideographs and kana, which are written without spaces; Hangul has spaces. */
const UNSPACED = /[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]/;

/** Whether a character at this place is of a script without spaces. */
export function isUnspaced(character: string | undefined): boolean {
  return character !== undefined && UNSPACED.test(character);
}
