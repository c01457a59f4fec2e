/** A date of a cell, and the format in which Excel shows it as it was written. */
export type CellDate = { date: Date; format: string };

const SHAPE =
  /^(\d{4}-\d{2}-\d{2})(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,3})0*)?)?(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?)?$/;

/** Excel's calendar begins with a day that never was (1900-02-29), so that earlier days differ between programs. */
const FIRST = Date.UTC(1900, 2, 1);
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const MINUTE_MS = 60_000;

/**
 * Reads `2026-11-27`, `2026-11-27 10:30`, `2026-11-27T10:30:15.250Z` and the like. Excel knows no time zones: a time
 * with a zone becomes the time in UTC, and its format says so. Undefined for all other text, for dates that are not in
 * Excel's calendar, and for times finer than a millisecond, which Excel would round.
 */
export function readIsoDate(text: string): CellDate | undefined {
  const [, day, hour, minute, second, fraction, zone] = SHAPE.exec(text) ?? [];
  if (day === undefined) return undefined;
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // 2026-02-30 would be read as a day of March.
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return undefined;
  const clock = ((Number(hour ?? 0) * 60 + Number(minute ?? 0)) * 60 + Number(second ?? 0)) * 1_000;
  const time = midnight + clock + Number((fraction ?? "0").padEnd(3, "0")) - offsetOf(zone);
  if (time < FIRST || time > LAST) return undefined;
  return { date: new Date(time), format: formatOf({ hour, second, fraction, zone }) };
}

type Written = Record<"hour" | "second" | "fraction" | "zone", string | undefined>;

function formatOf({ hour, second, fraction, zone }: Written): string {
  if (hour === undefined) return "yyyy-mm-dd";
  const seconds = second === undefined ? "" : `:ss${fraction === undefined ? "" : ".000"}`;
  return `yyyy-mm-dd hh:mm${seconds}${zone === undefined ? "" : ' "UTC"'}`;
}

/** Milliseconds that a zone is ahead of UTC. */
function offsetOf(zone: string | undefined): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? "") ?? [];
  const ahead = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE_MS;
  return sign === "-" ? -ahead : ahead;
}
