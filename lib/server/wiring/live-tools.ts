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

/** The live tools, with the addresses of their sources. */
export function createLiveTools({ env, clock, search }: LiveToolParts): readonly Tool[] {
  return liveTools({
    http: jsonHttp,
    clock,
    search,
    baseUrls: { hackerNews: env.HACKER_NEWS_BASE_URL },
  });
}
