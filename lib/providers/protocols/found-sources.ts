import type { Source } from "#lib/chat/events.ts";

/** More sources of one answer are not reported. */
const MAX_SOURCES = 200;

/** The sources that an answer names: each is reported once, and only if it is a web page. */
export class FoundSources {
  readonly #known = new Set<string>();

  /** Whether a source with this address would be reported. */
  isNew(uri: string | undefined): uri is string {
    if (uri === undefined || this.#known.has(uri) || this.#known.size >= MAX_SOURCES) return false;
    return /^https?:\/\//i.test(uri);
  }

  /** The sources that are new, in their order. */
  take(sources: readonly { uri: string | undefined; title: string | undefined }[]): Source[] {
    return sources.flatMap(({ uri, title = "" }) => {
      if (!this.isNew(uri)) return [];
      this.#known.add(uri);
      return title === "" ? { uri } : { title, uri };
    });
  }
}
