import { arrayField, field, stringField } from "#lib/shared/json.ts";
import { weekdayOf } from "#lib/tools/text/dates.ts";
import { weatherInWords } from "#lib/tools/weather/codes.ts";

/** What an answer says about now and about the days to come, a line each; fields that are missing are left out. */
export type Report = { lines: string[]; asOf: string | undefined };

export function reportOf(body: Record<string, unknown>): Report {
  const now = currentLine(body);
  const days = arrayField(body.daily, "time").map((_, at) => dayLine(body, at));
  const lines = [now, ...days].filter((line) => line !== undefined);
  return { lines, asOf: asOf(body) };
}

function currentLine(body: Record<string, unknown>): string | undefined {
  const { current } = body;
  const measured = (name: string): string | undefined =>
    withUnit(field(current, name), stringField(body.current_units, name));
  const feelsLike = measured("apparent_temperature");
  const parts = [
    weatherInWords(field(current, "weather_code")),
    measured("temperature_2m"),
    feelsLike === undefined ? undefined : `feels like ${feelsLike}`,
    labelled("humidity", measured("relative_humidity_2m")),
    labelled("wind", measured("wind_speed_10m")),
    labelled("precipitation", measured("precipitation")),
  ].filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  const time = localTime(stringField(current, "time"));
  const zone = stringField(body, "timezone");
  const when = time === undefined ? "" : ` (${time} local time${zone === undefined ? "" : `, ${zone}`})`;
  return `Now${when}: ${parts.join(", ")}`;
}

function dayLine(body: Record<string, unknown>, at: number): string | undefined {
  const { daily } = body;
  const value = (name: string): unknown => arrayField(daily, name)[at];
  const measured = (name: string): string | undefined =>
    withUnit(value(name), stringField(body.daily_units, name));
  const day = value("time");
  if (typeof day !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const [low, high] = [measured("temperature_2m_min"), measured("temperature_2m_max")];
  const sun = [
    labelled("sunrise", clockTime(value("sunrise"))),
    labelled("sunset", clockTime(value("sunset"))),
  ];
  const parts = [
    weatherInWords(value("weather_code")),
    low === undefined || high === undefined ? (high ?? low) : `${low} to ${high}`,
    labelled("chance of precipitation", measured("precipitation_probability_max")),
    labelled("wind up to", measured("wind_speed_10m_max")),
    ...sun,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : `${weekdayOf(day)}, ${day}: ${parts.join(", ")}`;
}

/** Open-Meteo's `mp/h` is what everybody writes as mph. */
function withUnit(value: unknown, unit = ""): string | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  const name = unit.slice(0, 12).replace("mp/h", "mph").replace("inch", "in");
  return `${value}${/^[°%]/.test(name) || name === "" ? name : ` ${name}`}`;
}

const labelled = (label: string, value: string | undefined): string | undefined =>
  value === undefined ? undefined : `${label} ${value}`;

const LOCAL_TIME = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})/;

function localTime(text: string | undefined): string | undefined {
  const match = LOCAL_TIME.exec(text ?? "");
  return match === null ? undefined : `${match[1]} ${match[2]}`;
}

const clockTime = (value: unknown): string | undefined =>
  typeof value === "string" ? LOCAL_TIME.exec(value)?.[2] : undefined;

/** The local time of the report with the place's offset from UTC: `2026-11-22T13:00+01:00`. */
function asOf(body: Record<string, unknown>): string | undefined {
  const time = stringField(body.current, "time");
  if (time === undefined || !LOCAL_TIME.test(time)) return undefined;
  const { utc_offset_seconds: seconds } = body;
  if (typeof seconds !== "number" || Math.abs(seconds) > 86_400) return time;
  const minutes = Math.round(Math.abs(seconds) / 60);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${time}${seconds < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
