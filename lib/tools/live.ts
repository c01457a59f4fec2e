import type { Clock } from "#lib/shared/clock.ts";
import { containerTracking } from "#lib/tools/containers/container-tracking.ts";
import { exchangeRates } from "#lib/tools/exchange-rates/exchange-rates.ts";
import { hackerNews } from "#lib/tools/news/hacker-news.ts";
import type { Tool } from "#lib/tools/tool.ts";
import type { ToolHttp } from "#lib/tools/tool-http.ts";
import { weather } from "#lib/tools/weather/weather.ts";
import type { WebSearch } from "#lib/tools/web-search/search.ts";

export type LiveToolEffects = {
  http: ToolHttp;
  clock: Clock;
  /** None if no search service is configured. */
  search?: WebSearch | undefined;
  /** Where the sources are. */
  baseUrls: Record<"frankfurter" | "openMeteo" | "openMeteoGeocoding" | "hackerNews", string>;
};

/** The live tools, one row each: what fetches data for a message before an engine is asked. */
export function liveTools({ http, clock, search, baseUrls }: LiveToolEffects): readonly Tool[] {
  return [
    exchangeRates({ http, clock, baseUrl: baseUrls.frankfurter }),
    weather({ http, clock, baseUrl: baseUrls.openMeteo, geocodingBaseUrl: baseUrls.openMeteoGeocoding }),
    containerTracking({ clock, search }),
    hackerNews({ http, clock, baseUrl: baseUrls.hackerNews }),
  ];
}
