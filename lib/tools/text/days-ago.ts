import { fold } from "#lib/tools/text/fold.ts";

/** "3 days ago", in the order of the words of each language. */
const COUNT = "(\\d{1,4}|[a-z]{2,8}|дв[ае]|три|четыре|пять|[一二两兩三四五六七八九十])";
const DAYS_OF = "days?|tage?n?|jours?|dias?|giorn[io]|дн[яей]{1,2}|день|天|日|일";
const WEEKS_OF = "weeks?|wochen?|semaines?|semanas?|settiman[ae]|недел[юиь]|周|週間|週|주";
const MONTHS_OF = "months?|monate?n?|mois|mes(?:es)?|mesi|месяц(?:а|ев)?|个月|個月|か月|ヶ月|カ月|개월|달";
const YEARS_OF = "years?|jahre?n?|ans?|anos?|ann[io]|год(?:а)?|лет|年|년";
const UNIT = `(?:(${DAYS_OF})|(${WEEKS_OF})|(${MONTHS_OF})|(${YEARS_OF}))`;
const AGO: readonly RegExp[] = [
  new RegExp(`(?<![\\p{L}\\d])${COUNT}\\s?${UNIT}\\s?(?:ago|fa|atras|назад|前|之前|전)(?![a-zа-я])`, "u"),
  new RegExp(`(?<!\\p{L})(?:vor|il y a|hace|ha)\\s${COUNT}\\s${UNIT}(?!\\p{L})`, "u"),
];
/** Days of a unit, in the order of the groups. */
const UNIT_DAYS = [1, 7, 30, 365] as const;
const COUNT_WORDS: readonly string[] = [
  "one a an ein einem einer eine un une uno una um uma 一",
  "two couple zwei deux dos dois duas due два две 二 两 兩",
  "three drei trois tres tre три 三",
  "four vier quatre cuatro quatro quattro четыре 四",
  "five funf cinq cinco cinque пять 五",
  "six sechs seis sei 六",
  "seven sieben sept siete sete sette 七",
  "eight acht huit ocho oito otto 八",
  "nine neun neuf nueve nove 九",
  "ten zehn dix diez dez dieci 十",
];

/** How many days back a text counts, "two weeks ago" 14, and the text without these words. */
export function findDaysAgo(text: string): { days: number; rest: string } | undefined {
  const folded = fold(text);
  // Folding keeps the length of nearly every text, so that its upper case can be kept.
  const source = folded.length === text.length ? text : folded;
  for (const pattern of AGO) {
    const match = pattern.exec(folded);
    if (match === null) continue;
    const count = countOf(match[1] ?? "");
    const unit = UNIT_DAYS[match.slice(2).findIndex((found) => found !== undefined)];
    if (count === undefined || unit === undefined) continue;
    const rest = `${source.slice(0, match.index)} ${source.slice(match.index + match[0].length)}`;
    return { days: count * unit, rest };
  }
  return undefined;
}

function countOf(word: string): number | undefined {
  if (/^\d+$/.test(word)) return Number(word);
  const at = COUNT_WORDS.findIndex((words) => words.split(" ").includes(word));
  return at === -1 ? undefined : at + 1;
}
