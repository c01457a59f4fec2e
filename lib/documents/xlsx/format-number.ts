import { formatValue } from "hucre";

/** The last day of the year 9999; Excel shows none beyond it. */
const MAX_SERIAL = 2_958_466;
/** A tenth of a millisecond in days: a time such as 2:00 is stored as slightly less. */
const TIME_TOLERANCE = 1e-9;
/** Digits that Excel keeps of a number. */
const DIGITS = 15;

/** Text in quotes, one character after a backslash, padding and filling: what shows, but is no placeholder. */
const LITERALS = /"[^"]*"?|\\.?|[_*]./gs;
const BRACKETS = /\[[^\]]*\]?/g;
/** A currency or other text with the number of a country: `[$€-407]`; of dates and times only the number. */
const LOCALE = /\[\$([^\]-]*)(?:-[^\]]*)?\]/g;
const ELAPSED = /\[(?:h+|m+|s+)\]/i;
const DAYS_AND_TIMES = /[ymdhs]/i;
/** Years of Japan, Taiwan and Thailand, and the weekdays of East Asia. */
const OTHER_CALENDARS = /[gebn]|aaa/i;
/** Denominators are found by trying all of that many digits. */
const LONG_DENOMINATOR = /\/[?#0\d]{5}/;
const NEGATIVE_ZERO = /^-(?=0(?:[.,]0*)?%?$)/;

/**
 * A number as Excel shows it in a cell with this format. In the manner of the USA, as the codes are written; dates
 * of other calendars in ISO's. Numbers without a format in full, where Excel shortens long ones to `1.23E+15`.
 * @param source The number as the file has it.
 */
export function formatNumber(source: string, code: string, is1904: boolean): string {
  const value = Number(source);
  if (source.trim() === "" || !Number.isFinite(value)) return source;
  const bare = code.replace(LITERALS, "");
  const placeholders = bare.replace(BRACKETS, "");
  if (isGeneral(code, placeholders)) return general(source, value);
  const isDate = ELAPSED.test(bare) || DAYS_AND_TIMES.test(placeholders.replaceAll(/general/gi, ""));
  if (isDate) return formatDate(source, value, { code, placeholders, is1904 });
  return show(value, prepare(code, general(source, Math.abs(value))), is1904) ?? general(source, value);
}

function isGeneral(code: string, placeholders: string): boolean {
  const trimmed = placeholders.trim();
  const isPlain =
    trimmed === "" ? code.trim() === "" : /^(?:general|@)$/i.test(trimmed) && code.trim() === trimmed;
  return isPlain || LONG_DENOMINATOR.test(placeholders);
}

type DateFormat = { code: string; placeholders: string; is1904: boolean };

function formatDate(source: string, serial: number, { code, placeholders, is1904 }: DateFormat): string {
  if (serial < 0 || serial >= MAX_SERIAL) return general(source, serial);
  const isOther = OTHER_CALENDARS.test(placeholders.replace(/am\/pm|a\/p/gi, ""));
  const shown = isOther ? "yyyy-mm-dd" : code.replace(/\[\$[^\]]*\]/g, "");
  return show(serial + TIME_TOLERANCE, shown, is1904) ?? general(source, serial);
}

/** Undefined when the library cannot show it. */
function show(value: number, code: string, is1904: boolean): string | undefined {
  try {
    return formatValue(value, code, { is1904 }).replace(/\s+/g, " ").trim().replace(NEGATIVE_ZERO, "");
  } catch (error) {
    // For example more decimals than JavaScript can print.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What `formatValue` leaves out or misreads, written in codes that it knows. */
function prepare(code: string, generalText: string): string {
  return code
    .replace(LOCALE, (_, text: string) => `"${text}"`)
    .split(";")
    .map((section) => withoutOptionalDigits(section).replace(/general/gi, `"${generalText}"`))
    .join(";");
}

/** `"-"??` shows a dash for nothing: its question marks are spaces, not digits. */
function withoutOptionalDigits(section: string): string {
  const placeholders = section.replace(LITERALS, "").replace(BRACKETS, "");
  return /[0#]/.test(placeholders) ? section : section.replaceAll("?", "");
}

/** A number without a format. */
function general(source: string, value: number): string {
  if (/^-?\d+$/.test(source)) return value < 0 || !source.startsWith("-") ? source : source.slice(1);
  const rounded = Number(value.toPrecision(DIGITS));
  return Number.isInteger(rounded) && Math.abs(rounded) < 1e21 ? BigInt(rounded).toString() : String(rounded);
}
