import type { ChatEvent, NativeCitation, Source } from "#lib/chat/events.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** A source as a citation of the adjacent text; the cited passage is not known. */
export function citation({ uri, title }: Source): JsonObject {
  return {
    type: "web_search_result_location",
    url: uri,
    title: title ?? null,
    cited_text: "",
    encrypted_index: "",
  };
}

/** Citations of this API, as its engines tell them. */
export function ownCitations(citations: readonly NativeCitation[]): JsonObject[] {
  return citations.flatMap(({ dialect, value }) => (dialect === "anthropic" ? [value] : []));
}

/** What an event about sources is in this API. */
export function citationsOf({ sources, citation: own }: ChatEvent & { type: "sources" }): JsonObject[] {
  return own === undefined ? sources.map(citation) : ownCitations([own]);
}
