import type { Script } from "./fake-upstream.ts";

/** Rates against the euro, as the European Central Bank writes them. */
const TABLE: Readonly<Record<string, number>> = {
  USD: 1.1525,
  GBP: 0.8805,
  JPY: 180.63,
  CHF: 0.9298,
  CAD: 1.6203,
  KRW: 1690.24,
  INR: 102.8975,
  SEK: 11.0155,
  TRY: 48.8312,
  CNY: 8.1852,
  IDR: 19254.31,
};
const FIRST_DAY = "1999-01-04";
/** Bank holidays. */
const HOLIDAYS = ["2024-12-25", "2024-12-26"];

/**
 * Frankfurter's API, version 1, as its source answers: the base is not in its own rates, days without rates are
 * answered with those of an earlier one, rates against another base than the euro are rounded.
 *
 * @param latest the last day of which there are rates.
 */
export function frankfurterDouble(latest = "2026-11-20"): Script {
  return (exchange) => {
    const { pathname, searchParams } = new URL(exchange.request.path, "http://double");
    const [, asked = ""] = /^\/v1\/(latest|\d{4}-\d{2}-\d{2})$/.exec(pathname) ?? [];
    const date = asked === "latest" || asked > latest ? latest : workingDay(asked);
    const base = searchParams.get("base") ?? "EUR";
    const symbols = searchParams.get("symbols")?.split(",") ?? ["EUR", ...Object.keys(TABLE)];
    const known: Record<string, number> = { EUR: 1, ...TABLE };
    const divisor = known[base];
    if (symbols.length === 1 && symbols[0] === base)
      return exchange.json(422, { message: "bad currency pair" });
    const rates = Object.fromEntries(
      symbols.flatMap((code) => {
        const rate = known[code];
        if (rate === undefined || divisor === undefined || code === base) return [];
        return [[code, base === "EUR" ? rate : rounded(rate / divisor)]];
      }),
    );
    const isFound = asked !== "" && date >= FIRST_DAY && Object.keys(rates).length > 0;
    return isFound
      ? exchange.json(200, { amount: 1.0, base, date, rates })
      : exchange.json(404, { message: "not found" });
  };
}

function workingDay(day: string): string {
  const time = new Date(day);
  const isOff = [0, 6].includes(time.getUTCDay()) || HOLIDAYS.includes(day);
  return isOff ? workingDay(new Date(time.getTime() - 86_400_000).toISOString().slice(0, 10)) : day;
}

function rounded(rate: number): number {
  if (rate > 5_000) return Math.round(rate);
  if (rate > 80) return Number(rate.toFixed(2));
  if (rate > 20) return Number(rate.toFixed(3));
  if (rate > 1) return Number(rate.toFixed(4));
  return Number(rate.toFixed(rate > 0.0001 ? 5 : 6));
}
