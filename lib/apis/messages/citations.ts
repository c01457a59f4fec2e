import type { Source } from "#lib/chat/events.ts";
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
