import type { ChartLineId } from "#lib/browser/admin/chart-data.ts";

/** Bars on top of each other, or lines. */
export type ChartShape = "stack" | "lines";

type LineLook = {
  /** A class that sets the colour of text. */
  color: string;
  dashed: boolean;
};

const solid = (color: string): LineLook => ({ color, dashed: false });
const dashed = (color: string): LineLook => ({ color, dashed: true });

/** How each line is drawn, in charts and in their legends. */
export const LINE_LOOKS: Readonly<Record<ChartLineId, LineLook>> = {
  answered: solid("text-accent"),
  rescued: solid("text-good"),
  failed: solid("text-bad"),
  stopped: solid("text-strong-line"),
  firstTokenP50: solid("text-accent"),
  firstTokenP95: dashed("text-accent"),
  latencyP50: solid("text-warn"),
  latencyP95: dashed("text-warn"),
  depth: solid("text-accent"),
  spent: solid("text-accent"),
  saved: solid("text-good"),
};

/** What a class's colour is in the theme of now, as a canvas understands it. */
export function colorOf(place: HTMLElement, className: string): string {
  const probe = document.createElement("span");
  probe.className = className;
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

const TIME = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY_AND_TIME = new Intl.DateTimeFormat("en", {
  ...{ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
});
const UTC_DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const OWN_DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3_600;

/** Buckets of a day are days of UTC, as the ledger counts them; shorter ones are in the reader's own zone. */
export function bucketTime(seconds: number, step: number): string {
  const time = new Date(seconds * 1_000);
  if (step >= DAY_SECONDS) return UTC_DAY.format(time);
  return step > HOUR_SECONDS ? DAY_AND_TIME.format(time) : TIME.format(time);
}

/** As `bucketTime`, for the axis of time: where buckets are hours long, its marks are days. */
export function axisTime(seconds: number, step: number): string {
  const isBetween = step > HOUR_SECONDS && step < DAY_SECONDS;
  return isBetween ? OWN_DAY.format(new Date(seconds * 1_000)) : bucketTime(seconds, step);
}
