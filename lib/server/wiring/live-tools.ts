import { jsonHttp } from "#lib/adapters/http/json-http.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { liveTools } from "#lib/tools/live.ts";
import type { Tool } from "#lib/tools/tool.ts";
import type { WebSearch } from "#lib/tools/web-search/search.ts";

export type LiveToolParts = {
  env: Env;
  clock: Clock;
  /** None if no search service is configured. */
  search?: WebSearch | undefined;
};

/** The live tools, with the addresses of their sources; none if they are switched off. */
export function createLiveTools({ env, clock, search }: LiveToolParts): readonly Tool[] {
  if (!env.ENABLE_LIVE_TOOLS) return [];
  return liveTools({
    http: jsonHttp,
    clock,
    search,
    baseUrls: {
      frankfurter: env.FRANKFURTER_BASE_URL,
      openMeteo: env.OPEN_METEO_BASE_URL,
      openMeteoGeocoding: env.OPEN_METEO_GEOCODING_BASE_URL,
      hackerNews: env.HACKER_NEWS_BASE_URL,
    },
  });
}
