import type { Script } from "./fake-upstream.ts";

type Known = {
  id: number;
  name: string;
  latitude: number;
  longitude: number;
  country_code: string;
  country: string;
  admin1: string;
  timezone: string;
};

const place = (
  id: number,
  name: string,
  [latitude, longitude]: [number, number],
  [country_code, country, admin1]: [string, string, string],
  timezone: string,
): Known => ({ id, name, latitude, longitude, country_code, country, admin1, timezone });

const PARIS = place(2988507, "Paris", [48.85341, 2.3488], ["FR", "France", "Île-de-France"], "Europe/Paris");
const PARIS_TX = place(
  4717560,
  "Paris",
  [33.66094, -95.55551],
  ["US", "United States", "Texas"],
  "America/Chicago",
);
const PLACES: Readonly<Record<string, readonly Known[]>> = {
  paris: [PARIS, PARIS_TX],
  london: [
    place(2643743, "London", [51.50853, -0.12574], ["GB", "United Kingdom", "England"], "Europe/London"),
    place(6058560, "London", [42.98339, -81.23304], ["CA", "Canada", "Ontario"], "America/Toronto"),
  ],
  springfield: [
    place(
      4409896,
      "Springfield",
      [37.21533, -93.29824],
      ["US", "United States", "Missouri"],
      "America/Chicago",
    ),
    place(
      4250542,
      "Springfield",
      [39.80172, -89.64371],
      ["US", "United States", "Illinois"],
      "America/Chicago",
    ),
  ],
  "new york city": [
    place(
      5128581,
      "New York",
      [40.71427, -74.00597],
      ["US", "United States", "New York"],
      "America/New_York",
    ),
  ],
  東京: [place(1850147, "Tokyo", [35.6895, 139.69171], ["JP", "Japan", "Tokyo"], "Asia/Tokyo")],
  москва: [place(524901, "Moscow", [55.75222, 37.61556], ["RU", "Russia", "Moscow"], "Europe/Moscow")],
  istanbul: [
    place(745044, "Istanbul", [41.01384, 28.94966], ["TR", "Türkiye", "Istanbul"], "Europe/Istanbul"),
  ],
  yangon: [place(1298824, "Yangon", [16.80528, 96.15611], ["MM", "Myanmar", "Yangon"], "Asia/Yangon")],
};

/** Open-Meteo's geocoder: no match is an answer without `results`. */
export const geocodingDouble: Script = (exchange) => {
  const { searchParams } = new URL(exchange.request.path, "http://double");
  const results = PLACES[(searchParams.get("name") ?? "").toLowerCase()];
  const generationtime_ms = 0.6;
  return exchange.json(200, results === undefined ? { generationtime_ms } : { results, generationtime_ms });
};

const CELSIUS = { now: 7.4, feels: 4.1, high: [8.2, 9.9, 7, 6.1], low: [3.3, 4, 2.8, 1.9] };
const DAYS = ["2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25"];

/** Open-Meteo's forecast, in the units that are asked for. `daily` needs a time zone. */
export const forecastDouble: Script = (exchange) => {
  const { searchParams } = new URL(exchange.request.path, "http://double");
  if (searchParams.get("timezone") === null)
    return exchange.json(400, { error: true, reason: "Timezone is required" });
  const isFahrenheit = searchParams.get("temperature_unit") === "fahrenheit";
  const degrees = (celsius: number): number =>
    isFahrenheit ? Number((celsius * 1.8 + 32).toFixed(1)) : celsius;
  const unit = isFahrenheit ? "°F" : "°C";
  const wind = searchParams.get("wind_speed_unit") === "mph" ? "mp/h" : "km/h";
  const days = DAYS.slice(0, Number(searchParams.get("forecast_days") ?? 7));
  return exchange.json(200, {
    latitude: Number(searchParams.get("latitude")),
    longitude: Number(searchParams.get("longitude")),
    generationtime_ms: 0.1,
    utc_offset_seconds: 3600,
    timezone: "Europe/Paris",
    timezone_abbreviation: "GMT+1",
    elevation: 38,
    current_units: {
      time: "iso8601",
      interval: "seconds",
      temperature_2m: unit,
      apparent_temperature: unit,
      relative_humidity_2m: "%",
      precipitation: "mm",
      weather_code: "wmo code",
      wind_speed_10m: wind,
    },
    current: {
      time: "2026-11-22T13:00",
      interval: 900,
      temperature_2m: degrees(CELSIUS.now),
      apparent_temperature: degrees(CELSIUS.feels),
      relative_humidity_2m: 81,
      precipitation: 0,
      weather_code: 3,
      wind_speed_10m: 14.2,
    },
    daily_units: {
      time: "iso8601",
      weather_code: "wmo code",
      temperature_2m_max: unit,
      temperature_2m_min: unit,
      precipitation_probability_max: "%",
      wind_speed_10m_max: wind,
      sunrise: "iso8601",
      sunset: "iso8601",
    },
    daily: {
      time: days,
      weather_code: [3, 61, 80, 71].slice(0, days.length),
      temperature_2m_max: CELSIUS.high.map(degrees),
      temperature_2m_min: CELSIUS.low.map(degrees),
      precipitation_probability_max: [10, 85, 60, 40],
      wind_speed_10m_max: [20.1, 31.5, 18, 22.3],
      sunrise: days.map((day) => `${day}T08:11`),
      sunset: days.map((day) => `${day}T17:01`),
    },
  });
};
