import { callEngine } from "#lib/providers/call/engine-call.ts";
import { readWholeJson } from "#lib/providers/call/whole-answer.ts";
import { searchPowerOf } from "#lib/providers/protocols/index.ts";
import type { FoundPage, SearchRequest } from "#lib/providers/protocols/search-power.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { AttemptOutcome, EngineCall } from "#lib/providers/walk/walk-types.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { runWhole } from "#lib/services/run/run-whole.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { hash32 } from "#lib/shared/text.ts";
import { cached } from "#lib/tools/cached.ts";
import { cleanResults } from "#lib/tools/web-search/clean-results.ts";
import type { SearchResult, WebSearch } from "#lib/tools/web-search/search.ts";

/** For all keys together, milliseconds; less than a turn waits, so that silence counts as a failure of the service. */
const DEADLINE_MS = 3_500;
const DEFAULT_RESULTS = 5;
const MAX_ANSWER_BYTES = 1024 * 1024;
/** How long the results of a query are used again, milliseconds, and of how many queries. */
const FRESH_MS = 5 * 60_000;
const MAX_QUERIES = 200;

export type WebSearchDependencies = Pick<EngineDependencies, "run" | "effects" | "logger" | "overrides"> & {
  /** The search services, in the order in which they are asked. Never empty. */
  engines: readonly Engine[];
};

/** Web search over the pool of keys. The same query is not sent again within some minutes. */
export function createWebSearch(dependencies: WebSearchDependencies): WebSearch {
  const { clock } = dependencies.effects;
  const known = cached<readonly SearchResult[]>({
    clock,
    maxEntries: MAX_QUERIES,
    // A query without a page may have one soon.
    lifeMs: ({ length }) => (length > 0 ? FRESH_MS : 0),
  });
  return async ({ query, topic = "general", maxResults = DEFAULT_RESULTS }, signal) => {
    const request: SearchRequest = { query, topic, maxResults };
    const id = JSON.stringify([query.toLowerCase(), topic, maxResults]);
    const search = async (shared: AbortSignal) =>
      cleanResults(await findPages(request, shared, dependencies), maxResults);
    return { results: await known(id, signal, search) };
  };
}

async function findPages(
  request: SearchRequest,
  signal: AbortSignal,
  dependencies: WebSearchDependencies,
): Promise<readonly FoundPage[]> {
  const { effects, logger, overrides } = dependencies;
  const engines = overrides.allowed(dependencies.engines);
  if (engines.length === 0) {
    throw new GatewayError("no_engine_configured", "An administrator has switched off the web search.");
  }
  const { value } = await runWhole<readonly FoundPage[]>(
    {
      engines,
      attempt: (target) => callOnce(target, request, signal, dependencies),
      signal,
      deadlineMs: DEADLINE_MS,
      keySeed: hash32(request.query),
      failureLog: { logger, fields: { use: "web search" } },
    },
    effects,
  );
  return value;
}

function callOnce(
  target: EngineCall,
  request: SearchRequest,
  signal: AbortSignal,
  { run, effects }: WebSearchDependencies,
): Promise<AttemptOutcome<FoundPage[]>> {
  const power = searchPowerOf(target.engine);
  return callEngine(
    target,
    power.encode(request),
    { signal, connectMs: run.timeouts.connectMs, timeoutMs: target.remainingMs },
    effects,
    (answer) => readWholeJson(answer, MAX_ANSWER_BYTES, power.decode),
  );
}
