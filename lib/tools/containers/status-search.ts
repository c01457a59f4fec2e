import { linkAbort, NO_LONGER_NEEDED } from "#lib/shared/abort.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { truncate } from "#lib/shared/text.ts";
import type { SearchResult, WebSearch } from "#lib/tools/web-search/search.ts";

/** Shorter than the tool's own time: the carrier and its page are known without a search. */
const TIMEOUT_MS = 6_000;
const MAX_RESULTS = 5;
/** Characters of one page that a model reads. */
const MAX_CONTENT = 1_000;

/** What the web says about where a container is. */
export type ContainerStatus =
  | { kind: "found"; pages: readonly SearchResult[] }
  | { kind: "nothing_found" }
  | { kind: "failed"; reason: string }
  | { kind: "not_configured" };

/** Searches the web for a container. Rejects only if `signal` aborts. */
export async function searchStatus(
  { number, carrier }: { number: string; carrier: string | undefined },
  { clock, search, signal }: { clock: Clock; search?: WebSearch | undefined; signal: AbortSignal },
): Promise<ContainerStatus> {
  if (search === undefined) return { kind: "not_configured" };
  const { controller, unlink } = linkAbort(signal);
  const silence = Promise.withResolvers<never>();
  const timer = clock.after(TIMEOUT_MS, () => {
    silence.reject(new GatewayError("stream_interrupted", "The search did not answer in time."));
    controller.abort(NO_LONGER_NEEDED);
  });
  try {
    const query = `"${number}" container tracking status${carrier === undefined ? "" : ` ${carrier}`}`;
    const searching = search({ query, maxResults: MAX_RESULTS }, controller.signal);
    const { results } = await Promise.race([searching, silence.promise]);
    // A search engine that knows nothing of a number shows pages about containers in general.
    const pages = results.filter((page) => mentions(page, number));
    return pages.length === 0 ? { kind: "nothing_found" } : { kind: "found", pages };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "failed", reason: error instanceof GatewayError ? error.message : "It failed." };
  } finally {
    timer.cancel();
    unlink();
  }
}

function mentions({ title, content, url }: SearchResult, number: string): boolean {
  return `${title} ${content} ${url}`.replace(/[\s-]/g, "").toUpperCase().includes(number);
}

export function statusText(status: ContainerStatus): string {
  const none = "No live status is to be had here";
  switch (status.kind) {
    case "found":
      return ["What the web says about it, which may be out of date:", ...status.pages.map(pageText)].join(
        "\n\n",
      );
    case "nothing_found":
      return `${none}: a web search found no page about this number. The tracking page has it.`;
    case "failed":
      return `${none}: the web search failed. ${status.reason} The tracking page has it.`;
    case "not_configured":
      return `${none}: no web search is configured. The tracking page has it.`;
  }
}

function pageText({ title, url, content, publishedAt }: SearchResult): string {
  const date = publishedAt === undefined ? "" : ` (${publishedAt})`;
  return `${title}${date}\n${url}\n${truncate(content, MAX_CONTENT)}`;
}
