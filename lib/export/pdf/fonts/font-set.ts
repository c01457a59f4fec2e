import { create, type Font } from "fontkit";
import {
  type EastAsian,
  type Family,
  type FontStyle,
  familiesFor,
  filesOf,
  type Presentation,
} from "#lib/export/pdf/fonts/families.ts";

/** Reads a font's file; undefined if it is not installed. */
export type LoadFont = (file: string, packageName: string | undefined) => Uint8Array | undefined;

/** One file of a family. */
export class Face {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly #font: Font;

  constructor(name: string, bytes: Uint8Array) {
    const font = create(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (!("hasGlyphForCodePoint" in font)) throw new Error(`${name} is a collection of fonts.`);
    this.name = name;
    this.bytes = bytes;
    this.#font = font;
  }

  covers(codePoint: number): boolean {
    return this.#font.hasGlyphForCodePoint(codePoint);
  }
}

/** A face for a cluster of characters, and whether it has them all. */
export type Choice = { face: Face; isMissing: boolean };

/** Characters that change how others look, and need no glyph of their own. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;
const EMOJI = /\p{Emoji_Presentation}|\ufe0f|\p{Emoji_Modifier}|\u20e3/u;

/** Finds the font of each cluster: the first of the families that has all of its characters. */
export class FontSet {
  readonly #load: LoadFont;
  readonly #eastAsianOrder: readonly EastAsian[];
  readonly #faces = new Map<string, Face | undefined>();
  /** By style and cluster. */
  readonly #choices = new Map<string, Choice>();

  constructor(load: LoadFont, eastAsianOrder: readonly EastAsian[]) {
    this.#load = load;
    this.#eastAsianOrder = eastAsianOrder;
  }

  /** A cluster is what a reader takes for one character: a letter with its accents, an emoji of several. */
  choose(cluster: string, style: FontStyle): Choice {
    const key = `${style.mono ? "m" : ""}${style.bold ? "b" : ""}${style.italic ? "i" : ""}:${cluster}`;
    const known = this.#choices.get(key);
    if (known !== undefined) return known;
    const choice = this.#find(cluster, style);
    this.#choices.set(key, choice);
    return choice;
  }

  #find(cluster: string, style: FontStyle): Choice {
    const presentation: Presentation = EMOJI.test(cluster) && !cluster.includes("\ufe0e") ? "emoji" : "text";
    const codePoints = [...cluster]
      .filter((character) => !INVISIBLE.test(character))
      .map((character) => character.codePointAt(0) ?? 0);
    const families = familiesFor(style.mono, presentation, this.#eastAsianOrder);
    for (const family of families) {
      for (const face of this.#facesOf(family, style)) {
        if (codePoints.every((code) => face.covers(code))) return { face, isMissing: false };
      }
    }
    return { face: this.#baseFace(codePoints[0], style), isMissing: true };
  }

  /** What draws a cluster of which something is missing: the font of its first character, if there is one. */
  #baseFace(first: number | undefined, style: FontStyle): Face {
    const families = familiesFor(style.mono, "text", this.#eastAsianOrder);
    const faces = families.flatMap((family) => [...this.#facesOf(family, style)]);
    const base = faces.find((face) => first !== undefined && face.covers(first)) ?? faces[0];
    if (base === undefined) throw new Error("The fonts of exported documents are not installed.");
    return base;
  }

  /** The faces of a family that may draw a style, the best first. Each file is read when it is first asked for. */
  *#facesOf(family: Family, style: FontStyle): Generator<Face> {
    for (const file of filesOf(family, style)) {
      if (!this.#faces.has(file)) {
        const bytes = this.#load(file, family.package);
        this.#faces.set(file, bytes === undefined ? undefined : new Face(file, bytes));
      }
      const face = this.#faces.get(file);
      if (face !== undefined) yield face;
    }
  }
}
