/** The fonts of exported documents, as data. */

export type FontStyle = { bold: boolean; italic: boolean; mono: boolean };

/** The files of a family. One that has no bold or no italic file is drawn with the nearest that it has. */
export type Family = {
  regular: string;
  bold?: string | undefined;
  italic?: string | undefined;
  boldItalic?: string | undefined;
  /** The package that has its files; those of the others are in assets/fonts. */
  package?: string | undefined;
};

/** Chinese, Japanese and Korean write some of the same characters differently. */
export type EastAsian = "sc" | "jp" | "kr";

const SANS: Family = {
  regular: "NotoSans-Regular.ttf",
  bold: "NotoSans-Bold.ttf",
  italic: "NotoSans-Italic.ttf",
  boldItalic: "NotoSans-BoldItalic.ttf",
};
const MONO: Family = { regular: "NotoSansMono-Regular.ttf", bold: "NotoSansMono-Bold.ttf" };
const HEBREW: Family = { regular: "NotoSansHebrew-Regular.ttf", bold: "NotoSansHebrew-Bold.ttf" };
const ARABIC: Family = { regular: "IBMPlexSansArabic-Regular.ttf", bold: "IBMPlexSansArabic-Bold.ttf" };
const EMOJI: Family = { regular: "NotoEmoji-Regular.ttf" };
const SIGNS: readonly Family[] = [
  { regular: "NotoSansSymbols2-Regular.ttf" },
  { regular: "NotoSansMath-Regular.ttf" },
  { regular: "NotoSansSymbols-Regular.ttf" },
];
const EAST_ASIAN: Readonly<Record<EastAsian, Family>> = {
  sc: eastAsian("@embedpdf/fonts-sc", "NotoSansHans"),
  jp: eastAsian("@embedpdf/fonts-jp", "NotoSansJP"),
  kr: eastAsian("@embedpdf/fonts-kr", "NotoSansKR"),
};

function eastAsian(name: string, file: string): Family {
  return { regular: `${file}-Regular.otf`, bold: `${file}-Bold.otf`, package: name };
}

/** Emoji are looked for among the emoji first: some of them are signs of other fonts too. */
export type Presentation = "text" | "emoji";

/** The families in which a character is looked for, in order. The first draws what none of them has. */
export function familiesFor(
  mono: boolean,
  presentation: Presentation,
  eastAsianOrder: readonly EastAsian[],
): readonly Family[] {
  const text = mono ? [MONO, SANS] : [SANS];
  // The Arabic font has signs too, which look otherwise. Lines of boxes are in the fonts of code alone.
  const others = [...SIGNS, HEBREW, ARABIC, MONO];
  const east = eastAsianOrder.map((name) => EAST_ASIAN[name]);
  return presentation === "emoji"
    ? [EMOJI, ...text, ...others, ...east]
    : [...text, ...others, EMOJI, ...east];
}

/** The files of a family that may draw a style, the best first. */
export function filesOf(family: Family, { bold, italic }: FontStyle): readonly string[] {
  const { regular, bold: bolder, italic: slanted, boldItalic } = family;
  const files = [
    bold && italic ? boldItalic : undefined,
    bold ? bolder : undefined,
    italic ? slanted : undefined,
  ];
  return [...files, regular].filter((file) => file !== undefined);
}

/** Which of the East Asian fonts a text asks for first, by the letters that only one language has. */
export function eastAsianOrderOf(text: string): readonly EastAsian[] {
  if (/[\u3041-\u30ff]/.test(text)) return ["jp", "sc", "kr"];
  if (/[\uac00-\ud7a3]/.test(text)) return ["kr", "sc", "jp"];
  return ["sc", "jp", "kr"];
}
