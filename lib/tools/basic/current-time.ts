import { z } from "zod";
import { memoized } from "#lib/shared/memo.ts";
import { defineTool, type Tool } from "#lib/tools/tool.ts";

export type CurrentTimeEffects = {
  /** Milliseconds since 1970. */
  wallNow(): number;
};

const TIMEOUT_MS = 1_000;
const SOURCE = { name: "the gateway's clock" };
const MAX_ZONES = 500;

const input = z.object({
  timeZone: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .refine(
      (name) => formatOf(name) !== undefined,
      "is not a time zone: use an IANA name such as Europe/Paris",
    )
    .optional()
    .describe("An IANA time zone, such as `Europe/Paris`; UTC if it is missing."),
});

/** What is the time, and which day it is. */
export function currentTime({ wallNow }: CurrentTimeEffects): Tool {
  return defineTool({
    name: "current_time",
    description:
      "The current date, time and weekday, in UTC or in a time zone. Use it whenever an answer depends on what " +
      "day or time it is.",
    input,
    timeoutMs: TIMEOUT_MS,
    async run({ timeZone = "UTC" }) {
      const now = new Date(wallNow());
      const utc = now.toISOString();
      const { local, weekday, offset } = localTime(now, timeZone);
      const structured = { utc, local: `${local}${offset}`, timeZone, weekday, unixSeconds: seconds(now) };
      const text = `${weekday}, ${local.replace("T", " ")} (${timeZone}, UTC${offset}).`;
      return {
        text: timeZone === "UTC" ? text : `${text} In UTC: ${utc}`,
        source: SOURCE,
        asOf: utc,
        structured,
      };
    },
  });
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1_000);
}

/** Undefined for a name that is no time zone. */
const formatOf = memoized((timeZone: string): Intl.DateTimeFormat | undefined => {
  try {
    return new Intl.DateTimeFormat("en-GB", {
      timeZone,
      ...{ year: "numeric", month: "2-digit", day: "2-digit", weekday: "long" },
      ...{ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
      timeZoneName: "longOffset",
    } as const);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}, MAX_ZONES);

function localTime(date: Date, timeZone: string): { local: string; weekday: string; offset: string } {
  const parts = new Map(
    formatOf(timeZone)
      ?.formatToParts(date)
      .map(({ type, value }) => [type, value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? "";
  // "GMT+05:30", and "GMT" alone for no difference.
  const offset = part("timeZoneName").slice("GMT".length);
  return {
    local: `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}:${part("second")}`,
    weekday: part("weekday"),
    offset: offset === "" ? "+00:00" : offset,
  };
}
