import type { Attributes } from "#lib/documents/xml/attributes.ts";
import { readXml, type XmlHandlers } from "#lib/documents/xml/read-xml.ts";
import type { Archive } from "#lib/documents/zip/open-zip.ts";

export type ListLevel = {
  /** `decimal`, `lowerLetter`, `bullet` … */
  format: string;
  /** What stands before an item: `%1.%2)`. */
  text: string;
  start: number;
  /** The style whose paragraphs are items of this level. */
  style: string | undefined;
};

type AbstractList = { levels: Map<number, ListLevel>; styleLink: string | undefined };

type List = { abstract: string; starts: Map<number, number>; levels: Map<number, ListLevel> };

export type Numbering = {
  /** By their `w:numId`. */
  lists: ReadonlyMap<string, List>;
  abstracts: ReadonlyMap<string, AbstractList>;
};

const MAX_LISTS = 20_000;
/** Characters of what stands before an item. */
const MAX_LABEL = 40;
/** Levels of Word's lists. */
const MAX_LEVELS = 9;

export async function readNumbering(archive: Archive, path: string | undefined): Promise<Numbering> {
  const reader = new NumberingReader();
  if (path !== undefined) await readXml(archive.read(path), reader);
  return reader;
}

class NumberingReader implements XmlHandlers {
  readonly lists = new Map<string, List>();
  readonly abstracts = new Map<string, AbstractList>();
  #abstract: AbstractList | undefined;
  #list: List | undefined;
  #override = 0;
  #level: ListLevel | undefined;

  open(name: string, attributes: Attributes): void {
    if (name === "w:abstractNum") this.#openAbstract(attributes.get("w:abstractNumId") ?? "");
    else if (name === "w:num") this.#openList(attributes.get("w:numId") ?? "");
    else if (name === "w:lvl") this.#openLevel(attributes.get("w:ilvl"));
    else if (name === "w:lvlOverride") this.#override = Number(attributes.get("w:ilvl") ?? 0);
    else this.#setProperty(name, attributes.get("w:val"));
  }

  close(name: string): void {
    if (name === "w:lvl") this.#level = undefined;
    else if (name === "w:num") this.#list = undefined;
    else if (name === "w:abstractNum") this.#abstract = undefined;
  }

  #openAbstract(id: string): void {
    this.#abstract = { levels: new Map(), styleLink: undefined };
    if (this.abstracts.size < MAX_LISTS) this.abstracts.set(id, this.#abstract);
  }

  #openList(id: string): void {
    this.#list = { abstract: "", starts: new Map(), levels: new Map() };
    if (this.lists.size < MAX_LISTS) this.lists.set(id, this.#list);
  }

  #openLevel(written: string | undefined): void {
    const levels = (this.#list ?? this.#abstract)?.levels;
    this.#level = { format: "decimal", text: "", start: 1, style: undefined };
    const index = Number(written ?? this.#override);
    if (index >= 0 && index < MAX_LEVELS) levels?.set(index, this.#level);
  }

  #setProperty(name: string, value: string | undefined): void {
    if (value === undefined) return;
    if (this.#level !== undefined) setLevelProperty(this.#level, name, value);
    else if (name === "w:abstractNumId" && this.#list !== undefined) this.#list.abstract = value;
    else if (name === "w:startOverride") this.#list?.starts.set(this.#override, Number(value));
    else if (name === "w:numStyleLink" && this.#abstract !== undefined) this.#abstract.styleLink = value;
  }
}

function setLevelProperty(level: ListLevel, name: string, value: string): void {
  if (name === "w:numFmt") level.format = value;
  else if (name === "w:lvlText") level.text = value.slice(0, MAX_LABEL);
  else if (name === "w:start") level.start = Number(value);
  else if (name === "w:pStyle") level.style = value;
}
