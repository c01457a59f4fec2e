import type { ChatRequest, ContentPart } from "#lib/chat/request.ts";
import { withReadDocuments } from "#lib/providers/chat/engine-documents.ts";
import type { RunOptions, WebResults } from "#lib/providers/chat/run.ts";
import { chatPowerOf } from "#lib/providers/protocols/index.ts";
import type { EngineCall } from "#lib/providers/walk/walk-types.ts";

/** A search takes no longer, milliseconds, and no more than this part of the time that is left for the answer. */
const MAX_SEARCH_MS = 4_000;
const MAX_SHARE = 0.5;

type Call = Pick<EngineCall, "engine" | "withoutAdditions">;

/**
 * How each engine of a run comes by what is on the web: it searches by itself, or it gets search results with the
 * request, never both. The results are fetched for the first engine that needs them, and kept for the next ones.
 * Without `webResults`, every engine gets the request as it is.
 */
export class WebSupply {
  readonly #options: Pick<RunOptions, "request" | "webResults" | "signal">;
  #withResults: ChatRequest | undefined;

  constructor(options: Pick<RunOptions, "request" | "webResults" | "signal">) {
    this.#options = options;
  }

  /** Fetches the results, if this call needs them and they are not there. `leftMs`: until the deadline. */
  fetchFor(call: Call, leftMs: number): Promise<void> | undefined {
    const { webResults } = this.#options;
    if (webResults === undefined || this.#withResults !== undefined || this.isSearching(call))
      return undefined;
    return this.#fetch(webResults, Math.min(MAX_SEARCH_MS, leftMs * MAX_SHARE));
  }

  /** Whether the engine is asked to search because the gateway wants it to. */
  isSearching({ engine, withoutAdditions }: Call): boolean {
    const { request, webResults } = this.#options;
    if (webResults === undefined) return false;
    return chatPowerOf(engine).grounds(withoutAdditions ? withoutSearch(request) : request, engine);
  }

  /** The request for this call. Documents that its engine cannot take are texts. */
  requestFor(call: Call): ChatRequest {
    const { request, webResults } = this.#options;
    const isAsIs = webResults === undefined || this.isSearching(call);
    return withReadDocuments(isAsIs ? request : (this.#withResults ?? request), call.engine);
  }

  async #fetch(webResults: NonNullable<RunOptions["webResults"]>, timeoutMs: number): Promise<void> {
    const { signal, request } = this.#options;
    const messages = withParts(request.messages, await webResults({ signal, timeoutMs }));
    this.#withResults = { ...withoutSearch(request), messages };
  }
}

function withoutSearch({ webSearch: _, ...request }: ChatRequest): ChatRequest {
  return request;
}

/** The messages with these parts before the text of the user's last message. */
function withParts(
  messages: ChatRequest["messages"],
  parts: readonly ContentPart[],
): ChatRequest["messages"] {
  const last = messages.findLastIndex(({ role }) => role === "user");
  return messages.map((message, index) => {
    if (index !== last || message.role !== "user") return message;
    const { content } = message;
    const own: ContentPart[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
    return { ...message, content: [...parts, ...own] };
  });
}

/** The same results for every round. */
export function sharedResults(webResults: WebResults | undefined): WebResults | undefined {
  if (webResults === undefined) return undefined;
  let results: ReturnType<WebResults> | undefined;
  return (within) => {
    results ??= webResults(within);
    return results;
  };
}
