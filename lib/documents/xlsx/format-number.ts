import { formatValue } from "hucre";

/** The last day of the year 9999; Excel shows none beyond it. */
const MAX_SERIAL = 2_958_466;
/** A tenth of a millisecond in days: a time such as 2:00 is stored as slightly less. */
const TIME_TOLERANCE = 1e-9;
/** Less than half of the 16th digit, and more than the error of a number as it is stored. */
const HALF_DIGIT = 3e-16;
/** Digits that Excel keeps of a number. */
const DIGITS = 15;

/** Text in quotes, one character after a backslash, padding and filling: what shows, but is no placeholder. */
const LITERALS = /"([^"]*)"?|\\(.?)|[_*]./gs;
/** A currency or other text with the number of a country, `[$€-407]`; of dates and times only the number. */
const LOCALE = /\[\$([^\]-]*)(?:-[^\]]*)?\]/g;
const BRACKETS = /\[[^\]]*\]?/g;
const CONDITION = /\[(<=|>=|<>|<|>|=)(-?\d{1,15}(?:\.\d{1,15})?)\]/;
const ELAPSED = /\[(?:h+|m+|s+)\]/i;
const DAYS_AND_TIMES = /[ymdhs]/i;
/** Years of Japan, Taiwan and Thailand, and the weekdays of East Asia. */
const OTHER_CALENDARS = /[gebn]|aaa/i;
const AM_PM = /am\/pm|a\/p/gi;
/** Where the number itself goes as it is. */
const AS_IT_IS = /general|@/gi;
/** Denominators are found by trying all of that many digits. */
const LONG_DENOMINATOR = /\/[?#0\d]{5}/;
/** `?/?` without a place for the whole part. */
const FRACTION_ALONE = /(?<![#0?] {0,3})[?#0]{1,4}\/(?=[?#0\d])/;
const ENGINEERING = /(?<![.#0?])([#0?]{2,9})(?:\.([#0?]{1,30}))?(?=E[+-])/gi;
const ISO_DATE = "yyyy-mm-dd";
const DAY_FIRST = /(?<![a-z/-])d{1,2}([/-])m{1,2}(?:\1(y{1,4}))?(?![a-z/-])/gi;
const MONTH_FIRST = /(?<![a-z/-])m{1,2}([/-])d{1,2}(?:\1(y{1,4}))?(?![a-z/-])/gi;
const MONTH_LETTER = /(?<!m)m{5}(?!m)/gi;
const NEGATIVE_ZERO = /^-(?=0(?:[.,]0*)?%?$)/;
/** Literals are out of the library's sight as one of these each: it reads the `h` in `h"h"` as hours. */
const FIRST_LITERAL = 0xe000;
const HIDDEN_LITERALS = /[\ue000-\ue1ff]/g;

/** A format whose literals are hidden. */
type Format = { code: string; literals: string[] };

/**
 * A number as Excel shows it in a cell with this format. In the manner of the USA, as the codes are written; dates
 * of other calendars, and those that another country would read otherwise, in ISO's. Numbers without a format in
 * full, where Excel shortens long ones to `1.23E+15`.
 * @param source The number as the file has it.
 * @param code No longer than Excel allows: 255 characters.
 */
export function formatNumber(source: string, code: string, is1904: boolean): string {
  const value = Number(source);
  if (source.trim() === "" || !Number.isFinite(value)) return source;
  const plain = general(source, value);
  if (code === "" || /^(?:general|@)$/i.test(code.trim())) return plain;
  const format = hideLiterals(code);
  const placeholders = format.code.replace(BRACKETS, "").replace(AS_IT_IS, "");
  if (LONG_DENOMINATOR.test(placeholders)) return plain;
  if (ELAPSED.test(format.code) || DAYS_AND_TIMES.test(placeholders)) {
    if (value < 0 || value >= MAX_SERIAL) return plain;
    const isOther = OTHER_CALENDARS.test(placeholders.replace(AM_PM, ""));
    const date = isOther ? { code: ISO_DATE, literals: [] } : withClearDates(format);
    return show(value + TIME_TOLERANCE, date, is1904) ?? plain;
  }
  const shown = withNumber(withKnownParts(sectionFor(value, format)), source, value);
  return show(roundable(value), shown, is1904) ?? plain;
}

function hideLiterals(code: string): Format {
  const literals: string[] = [];
  const hide = (_: string, quoted?: string, escaped?: string): string => {
    const literal = quoted ?? escaped ?? "";
    return literal === "" ? "" : String.fromCharCode(FIRST_LITERAL + literals.push(literal) - 1);
  };
  const hidden = code.replace(LITERALS, hide).replace(LOCALE, (_, text: string) => hide("", text));
  return { code: hidden, literals };
}

/**
 * Days and months that are both numbers, in an order that nobody can tell from them: 01/02/2026 is in January or in
 * February, and Excel turns them around for readers of other countries. With dots it is always the day first.
 */
function withClearDates({ code, literals }: Format): Format {
  const clear = code
    .replace(HIDDEN_LITERALS, (sign) => {
      const literal = literals[sign.charCodeAt(0) - FIRST_LITERAL] ?? "";
      return literal === "/" || literal === "-" ? literal : sign;
    })
    .replace(DAY_FIRST, (_, _separator, year?: string) => (year === undefined ? "d mmm" : ISO_DATE))
    .replace(MONTH_FIRST, (_, _separator, year?: string) => (year === undefined ? "mmm d" : ISO_DATE))
    // The first letter of the month: three of the twelve have a J.
    .replace(MONTH_LETTER, "mmm");
  return { code: clear, literals };
}

/**
 * In place of what the library does not know: exponents that are multiples of three have as many digits behind the
 * point, and fractions of more than one are shown with the whole part in front.
 */
function withKnownParts({ code, literals }: Format): Format {
  const known = code
    .replace(
      ENGINEERING,
      (_, whole: string, decimals = "") => `0.${"0".repeat(whole.length - 1 + decimals.length)}`,
    )
    .replace(FRACTION_ALONE, "# $&");
  return { code: known, literals };
}

/** Excel rounds what it shows, 15 digits: 1.005 is half of a hundredth, not the slightly less that is stored. */
function roundable(value: number): number {
  return Number.isInteger(value) ? value : value * (1 + HALF_DIGIT);
}

/** Undefined when the library cannot show it. */
function show(value: number, { code, literals }: Format, is1904: boolean): string | undefined {
  try {
    return formatValue(value, code, { is1904 })
      .replace(HIDDEN_LITERALS, (sign) => literals[sign.charCodeAt(0) - FIRST_LITERAL] ?? "")
      .replace(/\s+/g, " ")
      .replace(/\/ (?=\d)/, "/")
      .replace(/^- (?=\d)/, "-")
      .trim()
      .replace(NEGATIVE_ZERO, "");
  } catch (error) {
    // For example more decimals than JavaScript can print.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Of a format with conditions the section whose condition holds; the whole format if it has none. */
function sectionFor(value: number, { code, literals }: Format): Format {
  if (!CONDITION.test(code)) return { code, literals };
  const sections = code.split(";").slice(0, 3);
  const found = sections.find((section, at) => {
    const [, operator, limit] = CONDITION.exec(section) ?? [];
    if (operator !== undefined) return holds(value, operator, Number(limit));
    return at === sections.length - 1;
  });
  return { code: (found ?? sections[0] ?? "").replace(CONDITION, ""), literals };
}

function holds(value: number, operator: string, limit: number): boolean {
  switch (operator) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "=":
      return value === limit;
    default:
      return value !== limit;
  }
}

/** With the number in the places where the format has it as it is. */
function withNumber({ code, literals }: Format, source: string, value: number): Format {
  // With sections of their own, negative numbers have no sign.
  const text = general(source, code.includes(";") ? Math.abs(value) : value);
  const all = [...literals, text];
  const number = String.fromCharCode(FIRST_LITERAL + literals.length);
  const sections = code.split(";").map((section) => withoutOptionalDigits(section).replace(AS_IT_IS, number));
  return { code: sections.join(";"), literals: all };
}

/** `"-"??` shows a dash for nothing: its question marks are spaces, not digits. */
function withoutOptionalDigits(section: string): string {
  return /[0#]/.test(section.replace(BRACKETS, "")) ? section : section.replaceAll("?", "");
}

/** A number without a format. */
function general(source: string, value: number): string {
  if (/^-?\d+$/.test(source)) return value < 0 || !source.startsWith("-") ? source : source.slice(1);
  const rounded = Number(value.toPrecision(DIGITS));
  return Number.isInteger(rounded) && Math.abs(rounded) < 1e21 ? BigInt(rounded).toString() : String(rounded);
}
