import { z } from "zod";
import type { Clock } from "#lib/shared/clock.ts";
import { cached } from "#lib/tools/cached.ts";
import { detectNews } from "#lib/tools/news/detect-news.ts";
import { readStories, type Story, storyText } from "#lib/tools/news/stories.ts";
import { defineTool, type Tool, type ToolResult } from "#lib/tools/tool.ts";
import type { ToolHttp } from "#lib/tools/tool-http.ts";

const TIMEOUT_MS = 6_000;
/** How long an answer is kept, milliseconds. */
const LIFE_MS = 5 * 60_000;
const MAX_CACHED = 200;
/** Stories that are told of, and those that are asked for: some entries are none. */
const MAX_STORIES = 10;
const HITS = 30;
const DAY_SECONDS = 86_400;
/** Stories about a subject are at most this old, unless the question says otherwise, days. */
const RECENT_DAYS = 365;

const newsInputSchema = z.object({
  subject: z
    .string()
    .trim()
    .min(1)
    .max(80)
    .optional()
    .describe("What the stories are about; none: the front page."),
  order: z.enum(["top", "newest"]).default("top"),
  days: z.number().int().min(1).max(3_650).optional().describe("Only stories of the last days."),
});
type NewsInput = z.infer<typeof newsInputSchema>;

export type HackerNewsEffects = {
  http: ToolHttp;
  clock: Clock;
  /** Of the search API of Hacker News, by Algolia. */
  baseUrl: string;
};

/** News of technology: stories of Hacker News, by its search API (hn.algolia.com/api). */
export function hackerNews({ http, clock, baseUrl }: HackerNewsEffects): Tool {
  const keep = cached<{ stories: readonly Story[]; fetchedAt: string }>({
    clock,
    maxEntries: MAX_CACHED,
    lifeMs: () => LIFE_MS,
  });
  return defineTool({
    name: "news",
    description:
      "Stories of Hacker News: its front page, the newest, or those about a subject, with points, comments and links. " +
      "For technology, programming and start-ups; not for general news.",
    input: newsInputSchema,
    timeoutMs: TIMEOUT_MS,
    detect: detectNews,
    run: async (input, { signal }) => {
      const url = addressOf(input, baseUrl, clock.wallNow());
      const found = await keep(url.href, signal, async (shared) => ({
        stories: readStories(await http.getJson(url, { signal: shared })),
        fetchedAt: `${new Date(clock.wallNow()).toISOString().slice(0, 16)}Z`,
      }));
      return resultOf(input, found);
    },
  });
}

/** A time is a whole day, so that equal questions have equal addresses, and the cache knows them. */
function addressOf({ subject, order, days }: NewsInput, baseUrl: string, now: number): URL {
  const url = new URL(`${baseUrl}/api/v1/${order === "newest" ? "search_by_date" : "search"}`);
  const isFrontPage = subject === undefined && order === "top" && days === undefined;
  url.searchParams.set("tags", isFrontPage ? "front_page" : "story");
  if (subject !== undefined) url.searchParams.set("query", subject);
  const within = days ?? (subject === undefined ? undefined : RECENT_DAYS);
  if (within !== undefined && order === "top") {
    const today = Math.floor(now / 1_000 / DAY_SECONDS);
    url.searchParams.set("numericFilters", `created_at_i>${(today - within) * DAY_SECONDS}`);
  }
  url.searchParams.set("hitsPerPage", String(HITS));
  return url;
}

function resultOf(
  input: NewsInput,
  { stories, fetchedAt }: { stories: readonly Story[]; fetchedAt: string },
): ToolResult {
  const isByPoints = input.order === "top" && input.subject === undefined;
  const sorted = isByPoints ? stories.toSorted((a, b) => b.points - a.points) : stories;
  const shown = sorted.slice(0, MAX_STORIES);
  const lines = shown.length === 0 ? ["There are none."] : shown.map(storyText);
  return {
    text: [`${titleOf(input)}:`, ...lines].join("\n"),
    source: { name: "Hacker News", url: "https://news.ycombinator.com" },
    asOf: fetchedAt,
    links: shown.map(({ title, url }) => ({ title, uri: url })),
  };
}

function titleOf({ subject, order, days }: NewsInput): string {
  const what = order === "newest" ? "Newest stories" : "Top stories";
  const about = subject === undefined ? "" : ` about "${subject}"`;
  const within = days === undefined ? "" : ` of the last ${days === 1 ? "day" : `${days} days`}`;
  return `${what} on Hacker News${about}${within}`;
}
