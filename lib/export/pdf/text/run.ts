/** How a run of text looks. */
export type Look = {
  bold: boolean;
  italic: boolean;
  mono: boolean;
  size: number;
  colour: string;
  /** Drawn behind the text. */
  background: string | undefined;
  underline: boolean;
  strike: boolean;
  /** Points above the line; below it if negative. */
  rise: number;
  /** An address, or `#` and the name of a place in the document. */
  link: string | undefined;
};

/** A picture, as large as it is drawn. */
export type Picture = { bytes: Uint8Array; alt: string; width: number; height: number };

export type Run =
  | { kind: "text"; text: string; look: Look }
  | { kind: "picture"; picture: Picture; look: Look };

/** Stands for a picture in the text of a paragraph, as Unicode has it. */
export const PICTURE = "\ufffc";
