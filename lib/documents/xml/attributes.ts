import type { Namespaces } from "#lib/documents/xml/namespaces.ts";
import type { WrittenAttributes } from "#lib/documents/xml/xml-parser.ts";

/** The attributes of one element. */
export class Attributes {
  readonly #written: WrittenAttributes;
  readonly #namespaces: Namespaces;

  constructor(written: WrittenAttributes, namespaces: Namespaces) {
    this.#written = written;
    this.#namespaces = namespaces;
  }

  /** @param name As in `namespaces.ts`: `w:val`, `r:id`, or without a prefix. */
  get(name: string): string | undefined {
    // Without a prefix it is in no namespace, and written like this.
    if (!name.includes(":")) return Object.hasOwn(this.#written, name) ? this.#written[name] : undefined;
    for (const written of Object.keys(this.#written))
      if (this.#namespaces.attribute(written) === name) return this.#written[written];
    return undefined;
  }
}
