import type { Clock } from "#lib/shared/clock.ts";
import { field, isJsonObject, stringField } from "#lib/shared/json.ts";
import { cached } from "#lib/tools/cached.ts";
import { type Decimal, decimalOf, dividedBy } from "#lib/tools/exchange-rates/decimal.ts";
import { addDays, type Day, dayOf } from "#lib/tools/text/dates.ts";
import { type ToolHttp, ToolHttpError } from "#lib/tools/tool-http.ts";

/** The rates of one day: how much of each currency one unit of the base is. */
export type Rates = { date: Day; rates: ReadonlyMap<string, Decimal> };

/** Undefined if the source has no rates for these currencies on that day. Rejects with `ToolHttpError`. */
export type RateSource = (
  query: { from: string; to: readonly string[]; date: Day | undefined },
  signal: AbortSignal,
) => Promise<Rates | undefined>;

export type FrankfurterOptions = {
  http: ToolHttp;
  clock: Clock;
  /** The origin, without `/v1`. */
  baseUrl: string;
};

const MAX_ENTRIES = 500;
const MAX_BYTES = 64 * 1024;
const HOUR_MS = 3_600_000;
/** A rate of a day that is over does not change. */
const PAST_LIFE_MS = 24 * HOUR_MS;
/** When the rates of today are due, but not there yet. */
const LATE_LIFE_MS = 10 * 60_000;
/** The European Central Bank publishes at about 16:00 in Frankfurt on working days. */
const PUBLICATION_HOUR = 16;
/** How long the source may take to fetch them. */
const FETCH_DELAY_MS = 15 * 60_000;

/**
 * Units that are worth less than a tenth of a euro. The source rounds rates against another base than the euro to
 * five digits behind the point, of which two may be left: such a rate is worked out from those of the euro.
 */
const SMALL_UNITS = new Set("JPY KRW IDR HUF ISK INR PHP THB CZK TRY MXN ZAR SEK NOK RUB".split(" "));

/** Reference rates of the European Central Bank from Frankfurter's API, version 1. */
export function frankfurter({ http, clock, baseUrl }: FrankfurterOptions): RateSource {
  const cache = cached<Rates | undefined>({
    clock,
    maxEntries: MAX_ENTRIES,
    lifeMs: (rates) => (rates === undefined ? LATE_LIFE_MS : lifeOf(rates.date, clock.wallNow())),
  });
  return ({ from, to, date }, signal) => {
    const base = SMALL_UNITS.has(from) ? "EUR" : from;
    const symbols = [...new Set([from, ...to])].filter((code) => code !== base).sort();
    const url = new URL(`${baseUrl}/v1/${date ?? "latest"}`);
    url.searchParams.set("base", base);
    url.searchParams.set("symbols", symbols.join(","));
    return cache(url.href, signal, async (shared) => {
      try {
        return readRates(await http.getJson(url, { signal: shared, maxBytes: MAX_BYTES }));
      } catch (error) {
        if (saysUnknown(error)) return undefined;
        throw error;
      }
    });
  };
}

/** 404 and 422: no such currency, or none on that day. */
function saysUnknown(error: unknown): boolean {
  if (!(error instanceof ToolHttpError)) return false;
  const { failure } = error;
  return failure.kind === "status" && (failure.status === 404 || failure.status === 422);
}

/** The base is not among its own rates; `amount` is what they are rates of. */
function readRates(body: unknown): Rates {
  const date = stringField(body, "date");
  const base = stringField(body, "base");
  const given = field(body, "rates");
  const amount = field(body, "amount") ?? 1;
  if (
    date === undefined ||
    !/^\d{4}-\d{2}-\d{2}$/.test(date) ||
    base === undefined ||
    !isJsonObject(given) ||
    !isPositive(amount)
  )
    throw new ToolHttpError({ kind: "garbage" });
  const unit = decimalOf(amount);
  const rates = Object.entries(given).flatMap(([code, rate]): [string, Decimal][] =>
    isPositive(rate) ? [[code, amount === 1 ? decimalOf(rate) : dividedBy(decimalOf(rate), unit)]] : [],
  );
  return { date, rates: new Map([[base, decimalOf(1)], ...rates]) };
}

const isPositive = (value: unknown): value is number =>
  typeof value === "number" && value > 1e-12 && value < 1e12;

/** How long rates of a day hold, milliseconds: until the next ones are published. */
function lifeOf(date: Day, wallMs: number): number {
  const { day, minutes, offsetMs } = inFrankfurt(wallMs);
  const isOut = minutes >= PUBLICATION_HOUR * 60;
  const due = isWorkingDay(day) && isOut ? day : undefined;
  if (date < addDays(day, -10)) return PAST_LIFE_MS;
  // Late, or a holiday of the bank.
  if (due !== undefined && date < due) return LATE_LIFE_MS;
  let next = isOut ? addDays(day, 1) : day;
  while (!isWorkingDay(next)) next = addDays(next, 1);
  return Date.parse(next) + PUBLICATION_HOUR * HOUR_MS - offsetMs + FETCH_DELAY_MS - wallMs;
}

const isWorkingDay = (day: Day): boolean => ![0, 6].includes(new Date(day).getUTCDay());

/** The day and the minute of the day in Frankfurt. */
function inFrankfurt(wallMs: number): { day: Day; minutes: number; offsetMs: number } {
  const zoned = new Intl.DateTimeFormat("en-US", { timeZone: "Europe/Berlin", timeZoneName: "longOffset" })
    .formatToParts(wallMs)
    .find(({ type }) => type === "timeZoneName");
  const hours = Number(/[+-]\d{2}/.exec(zoned?.value ?? "")?.[0] ?? "0");
  const local = wallMs + hours * HOUR_MS;
  return { day: dayOf(local), minutes: Math.floor(local / 60_000) % (24 * 60), offsetMs: hours * HOUR_MS };
}
