import type { Script } from "./fake-upstream.ts";

export type TavilyPage = { title: string; url: string; content: string; published_date?: string };

export const PAGES: readonly TavilyPage[] = [
  { title: "Match report", url: "https://news.example/match", content: "Ajax won 3-1 on 25 November 2026." },
  { title: "League table", url: "https://sport.example/table", content: "Ajax leads with 31 points." },
];

/** A script that finds these pages, in the shape of Tavily's `POST /search`. */
export function finds(...pages: readonly TavilyPage[]): Script {
  return (exchange) => {
    const results = pages.map((page) => ({ ...page, raw_content: null, score: 0.9 }));
    const query = (exchange.request.json as { query?: string } | undefined)?.query ?? "";
    return exchange.json(200, {
      query,
      follow_up_questions: null,
      answer: null,
      images: [],
      results,
      response_time: 1.2,
      request_id: "r",
    });
  };
}

/** Tavily's refusals: its statuses with its bodies. */
export function refusesSearch(status: number, error: string, headers: Record<string, string> = {}): Script {
  return (exchange) => exchange.json(status, { detail: { error } }, headers);
}
