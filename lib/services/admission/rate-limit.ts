/** How much of a limit is left: what the `x-ratelimit-*` headers of an answer say. */
export type RateLimit = {
  /** Requests in all. */
  limit: number;
  remaining: number;
  /** Until all of them are there again, milliseconds. */
  resetMs: number;
};
