import type { FoundPage, SearchPower } from "#lib/providers/protocols/search-power.ts";
import { arrayField, field, type JsonObject, stringField } from "#lib/shared/json.ts";

/** A longer query is refused (assafelovic/gpt-researcher#1263), UTF-16 units. */
const MAX_QUERY = 400;

/** Tavily's `POST /search`. Source: docs/PROVIDERS.md. */
export const tavilySearch: SearchPower = {
  encode({ query, topic, maxResults }) {
    const body: JsonObject = {
      query: query.slice(0, MAX_QUERY).toWellFormed(),
      search_depth: "basic",
      max_results: maxResults,
    };
    if (topic !== "general") body["topic"] = topic;
    return { kind: "json", path: "/search", headers: {}, body };
  },
  decode(answer) {
    if (!Array.isArray(field(answer, "results"))) return undefined;
    return arrayField(answer, "results").flatMap(readPage);
  },
};

/** Empty for an entry without an address. */
function readPage(raw: unknown): FoundPage[] {
  const url = stringField(raw, "url");
  if (url === undefined) return [];
  const title = stringField(raw, "title") ?? "";
  const content = stringField(raw, "content") ?? "";
  const publishedAt = stringField(raw, "published_date");
  return [{ title, url, content, ...(publishedAt === undefined ? {} : { publishedAt }) }];
}
