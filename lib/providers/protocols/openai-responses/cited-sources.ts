import type { ChatEvent } from "#lib/chat/events.ts";
import { FoundSources } from "#lib/providers/protocols/found-sources.ts";
import { field, stringField } from "#lib/shared/json.ts";

/** The sources that an answer cites; each is reported once. */
export class CitedSources {
  readonly #sources = new FoundSources();

  read(annotation: unknown, out: ChatEvent[]): void {
    const uri = stringField(annotation, "url") ?? stringField(field(annotation, "url_citation"), "url");
    const sources = this.#sources.take([{ uri, title: stringField(annotation, "title") }]);
    if (sources.length > 0) out.push({ type: "sources", sources });
  }
}
