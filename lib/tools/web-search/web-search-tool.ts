import { z } from "zod";
import type { Clock } from "#lib/shared/clock.ts";
import { defineTool, type Tool } from "#lib/tools/tool.ts";
import type { SearchResult, WebSearch } from "#lib/tools/web-search/search.ts";

export const MAX_QUERY = 400;
const MAX_RESULTS = 10;
const TIMEOUT_MS = 4_000;

const input = z.object({
  query: z.string().trim().min(1).max(MAX_QUERY).describe("What to search for, in a few words."),
  topic: z
    .enum(["general", "news", "finance"])
    .optional()
    .describe("`news` for recent events, `finance` for markets; `general` if it is missing."),
  maxResults: z.int().min(1).max(MAX_RESULTS).optional().describe("How many pages; five if it is missing."),
});

/** Web search as a tool. It has no `detect`: native chat searches when an engine that cannot is about to answer. */
export function webSearchTool(search: WebSearch, clock: Pick<Clock, "wallNow">): Tool {
  return defineTool({
    name: "web_search",
    description:
      "Searches the web and returns the pages found, each with its title, address, date if known, and what it " +
      "says. Use it for news, prices, releases and everything else that may have changed.",
    input,
    timeoutMs: TIMEOUT_MS,
    async run({ query, topic, maxResults }, { signal }) {
      const { results } = await search(
        {
          query,
          ...(topic === undefined ? {} : { topic }),
          ...(maxResults === undefined ? {} : { maxResults }),
        },
        signal,
      );
      return {
        text: results.length === 0 ? "The search found no page." : results.map(resultText).join("\n\n"),
        source: { name: "web search" },
        asOf: new Date(clock.wallNow()).toISOString(),
        links: results.map(({ title, url }) => (title === "" ? { uri: url } : { title, uri: url })),
      };
    },
  });
}

function resultText({ title, url, content, publishedAt }: SearchResult, index: number): string {
  const date = publishedAt === undefined ? "" : ` (${publishedAt})`;
  return [`[${index + 1}] ${title}${date}`, url, content].filter((line) => line !== "").join("\n");
}
