import type { ChatEvent, Source } from "#lib/chat/events.ts";
import { field, stringField } from "#lib/shared/json.ts";

/** The sources that an answer cites; each is reported once. */
export class CitedSources {
  readonly #known = new Set<string>();

  read(annotation: unknown, out: ChatEvent[]): void {
    const uri = stringField(annotation, "url") ?? stringField(field(annotation, "url_citation"), "url");
    if (uri === undefined || this.#known.has(uri)) return;
    this.#known.add(uri);
    const title = stringField(annotation, "title");
    const source: Source = title === undefined || title === "" ? { uri } : { title, uri };
    out.push({ type: "sources", sources: [source] });
  }
}
