import { truncate } from "#lib/shared/text.ts";
import { defineTool, type Tool, type ToolResult } from "#lib/tools/tool.ts";
import { detectWeather } from "#lib/tools/weather/detect.ts";
import { nameOf, type Place } from "#lib/tools/weather/geocoding.ts";
import { weatherInput } from "#lib/tools/weather/input.ts";
import { type FoundPlace, type OpenMeteoOptions, openMeteo } from "#lib/tools/weather/open-meteo.ts";
import { reportOf } from "#lib/tools/weather/report.ts";

const TIMEOUT_MS = 6_000;
const SOURCE = { name: "Open-Meteo", url: "https://open-meteo.com/" };
const MAX_NAMED = 4;
const NO_PLACE =
  "No place was named, so there is no weather to report. Ask the person which place they mean; do not guess one.";

/** The weather of a place now, and the forecast for today and three more days. */
export function weather(options: OpenMeteoOptions): Tool {
  const source = openMeteo(options);
  return defineTool({
    name: "weather",
    description:
      "The current weather of a place and its forecast for today and the next three days. Use it for any question " +
      "about today's or the coming days' weather, temperature, rain, snow or wind somewhere.",
    input: weatherInput,
    timeoutMs: TIMEOUT_MS,
    detect: detectWeather,
    async run({ place: name }, { signal }) {
      if (name === undefined) return { text: NO_PLACE, source: SOURCE };
      const found = await source.find(name, signal);
      if (found.kind !== "found") return { text: notFound(name, found), source: SOURCE };
      return result(found, await source.forecast(found.place, signal));
    },
  });
}

function notFound(name: string, found: Exclude<FoundPlace, { kind: "found" }>): string {
  const honest = "No weather could be had for it: say so, or ask which place is meant; do not guess.";
  if (found.kind === "unknown")
    return `There is no place called "${truncate(name, 100)}" on the map. ${honest}`;
  const { search, others } = found;
  return `There is no ${search.name} in "${search.qualifier ?? ""}" on the map, but these: ${listed(others)}. ${honest}`;
}

function result(
  { place, others }: FoundPlace & { kind: "found" },
  body: Record<string, unknown>,
): ToolResult {
  const { lines, asOf } = reportOf(body);
  const namesakes = others.filter((one) => one.name === place.name && nameOf(one) !== nameOf(place));
  const other = namesakes.length === 0 ? [] : [`Other places of that name: ${listed(namesakes)}.`];
  const text = [`Weather in ${nameOf(place)}`, ...lines, ...other].join("\n");
  return { text, source: SOURCE, ...(asOf === undefined ? {} : { asOf }) };
}

const listed = (places: readonly Place[]): string =>
  [...new Set(places.map(nameOf))].slice(0, MAX_NAMED).join("; ");
