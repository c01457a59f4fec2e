import type { WrittenAttributes } from "#lib/documents/xml/xml-parser.ts";
import { damagedError } from "#lib/documents/zip/check-entries.ts";

const TRANSITIONAL = "http://schemas.openxmlformats.org";
/** Files that Office saves as "Strict Open XML". */
const STRICT = "http://purl.oclc.org/ooxml";

/** Prefixes in force at once; Office writes some thirty. A copy of them is made for each element that adds to them. */
const MAX_DECLARED = 200;
/** Names that are looked up once. */
const MAX_NAMES = 200;

/** The prefix by which this code knows each namespace. Writers choose their own, or none. */
const PREFIXES: ReadonlyMap<string, string> = new Map([
  [`${TRANSITIONAL}/package/2006/relationships`, "rel"],
  [`${TRANSITIONAL}/officeDocument/2006/relationships`, "r"],
  [`${STRICT}/officeDocument/relationships`, "r"],
  [`${TRANSITIONAL}/spreadsheetml/2006/main`, "x"],
  [`${STRICT}/spreadsheetml/main`, "x"],
  ["http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments", "tc"],
  [`${TRANSITIONAL}/wordprocessingml/2006/main`, "w"],
  [`${STRICT}/wordprocessingml/main`, "w"],
  ["http://schemas.microsoft.com/office/word/2010/wordml", "w14"],
  ["http://schemas.microsoft.com/office/word/2010/wordprocessingShape", "wps"],
  [`${TRANSITIONAL}/officeDocument/2006/math`, "m"],
  [`${STRICT}/officeDocument/math`, "m"],
  [`${TRANSITIONAL}/drawingml/2006/main`, "a"],
  [`${STRICT}/drawingml/main`, "a"],
  [`${TRANSITIONAL}/drawingml/2006/wordprocessingDrawing`, "wp"],
  [`${STRICT}/drawingml/wordprocessingDrawing`, "wp"],
  [`${TRANSITIONAL}/markup-compatibility/2006`, "mc"],
  ["urn:schemas-microsoft-com:vml", "v"],
]);

/** A namespace that is none of ours, whatever its prefix is in the file. */
const FOREIGN = "?";

/** The declarations in force somewhere in a document: what a name there means. */
export class Namespaces {
  /** Our prefixes, or `FOREIGN`, by those of the file. */
  readonly #declared: ReadonlyMap<string, string>;
  readonly #names = new Map<string, string>();

  constructor(declared: ReadonlyMap<string, string> = new Map()) {
    this.#declared = declared;
  }

  /**
   * With the declarations among the attributes of an element; itself when there are none.
   * @throws DocumentError `damaged` when there are too many.
   */
  extend(attributes: WrittenAttributes): Namespaces {
    let declared: Map<string, string> | undefined;
    for (const name in attributes) {
      if (!name.startsWith("xmlns") || !(name.length === 5 || name[5] === ":")) continue;
      declared ??= new Map(this.#declared);
      declared.set(name.slice("xmlns:".length), PREFIXES.get(attributes[name] ?? "") ?? FOREIGN);
      if (declared.size > MAX_DECLARED) throw damagedError();
    }
    return declared === undefined ? this : new Namespaces(declared);
  }

  /**
   * An element's name with our prefix, such as `w:p`; with `?:` if its namespace is not among ours; as it is
   * written if its prefix is not declared.
   */
  element(name: string): string {
    let known = this.#names.get(name);
    if (known === undefined) {
      known = this.#resolve(name);
      // Few names are in use; a hostile file may have any number.
      if (this.#names.size < MAX_NAMES) this.#names.set(name, known);
    }
    return known;
  }

  /** An attribute's name: without a prefix it is in no namespace. */
  attribute(name: string): string {
    return name.includes(":") ? this.element(name) : name;
  }

  #resolve(name: string): string {
    const colon = name.indexOf(":");
    const prefix = this.#declared.get(name.slice(0, Math.max(colon, 0)));
    return prefix === undefined ? name : `${prefix}:${name.slice(colon + 1)}`;
  }
}
