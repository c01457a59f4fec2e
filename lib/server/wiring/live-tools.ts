import { jsonHttp } from "#lib/adapters/http/json-http.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { liveTools } from "#lib/tools/live.ts";
import type { Tool } from "#lib/tools/tool.ts";

/** The live tools, with the addresses of their sources. */
export function createLiveTools({ env, clock }: { env: Env; clock: Clock }): readonly Tool[] {
  return liveTools({
    http: jsonHttp,
    clock,
    baseUrls: { hackerNews: env.HACKER_NEWS_BASE_URL },
  });
}
