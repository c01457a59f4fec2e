/** How numbers, times and money are written on all pages. */

const COUNT = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const DATE = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** `12,345`. */
export function count(value: number): string {
  return COUNT.format(value);
}

/** `12.3K`, for charts. */
export function compact(value: number): string {
  return COMPACT.format(value);
}

/** `99.5%` of a share between 0 and 1. */
export function percent(share: number): string {
  return PERCENT.format(share);
}

/** US dollars, with as many digits as a small amount needs: `$1.25`, `$0.0042`. */
export function usd(amount: number): string {
  if (amount === 0) return "$0";
  if (Math.abs(amount) < 0.000_001) return "<$0.000001";
  const digits = Math.abs(amount) >= 0.1 ? 2 : Math.min(6, 1 - Math.floor(Math.log10(Math.abs(amount))));
  return `$${amount.toLocaleString("en", { minimumFractionDigits: Math.min(digits, 2), maximumFractionDigits: digits })}`;
}

/** `320 ms`, `4.2 s`, `3 min` of milliseconds. */
export function duration(ms: number): string {
  // At the edges, what rounds up to a whole unit is told in the next one.
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_570_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

/** `just now`, `5 min ago`, `2 days ago`. `now` in milliseconds. */
export function ago(time: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1_000);
  if (seconds < 45) return "just now";
  if (seconds < 3_600) return `${Math.max(1, Math.floor(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? "yesterday" : `${days} days ago`;
}

/** A day and time in the reader's own zone. */
export function dateTime(time: string): string {
  return DATE.format(new Date(time));
}

/** `2:05`, or `1:02:05`, of the milliseconds that are left. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const end = two(seconds % 60);
  return hours === 0 ? `${minutes}:${end}` : `${hours}:${two(minutes)}:${end}`;
}
