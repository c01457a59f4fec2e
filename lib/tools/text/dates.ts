import { lazy } from "#lib/shared/lazy.ts";
import { findDaysAgo } from "#lib/tools/text/days-ago.ts";
import { fold, type Words, wordsOf } from "#lib/tools/text/fold.ts";

const DAY_MS = 86_400_000;

/** A day as `YYYY-MM-DD`. */
export type Day = string;

export const dayOf = (wallMs: number): Day => new Date(wallMs).toISOString().slice(0, 10);
export const addDays = (day: Day, days: number): Day => dayOf(Date.parse(day) + days * DAY_MS);

/** The weekday in English: `Friday`. */
export const weekdayOf = (day: Day): string =>
  ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"][new Date(day).getUTCDay()] ??
  "";

export type FoundDay = {
  day: Day;
  /** The text without the words of the date. */
  rest: string;
  /** How a date was read that can be read in several ways, as a sentence. */
  assumed?: string;
};

const MONTHS: readonly string[] = [
  "jan january januar janner janvier enero ene janeiro gennaio gen январ* ocak stycz* januari",
  "feb february februar fevrier fev febrero fevereiro febbraio феврал* subat lut* februari",
  "mar march marz maerz mars marzo marco март* mart marca maart",
  "apr april avril abril abr aprile апрел* nisan kwiet*",
  "may mai mayo maio maggio мая май mayis maja mei",
  "jun june juni juin junio junho giugno giu июн* haziran czerw*",
  "jul july juli juillet julio julho luglio lug июл* temmuz lip*",
  "aug august aout agosto ago август* agustos sierp* augustus",
  "sep sept september septembre septiembre setembro settembre set сентябр* eylul wrze*",
  "oct october okt oktober octobre octubre outubro ottobre ott октябр* ekim pazdz*",
  "nov november novembre noviembre novembro ноябр* kasim listop*",
  "dec december dez dezember decembre diciembre dic dezembro dicembre декабр* aralik grud*",
];
const WEEKDAYS: readonly string[] = [
  "sunday sonntag dimanche domingo domenica воскресень* pazar zondag niedziel* 周日 星期日 日曜日 日曜 일요일 रविवार الأحد",
  "monday montag lundi lunes segunda-feira lunedi понедельник* pazartesi maandag poniedzial* 周一 星期一 月曜日 月曜 월요일 सोमवार الاثنين",
  "tuesday dienstag mardi martes terca-feira martedi вторник* sali dinsdag wtor* 周二 星期二 火曜日 火曜 화요일 मंगलवार الثلاثاء",
  "wednesday mittwoch mercredi miercoles quarta-feira mercoledi сред* carsamba woensdag 周三 星期三 水曜日 水曜 수요일 बुधवार الأربعاء",
  "thursday donnerstag jeudi jueves quinta-feira giovedi четверг* persembe donderdag czwart* 周四 星期四 木曜日 木曜 목요일 गुरुवार الخميس",
  "friday freitag vendredi viernes sexta-feira sexta venerdi пятниц* cuma vrijdag piat* 周五 星期五 金曜日 金曜 금요일 शुक्रवार الجمعة",
  "saturday samstag samedi sabado sabato суббот* cumartesi zaterdag sobot* 周六 星期六 土曜日 土曜 토요일 शनिवार السبت",
];

/** Phrases for a day that is so many days from today; longer ones first where one contains another. */
const RELATIVE: readonly (readonly [days: number, phrases: string])[] = [
  [
    -2,
    "the day before yesterday|day before yesterday|vorgestern|avant-hier|anteayer|anteontem|позавчера|前天|一昨日|おととい|그저께|eergisteren",
  ],
  [
    -1,
    "yesterday's|yesterday|gestern|hier|ayer|ontem|ieri|вчера|昨天|昨日|きのう|어제|أمس|امس|dun|gisteren|wczoraj",
  ],
  [
    2,
    "the day after tomorrow|day after tomorrow|übermorgen|ubermorgen|apres-demain|pasado mañana|depois de amanha|dopodomani|послезавтра|后天|明後日|모레",
  ],
  [1, "tomorrow's|tomorrow|morgen|demain|mañana|amanhã|domani|завтра|明天|明日|내일|غدا|yarın|jutro"],
  [
    -7,
    "last week|a week ago|one week ago|letzte woche|vor einer woche|la semaine derniere|il y a une semaine|la semana pasada|hace una semana|semana passada|settimana scorsa|на прошлой неделе|неделю назад|上周|先週|지난주|geçen hafta",
  ],
  [
    -30,
    "last month|a month ago|one month ago|letzten monat|vor einem monat|le mois dernier|il y a un mois|el mes pasado|hace un mes|mes passado|mese scorso|месяц назад|上个月|先月|지난달|geçen ay",
  ],
  [
    -365,
    "last year|a year ago|one year ago|letztes jahr|vor einem jahr|l'annee derniere|l'an dernier|il y a un an|el año pasado|hace un año|ano passado|anno scorso|год назад|去年|昨年|작년|geçen yıl",
  ],
  [
    7,
    "next week|nächste woche|la semaine prochaine|la semana que viene|proxima semana|prossima settimana|下周|来週|다음주",
  ],
  [30, "next month|nächsten monat|le mois prochain|el mes que viene|下个月|来月"],
  [365, "next year|nächstes jahr|l'annee prochaine|l'an prochain|el año que viene|明年|来年"],
];

const TABLES = lazy(() => ({
  months: MONTHS.map(wordsOf),
  weekdays: WEEKDAYS.map(wordsOf),
  relative: RELATIVE.map(([days, phrases]) => ({ days, phrases: phrases.split("|").map(fold) })),
}));

const indexIn = (tables: readonly Words[], word: string): number =>
  tables.findIndex((words) => words.has(fold(word)));

const YEAR_FIRST = /(?<!\d)(\d{4})(?:[-/.]|年|년\s?)(\d{1,2})(?:[-/.]|月|월\s?)(\d{1,2})(?:日|일)?(?!\d)/;
const YEAR_LAST = /(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)/;
const DAY_MONTH =
  /(?<![\d.,])(\d{1,2})(?:st|nd|rd|th|er|\.|º)?\s(?:de\s|of\s)?(\p{L}{3,12})\.?,?(?:\s(?:de\s|del\s)?(\d{4})(?!\d))?/gu;
const MONTH_DAY =
  /(?<!\p{L})(\p{L}{3,12})\.?\s(\d{1,2})(?:st|nd|rd|th)?(?![\d.,]\d|\d)(?:,?\s(\d{4})(?!\d))?/gu;
const MONTH_YEAR = /(?<!\p{L})(\p{L}{3,12})\s(?:de\s)?(\d{4})(?!\d)/gu;
const YEAR_ONLY = /(?<!\p{L})(?:in|en|em|im|nel|в|since)\s(\d{4})(?![\d.,]|\s?[\p{Sc}])/iu;
/**
 * The day that a text in plain form names, before or after today; undefined if it names none. A weekday is the
 * last one before today, a day without a year the last one that has been, a month or a year its last day.
 */
export function findDay(text: string, today: Day): FoundDay | undefined {
  return (
    numericDay(text) ??
    namedDay(text, today) ??
    agoDay(text, today) ??
    relativeDay(text, today) ??
    period(text, today)
  );
}

const without = (text: string, { 0: found, index }: RegExpExecArray): string =>
  `${text.slice(0, index)} ${text.slice(index + found.length)}`;

/** Undefined for the 31st of February. */
function day(year: number, month: number, date: number): Day | undefined {
  const wall = Date.UTC(year, month - 1, date);
  const found = dayOf(wall);
  return month >= 1 && month <= 12 && found.endsWith(`-${String(date).padStart(2, "0")}`) ? found : undefined;
}

function numericDay(text: string): FoundDay | undefined {
  const iso = YEAR_FIRST.exec(text);
  if (iso !== null) {
    const found = day(Number(iso[1]), Number(iso[2]), Number(iso[3]));
    return found === undefined ? undefined : { day: found, rest: without(text, iso) };
  }
  const match = YEAR_LAST.exec(text);
  if (match === null) return undefined;
  const [first, second, year] = [Number(match[1]), Number(match[3]), Number(match[4])];
  const dayFirst = day(year, second, first);
  const found = dayFirst ?? day(year, first, second);
  if (found === undefined) return undefined;
  const isUnsure = match[2] === "/" && first <= 12 && second <= 12 && first !== second;
  const assumed = `${match[0]} was read as ${found}, the day before the month.`;
  return { day: found, rest: without(text, match), ...(isUnsure ? { assumed } : {}) };
}

/** `3 March 2024`, `March 3`, `3 de marzo de 2024`. */
function namedDay(text: string, today: Day): FoundDay | undefined {
  for (const [pattern, monthAt, dateAt] of [
    [DAY_MONTH, 2, 1],
    [MONTH_DAY, 1, 2],
  ] as const) {
    for (const match of text.matchAll(pattern)) {
      const month = indexIn(TABLES.value.months, match[monthAt] ?? "") + 1;
      if (month === 0) continue;
      const year = match[3] === undefined ? Number(today.slice(0, 4)) : Number(match[3]);
      const found = day(year, month, Number(match[dateAt]));
      if (found === undefined) continue;
      const isLater = match[3] === undefined && found > today;
      const past = isLater ? day(year - 1, month, Number(match[dateAt])) : found;
      return { day: past ?? found, rest: without(text, match) };
    }
  }
  return undefined;
}

/** A day of the last thousand years has a year of four digits. */
const MAX_DAYS_AGO = 365_000;

function agoDay(text: string, today: Day): FoundDay | undefined {
  const found = findDaysAgo(text);
  return found === undefined
    ? undefined
    : { day: addDays(today, -Math.min(found.days, MAX_DAYS_AGO)), rest: found.rest };
}

function relativeDay(text: string, today: Day): FoundDay | undefined {
  const folded = fold(text);
  // Folding keeps the length of nearly every text, so that its upper case can be kept.
  const source = folded.length === text.length ? text : folded;
  for (const { days, phrases } of TABLES.value.relative) {
    for (const phrase of phrases) {
      const at = wordAt(folded, phrase);
      if (at === -1) continue;
      return {
        day: addDays(today, days),
        rest: `${source.slice(0, at)} ${source.slice(at + phrase.length)}`,
      };
    }
  }
  return weekday(text, today);
}

const IS_LETTER = /[\p{L}\p{M}]/u;
const HAS_NO_SPACES = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Hangul}]/u;

/** Where a phrase stands as whole words; anywhere in a script without spaces. */
function wordAt(text: string, phrase: string): number {
  for (let at = text.indexOf(phrase); at !== -1; at = text.indexOf(phrase, at + 1)) {
    if (HAS_NO_SPACES.test(phrase)) return at;
    if (!IS_LETTER.test(text[at - 1] ?? " ") && !IS_LETTER.test(text[at + phrase.length] ?? " ")) return at;
  }
  return -1;
}

const LAST_NEXT =
  /^(?:last|on|this|past|letzte[nr]?|am|le|el|il|на|в|прошл\p{L}*|dernier|derniere|pasado|pasada|passad[oa]|scors[oa]|上|先週の|지난)$/u;

function weekday(text: string, today: Day): FoundDay | undefined {
  const words = text.split(/(\s+|[,.!?])/);
  for (const [at, found] of words.entries()) {
    const index = indexIn(TABLES.value.weekdays, found);
    if (index === -1 || found === "") continue;
    const before = fold(words[at - 2] ?? "");
    const isNext = /^(?:next|nächste[nr]?|nachste[nr]?)$/.test(before);
    const back = (new Date(today).getUTCDay() - index + 7) % 7 || 7;
    const isPart = (word: string, place: number): boolean =>
      place === at || (Math.abs(place - at) === 2 && LAST_NEXT.test(fold(word)));
    const rest = words.filter((word, place) => !isPart(word, place));
    return { day: addDays(today, isNext ? 7 - (back % 7) : -back), rest: rest.join("") };
  }
  return undefined;
}

/** A month or a year: its last day, or today if it is not over. */
function period(text: string, today: Day): FoundDay | undefined {
  for (const match of text.matchAll(MONTH_YEAR)) {
    const month = indexIn(TABLES.value.months, match[1] ?? "") + 1;
    if (month > 0) return endOf(match, dayOf(Date.UTC(Number(match[2]), month, 0)), text, today);
  }
  const match = YEAR_ONLY.exec(text);
  const year = Number(match?.[1]);
  return match !== null && year >= 1900 && year <= 2100
    ? endOf(match, `${year}-12-31`, text, today)
    : undefined;
}

function endOf(match: RegExpExecArray, last: Day, text: string, today: Day): FoundDay {
  const hasBegun = last.slice(0, 7) <= today.slice(0, 7) || last.slice(0, 4) === today.slice(0, 4);
  const found = last > today && hasBegun ? today : last;
  return {
    day: found,
    rest: without(text, match),
    assumed: `"${match[0]}" was read as ${found}, its last day.`,
  };
}
