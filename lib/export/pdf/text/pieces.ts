import LineBreaker from "linebreak";
import type { Face, FontSet } from "#lib/export/pdf/fonts/font-set.ts";
import { isRightToLeft, levelsOf, levelsOfEach, mirrored } from "#lib/export/pdf/text/bidi.ts";
import { clustersOf, drawable, visible } from "#lib/export/pdf/text/clusters.ts";
import type { Measure } from "#lib/export/pdf/text/measure.ts";
import { type Look, PICTURE, type Picture, type Run } from "#lib/export/pdf/text/run.ts";

/** A stretch of text in one font and one direction within which no line breaks unless it must; or a picture. */
export type Piece = {
  /** What is drawn of each cluster. */
  clusters: readonly string[];
  text: string;
  face: Face;
  look: Look;
  width: number;
  level: number;
  isSpace: boolean;
  /** The text that readers copy, where it is not what is drawn. */
  copied: string | undefined;
  picture: Picture | undefined;
  /** Whether a line may end behind it, or must. */
  breakAfter: "no" | "may" | "must";
};

/** The pieces of one paragraph, and its direction. */
export type Pieces = { pieces: Piece[]; isRightToLeft: boolean; missing: number };

export type PieceMakers = { fonts: FontSet; measure: Measure };

/** Clusters of a piece: longer words are several. */
const MAX_PIECE = 40;
const RIGHT_TO_LEFT_LETTER = /[\p{L}\p{M}\u200c\u200d]/u;
/** Is drawn for a character that no font has. */
const BOX = "\u25a1";
const SPACE = /^[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]$/;

/** @param wrap `words` breaks lines as in prose; `code` keeps all spaces and breaks behind them. */
export function piecesOf(runs: readonly Run[], makers: PieceMakers, wrap: "words" | "code"): Pieces {
  const texts = runs.map((run) => (run.kind === "text" ? drawable(run.text) : PICTURE));
  const whole = texts.join("");
  const isBaseRightToLeft = wrap === "words" && isRightToLeft(whole);
  // Tokens of code stay in the order of the program, whatever is written in a string or a comment.
  const levels = wrap === "code" ? levelsOfEach(texts) : levelsOf(whole, isBaseRightToLeft);
  const base = isBaseRightToLeft ? 1 : 0;
  const builder = new PieceBuilder(makers, wrap === "words" ? breaksInProse(whole) : breaksInCode(whole));
  let at = 0;
  for (const [index, run] of runs.entries()) {
    const text = texts[index] ?? "";
    if (run.kind === "picture") builder.addPicture(run.picture, run.look, levels?.[at] ?? base, at + 1);
    for (const cluster of run.kind === "picture" ? [] : clustersOf(text)) {
      builder.add(cluster, run.look, levels?.[at] ?? base, at + cluster.length);
      at += cluster.length;
    }
    if (run.kind === "picture") at += 1;
    builder.close();
  }
  return { pieces: builder.pieces, isRightToLeft: isBaseRightToLeft, missing: builder.missing };
}

type Breaks = ReadonlyMap<number, "may" | "must">;

/** Where lines may and must end, by the number of UTF-16 units before. */
function breaksInProse(text: string): Breaks {
  const breaks = new Map<number, "may" | "must">();
  const breaker = new LineBreaker(text);
  for (let next = breaker.nextBreak(); next !== null; next = breaker.nextBreak()) {
    breaks.set(next.position, next.required ? "must" : "may");
  }
  // The end of a paragraph is the end of its last line anyway.
  breaks.delete(text.length);
  return breaks;
}

function breaksInCode(text: string): Breaks {
  const breaks = new Map<number, "may" | "must">();
  for (const { index } of text.matchAll(/ (?! )/g)) breaks.set(index + 1, "may");
  return breaks;
}

type Open = Pick<Piece, "face" | "look" | "level" | "isSpace"> & {
  clusters: string[];
  missing: string | undefined;
};

/** Puts clusters together to pieces. */
class PieceBuilder {
  readonly pieces: Piece[] = [];
  missing = 0;
  readonly #makers: PieceMakers;
  readonly #breaks: Breaks;
  #open: Open | undefined;

  constructor(makers: PieceMakers, breaks: Breaks) {
    this.#makers = makers;
    this.#breaks = breaks;
  }

  /** @param end where the cluster ends in the text of the paragraph. */
  add(cluster: string, look: Look, level: number, end: number): void {
    const isBreak = cluster === "\n";
    if (!isBreak) this.#addVisible(cluster, look, level);
    const breakAfter = isBreak ? "must" : (this.#breaks.get(end) ?? "no");
    if (breakAfter === "no") return;
    if (isBreak || this.#open === undefined) this.#openEmpty(look, level);
    this.close(breakAfter);
  }

  addPicture(picture: Picture, look: Look, level: number, end: number): void {
    const { face } = this.#makers.fonts.choose(PICTURE, look);
    const { width } = picture;
    const breakAfter = this.#breaks.get(end) ?? "no";
    this.pieces.push({
      ...{ clusters: [], text: "", face, look, width, level, breakAfter, picture },
      isSpace: false,
      copied: undefined,
    });
  }

  /** Ends the open piece. */
  close(breakAfter: Piece["breakAfter"] = "no"): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    const text = open.clusters.join("");
    const width = this.#makers.measure.width(text, open.face, open.look.size);
    const { clusters, face, look, level, isSpace, missing: copied } = open;
    this.pieces.push({
      clusters,
      text,
      face,
      look,
      width,
      level,
      isSpace,
      breakAfter,
      copied,
      picture: undefined,
    });
  }

  #addVisible(cluster: string, look: Look, level: number): void {
    const { fonts } = this.#makers;
    const known = fonts.choose(cluster, look);
    const { isMissing } = known;
    const { face } = isMissing ? fonts.choose(BOX, look) : known;
    const shown = isMissing ? BOX : visible(cluster);
    if (shown === "") return;
    if (isMissing) this.missing += 1;
    const isSpace = SPACE.test(cluster);
    const isRightToLeft = level % 2 === 1;
    // Signs between letters are in an order of their own from right to left, so each is a piece.
    const standsAlone = isMissing || (isRightToLeft && !RIGHT_TO_LEFT_LETTER.test(cluster));
    const open = this.#open;
    const belongs =
      open !== undefined &&
      !standsAlone &&
      open.clusters.length < MAX_PIECE &&
      open.face === face &&
      open.level === level &&
      open.isSpace === isSpace;
    if (!belongs) {
      this.close();
      this.#open = { clusters: [], face, look, level, isSpace, missing: isMissing ? cluster : undefined };
    }
    this.#open?.clusters.push(isRightToLeft && standsAlone ? mirrored(shown) : shown);
    if (standsAlone) this.close();
  }

  /** A piece without text, which only carries a line break. */
  #openEmpty(look: Look, level: number): void {
    this.close();
    const { face } = this.#makers.fonts.choose(" ", look);
    this.#open = { clusters: [], face, look, level, isSpace: true, missing: undefined };
  }
}
