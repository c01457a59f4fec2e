import type { Clock } from "#lib/shared/clock.ts";
import { currencyName, isListed, lastListed, minorDigits } from "#lib/tools/exchange-rates/currency.ts";
import {
  type Decimal,
  decimalOf,
  dividedBy,
  money,
  significant,
  times,
} from "#lib/tools/exchange-rates/decimal.ts";
import { detectConversions } from "#lib/tools/exchange-rates/follow-up.ts";
import { frankfurter, type Rates } from "#lib/tools/exchange-rates/frankfurter.ts";
import { type ExchangeInput, exchangeInput } from "#lib/tools/exchange-rates/input.ts";
import { type Day, dayOf, weekdayOf } from "#lib/tools/text/dates.ts";
import { defineTool, type Tool, type ToolResult } from "#lib/tools/tool.ts";
import type { ToolHttp } from "#lib/tools/tool-http.ts";

export type ExchangeRatesOptions = {
  http: ToolHttp;
  clock: Clock;
  /** The origin of Frankfurter's API, without a slash at its end. */
  baseUrl: string;
};

const TIMEOUT_MS = 5_000;
const SOURCE = {
  name: "European Central Bank reference rates, from Frankfurter",
  url: "https://frankfurter.dev/",
};
/** The first day of the euro's rates. */
const FIRST_DAY: Day = "1999-01-04";
const RATE_DIGITS = 6;

/** Converts money, and says what rates are. */
export function exchangeRates({ http, clock, baseUrl }: ExchangeRatesOptions): Tool {
  const source = frankfurter({ http, clock, baseUrl });
  const today = (): Day => dayOf(clock.wallNow());
  return defineTool({
    name: "exchange_rates",
    description:
      "Converts an amount of money between currencies, or gives their exchange rate, of today or of a past day " +
      "since 1999, by the reference rates of the European Central Bank. Use it for any question about what money is " +
      "worth in another currency. It knows no crypto-currencies and no stock prices.",
    input: exchangeInput,
    timeoutMs: TIMEOUT_MS,
    detect: (request) => detectConversions(request, today()),
    async run(input, { signal }) {
      const refused = refusalOf(input, today());
      if (refused !== undefined) return { text: withAssumptions([refused], input), source: SOURCE };
      const { date } = input;
      const asked = date === undefined || date >= today() ? undefined : date;
      const to = input.to.filter((code) => isListed(code, date) && code !== input.from);
      const rates = to.length === 0 ? undefined : await source({ from: input.from, to, date: asked }, signal);
      return result(input, rates, today());
    },
  });
}

/** Why nothing can be looked up at all. */
function refusalOf({ from, date }: ExchangeInput, today: Day): string | undefined {
  if (date !== undefined && date > today)
    return `There is no exchange rate of ${date}: that day is in the future (today is ${today}). Future rates are not known.`;
  if (date !== undefined && date < FIRST_DAY)
    return `There is no exchange rate of ${date}: the reference rates of the European Central Bank begin on ${FIRST_DAY}.`;
  return isListed(from, date) ? undefined : unlisted(from, date);
}

function unlisted(code: string, date: Day | undefined): string {
  const last = lastListed(code);
  if (last !== undefined)
    return `The European Central Bank has published no rate of ${named(code)} since ${last}${date === undefined ? ", so there is no current one here" : ""}.`;
  return `No live rate of ${named(code)} could be had: the European Central Bank publishes none, and this tool has no other source. Do not guess one.`;
}

const named = (code: string): string => {
  const name = currencyName(code);
  return name === undefined ? `"${code}"` : `${code} (${name})`;
};

function result(input: ExchangeInput, found: Rates | undefined, today: Day): ToolResult {
  const lines = input.to.map((to) => lineOf(input, to, found?.rates));
  if (found === undefined) return { text: withAssumptions(lines, input), source: SOURCE };
  lines.push(dateLine(found.date, input.date, today));
  return { text: withAssumptions(lines, input), source: SOURCE, asOf: found.date };
}

function lineOf(
  { amount, from, date }: ExchangeInput,
  to: string,
  rates: Rates["rates"] | undefined,
): string {
  if (to === from)
    return `${amountOf(decimalOf(amount), from)} is the same in ${to}: it is the same currency.`;
  if (!isListed(to, date)) return unlisted(to, date);
  const rate = rateOf(rates, from, to);
  if (rate === undefined)
    return `The source has no rate of ${named(from)} to ${named(to)}${date === undefined ? "" : ` on ${date}`}.`;
  const converted = times(decimalOf(amount), rate);
  const inverse = dividedBy(decimalOf(1), rate);
  const sum = `${amountOf(decimalOf(amount), from)} = ${amountOf(converted, to)}`;
  return `${sum} (rate: 1 ${from} = ${significant(rate, RATE_DIGITS)} ${to}, 1 ${to} = ${significant(inverse, RATE_DIGITS)} ${from})`;
}

const amountOf = (value: Decimal, code: string): string => `${money(value, minorDigits(code))} ${code}`;

/** The rate of two currencies from those against a third one, or against one of them. */
function rateOf(rates: Rates["rates"] | undefined, from: string, to: string): Decimal | undefined {
  const ofFrom = rates?.get(from);
  const ofTo = rates?.get(to);
  return ofFrom === undefined || ofTo === undefined ? undefined : dividedBy(ofTo, ofFrom);
}

/** Rates are published on working days only: the date that was asked for may have none of its own. */
function dateLine(date: Day, asked: Day | undefined, today: Day): string {
  const of = `The rate is of ${weekdayOf(date)}, ${date}`;
  const day = asked ?? today;
  if (date === day) return `${of}.`;
  if (asked === undefined || asked === today)
    return `${of}, the latest that is published (today is ${weekdayOf(today)}, ${today}).`;
  const isWeekend = ["Saturday", "Sunday"].includes(weekdayOf(day));
  const why = isWeekend ? "there are none at weekends" : "there are none on bank holidays";
  return `${of}: none was published on ${weekdayOf(day)}, ${day} (${why}), so it is the last one before.`;
}

function withAssumptions(lines: readonly string[], { assumed = [] }: ExchangeInput): string {
  const note =
    "These are reference rates, published once a working day; banks and card issuers charge other ones.";
  const isAnswer = lines.some((line) => line.includes("(rate:"));
  return [...lines, ...(isAnswer ? [note] : []), ...assumed.map((text) => `Note: ${text}`)].join("\n");
}
