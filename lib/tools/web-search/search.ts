export type SearchQuery = {
  query: string;
  /** `general` if it is missing. */
  topic?: "general" | "news" | "finance";
  /** Five if it is missing. */
  maxResults?: number;
};

/** A page that was found. Everything in it is untrusted: plain text of bounded length, and an http(s) link. */
export type SearchResult = {
  title: string;
  url: string;
  /** What the page says about the query. */
  content: string;
  /** As the source says it. */
  publishedAt?: string;
};

/**
 * Searches the web. Rejects with `GatewayError` if no search service answers; nothing found is an empty list.
 * Aborts with `signal`.
 */
export type WebSearch = (
  query: SearchQuery,
  signal: AbortSignal,
) => Promise<{ results: readonly SearchResult[] }>;
