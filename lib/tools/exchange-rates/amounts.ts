import { lazy } from "#lib/shared/lazy.ts";
import { fold } from "#lib/tools/text/fold.ts";

/** What multiplies the number before it, in the languages of the currency names. */
const MULTIPLIERS: Readonly<Record<number, string>> = {
  100: "hundred hundert cien ciento cem cento cent-mille сто सौ 百 백 yuz honderd مئة مائة",
  1e3: "k thousand thousands tsd tausend mille mila mil miles тыс тысяч тысяча тысячи हजार हज़ार 千 천 bin duizend tys tysiecy ألف آلاف الف",
  1e4: "万 萬 만",
  1e5: "lakh lakhs lac lacs लाख",
  1e6:
    "m mn mio million millions millionen millones millon milhao milhoes milione milioni mln млн миллион миллиона миллионов " +
    "मिलियन milyon miljoen مليون 百万 백만",
  1e7: "crore crores cr करोड़ करोड़",
  1e8: "亿 億 억",
  1e9:
    "b bn billion billions milliarde milliarden milliard milliards mrd miliardi bilhao bilhoes bilhões млрд миллиард миллиардов " +
    "अरब milyar miljard مليار",
};

const NUMBER_WORDS: Readonly<Record<number, string>> = {
  1: "one eins ein eine einen 一",
  2: "two zwei deux dos dois due два 二 两",
  3: "three drei trois tres três tre три 三",
  4: "four vier 四",
  5: "five fünf cinq cinco cinque пять 五",
  6: "six 六",
  7: "seven 七",
  8: "eight 八",
  9: "nine 九",
  10: "ten zehn dix diez dez dieci десять 十",
  20: "twenty zwanzig vingt veinte vinte venti двадцать",
  30: "thirty",
  40: "forty",
  50: "fifty fünfzig cinquante cincuenta cinquenta cinquanta пятьдесят",
};

const byWord = (table: Readonly<Record<number, string>>): Map<string, number> =>
  new Map(
    Object.entries(table).flatMap(([value, words]) =>
      words.split(" ").map((word): [string, number] => [fold(word), Number(value)]),
    ),
  );
const TABLES = lazy(() => ({ multipliers: byWord(MULTIPLIERS), numbers: byWord(NUMBER_WORDS) }));

/** The factor of a folded word such as `k`, `lakh`, `万`; undefined if it is none. */
export function multiplierOf(folded: string): number | undefined {
  return TABLES.value.multipliers.get(folded);
}

/** The value of a folded number word. */
export function numberWord(folded: string): number | undefined {
  return TABLES.value.numbers.get(folded);
}

/**
 * The value of digits with separators: `1,234.56`, `1.234,56`, `1 234,5`, `1'234`, `1,00,000`. A single separator
 * before three digits groups thousands ("1.234 €"), unless a zero stands before it. Undefined if it is no number.
 * `2.5e3` has a point.
 */
export function parseNumber(text: string): number | undefined {
  if (/e/i.test(text)) return finite(text.replace(",", "."));
  const compact = text.replace(/[ \u00a0\u202f'’]/g, "");
  const last = Math.max(compact.lastIndexOf("."), compact.lastIndexOf(","));
  if (last === -1) return finite(compact);
  const [mark = ""] = compact.slice(last);
  const whole = compact.slice(0, last);
  const isRepeated = whole.includes(mark);
  const hasOther = whole.includes(mark === "." ? "," : ".");
  const groups = compact.length - last - 1 === 3 && !/^0+$/.test(whole) && !hasOther;
  if (isRepeated || groups) return finite(compact.replace(/[.,]/g, ""));
  return finite(`${whole.replace(/[.,]/g, "")}.${compact.slice(last + 1)}`);
}

function finite(digits: string): number | undefined {
  const value = Number(digits);
  return digits !== "" && Number.isFinite(value) ? value : undefined;
}
