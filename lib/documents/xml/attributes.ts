import { decodeEntities } from "#lib/documents/xml/entities.ts";
import type { Namespaces } from "#lib/documents/xml/namespaces.ts";

const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;
const SPACES = /\s*/y;

/** The attributes of one element, parsed when one is asked for: most elements of a sheet or text are read without. */
export class Attributes {
  readonly #source: string;
  readonly #namespaces: Namespaces;
  #values: ReadonlyMap<string, string> | undefined;

  constructor(source: string, namespaces: Namespaces) {
    this.#source = source;
    this.#namespaces = namespaces;
  }

  /** @param name As in `namespaces.ts`: `w:val`, `r:id`, or without a prefix. */
  get(name: string): string | undefined {
    this.#values ??= this.#parse();
    return this.#values.get(name);
  }

  #parse(): ReadonlyMap<string, string> {
    const values = new Map<string, string>();
    for (const [name, value] of parseAttributes(this.#source))
      values.set(this.#namespaces.attribute(name), value);
    return values;
  }
}

/** Attributes by the names that they have in the file. What is no attribute ends the list. */
export function parseAttributes(source: string): Map<string, string> {
  const values = new Map<string, string>();
  SPACES.lastIndex = 0;
  while (SPACES.test(source) && SPACES.lastIndex < source.length) {
    ATTRIBUTE.lastIndex = SPACES.lastIndex;
    const match = ATTRIBUTE.exec(source);
    if (match === null) break;
    values.set(match[1] ?? "", decodeEntities(match[2] ?? match[3] ?? ""));
    SPACES.lastIndex = ATTRIBUTE.lastIndex;
  }
  return values;
}
