import type { EngineRequest } from "#lib/providers/protocols/engine-request.ts";

export type SearchRequest = {
  query: string;
  topic: "general" | "news" | "finance";
  maxResults: number;
};

/** A page as a search service tells it: nothing of it is checked. */
export type FoundPage = {
  title: string;
  url: string;
  /** What the page says about the query. */
  content: string;
  publishedAt?: string;
};

/** The service searches the web. */
export type SearchPower = {
  encode(request: SearchRequest): EngineRequest;
  /** Undefined for an answer of another shape. */
  decode(answer: unknown): FoundPage[] | undefined;
};
