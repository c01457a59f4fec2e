import type { Clock } from "#lib/shared/clock.ts";
import { isJsonObject } from "#lib/shared/json.ts";
import { cached } from "#lib/tools/cached.ts";
import { type ToolHttp, ToolHttpError } from "#lib/tools/tool-http.ts";
import { type Place, readPlaces, type Search, searchesFor, within } from "#lib/tools/weather/geocoding.ts";
import { unitsOf } from "#lib/tools/weather/units.ts";

export type OpenMeteoOptions = {
  http: ToolHttp;
  clock: Clock;
  /** The origins, without `/v1` and without a slash at the end. */
  baseUrl: string;
  geocodingBaseUrl: string;
};

/** The place that was found, and others of that name; or those of that name that are not where it was sought. */
export type FoundPlace =
  | { kind: "found"; place: Place; others: readonly Place[] }
  | { kind: "elsewhere"; search: Search; others: readonly Place[] }
  | { kind: "unknown" };

/** Both reject with `ToolHttpError`. */
export type OpenMeteo = {
  find(place: string, signal: AbortSignal): Promise<FoundPlace>;
  /** The answer as it came: an object. */
  forecast(place: Place, signal: AbortSignal): Promise<Record<string, unknown>>;
};

const DAY_MS = 24 * 3_600_000;
const FORECAST_LIFE_MS = 10 * 60_000;
const MAX_ENTRIES = 500;
const MAX_BYTES = 256 * 1024;
const MAX_MATCHES = 10;
/** Requests for one place: names in other forms, and with their last words as the state. */
const MAX_SEARCHES = 4;
/** Today and three more. */
const FORECAST_DAYS = 4;
const CURRENT =
  "temperature_2m,apparent_temperature,relative_humidity_2m,precipitation,weather_code,wind_speed_10m";
const DAILY =
  "weather_code,temperature_2m_max,temperature_2m_min,precipitation_probability_max,wind_speed_10m_max,sunrise,sunset";

export function openMeteo(options: OpenMeteoOptions): OpenMeteo {
  return { find: finder(options), forecast: forecaster(options) };
}

function finder({ http, clock, geocodingBaseUrl }: OpenMeteoOptions): OpenMeteo["find"] {
  const places = cached<Place[]>({ clock, maxEntries: MAX_ENTRIES, lifeMs: () => DAY_MS });
  const search = (name: string, signal: AbortSignal): Promise<Place[]> => {
    const count = String(MAX_MATCHES);
    const url = withQuery(`${geocodingBaseUrl}/v1/search`, { name, count, language: "en", format: "json" });
    return places(name.toLowerCase(), signal, async (shared) => {
      const body = await http.getJson(url, { signal: shared, maxBytes: MAX_BYTES });
      if (!isJsonObject(body)) throw new ToolHttpError({ kind: "garbage" });
      return readPlaces(body);
    });
  };
  return async (name, signal) => {
    let elsewhere: FoundPlace = { kind: "unknown" };
    for (const one of searchesFor(name).slice(0, MAX_SEARCHES)) {
      const found = await search(one.name, signal);
      const [place, ...others] = one.qualifier === undefined ? found : within(found, one.qualifier);
      if (place !== undefined) return { kind: "found", place, others };
      if (found.length > 0 && elsewhere.kind === "unknown")
        elsewhere = { kind: "elsewhere", search: one, others: found };
    }
    return elsewhere;
  };
}

function forecaster({ http, clock, baseUrl }: OpenMeteoOptions): OpenMeteo["forecast"] {
  const lifeMs = (): number => FORECAST_LIFE_MS;
  const forecasts = cached<Record<string, unknown>>({ clock, maxEntries: MAX_ENTRIES, lifeMs });
  return (place, signal) => {
    const { temperature, wind, rain } = unitsOf(place.countryCode);
    const url = withQuery(`${baseUrl}/v1/forecast`, {
      latitude: String(place.latitude),
      longitude: String(place.longitude),
      current: CURRENT,
      daily: DAILY,
      timezone: "auto",
      forecast_days: String(FORECAST_DAYS),
      temperature_unit: temperature,
      wind_speed_unit: wind,
      precipitation_unit: rain,
    });
    return forecasts(url.href, signal, async (shared) => {
      const body = await http.getJson(url, { signal: shared, maxBytes: MAX_BYTES });
      if (!isJsonObject(body) || !(isJsonObject(body.current) || isJsonObject(body.daily)))
        throw new ToolHttpError({ kind: "garbage" });
      return body;
    });
  };
}

function withQuery(address: string, query: Readonly<Record<string, string>>): URL {
  const url = new URL(address);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}
