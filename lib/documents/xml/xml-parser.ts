import sax, { type SAXParser, type Tag } from "sax";
import { DocumentError } from "#lib/documents/document.ts";
import { ownCopy } from "#lib/documents/xml/own-copy.ts";
import { damagedError } from "#lib/documents/zip/check-entries.ts";

/** The attributes of an element by the names that they have in the file; some are names of `Object.prototype`. */
export type WrittenAttributes = Readonly<Record<string, string>>;

/** What is in a file, in its order. Names are as they are written there. */
export type XmlEvents = {
  openTag(name: string, attributes: WrittenAttributes): void;
  /** Of the element that was opened last: others are damage. */
  closeTag(): void;
  /** A run of text may come in several calls. */
  text(text: string): void;
};

/** sax has these, its types do not. */
declare module "sax" {
  interface SAXParser {
    readonly doctype: string | true;
    readonly sgmlDecl: string;
  }
}

/**
 * Characters of one comment, instruction or value of an attribute: the longest of Office are drawings of old Word
 * with some ten thousand. sax builds them character by character, which takes forty bytes each.
 */
const MAX_PIECE = 262_144;
/** Characters of all attributes of one tag. */
const MAX_TAG = 1_048_576;
/** The roots of Office have some thirty. */
const MAX_ATTRIBUTES = 1_000;
const MAX_NAME = 200;
/**
 * What is written at once. sax looks at the lengths of its pieces, and ends runs of text, after each write. Within
 * one it reads a declaration anew for each of its characters.
 */
const WRITE = 2_048;
/** Most elements of a text have none; a long paragraph is kept as a tree. */
const NO_ATTRIBUTES: WrittenAttributes = {};
/** Entities can be declared to be files, addresses, or each other many times over. */
const DECLARATIONS =
  "The file has declarations (DOCTYPE) that Office never writes, so it was not read. Save it again in Office, or as a PDF.";

/** Whoever loads sax has this bound: it has no other place for it. */
Object.assign(sax, { MAX_BUFFER_LENGTH: MAX_PIECE });

/**
 * The parser of `sax`, strict, with bounds. Namespaces are not its business: with them it is ten times slower, since
 * it copies all that are in force at the end of each element.
 */
export class XmlParser {
  readonly #events: XmlEvents;
  readonly #parser: SAXParser;
  #hasRoot = false;
  #depth = 0;
  #attributes = 0;
  #length = 0;

  constructor(events: XmlEvents) {
    this.#events = events;
    this.#parser = sax.parser(true);
    // Instead of HTML's, with which names of `Object.prototype` are entities too.
    this.#parser.ENTITIES = Object.assign(Object.create(null), {
      amp: "&",
      lt: "<",
      gt: ">",
      quot: '"',
      apos: "'",
    });
    this.#listen(this.#parser);
  }

  /** @throws DocumentError `damaged` for what is not well-formed, too long, or declares types and entities. */
  write(text: string): void {
    for (let at = 0; at < text.length; at += WRITE) {
      this.#parser.write(text.slice(at, at + WRITE));
      this.#parser.flush();
      // One that has not ended yet.
      if (this.#parser.doctype || this.#parser.sgmlDecl.length > "[CDATA[".length) throw declarationsError();
    }
  }

  /** @throws DocumentError `damaged` when there is nothing, or the text ends inside of something. */
  end(): void {
    if (!this.#hasRoot) throw damagedError();
    this.#parser.close();
  }

  #listen(parser: SAXParser): void {
    const refuse = (): never => {
      throw declarationsError();
    };
    parser.onerror = (cause) => {
      throw Object.assign(damagedError(), { cause });
    };
    parser.ondoctype = refuse;
    parser.onsgmldeclaration = refuse;
    parser.onopentagstart = ({ name }) => this.#startTag(name);
    parser.onattribute = ({ name, value }) => this.#attribute(name, value);
    parser.onopentag = (tag) => this.#openTag(tag as Tag);
    parser.onclosetag = () => this.#closeTag();
    parser.ontext = (text) => this.#text(text);
    parser.oncdata = (text) => this.#text(text);
  }

  #startTag(name: string): void {
    if (name.length > MAX_NAME || (this.#hasRoot && this.#depth === 0)) throw damagedError();
    this.#hasRoot = true;
    this.#attributes = 0;
    this.#length = 0;
  }

  #attribute(name: string, value: string): void {
    this.#attributes++;
    this.#length += name.length + value.length;
    if (this.#attributes > MAX_ATTRIBUTES || this.#length > MAX_TAG) throw damagedError();
    // sax asks the attributes themselves whether they have a name, so that one of this name breaks it.
    if (name.length > MAX_NAME || name === "hasOwnProperty") throw damagedError();
    // In one piece, instead of one for each character.
    this.#parser.tag.attributes[name] = ownCopy(value);
  }

  #openTag(tag: Tag): void {
    const attributes = this.#attributes === 0 ? NO_ATTRIBUTES : tag.attributes;
    // sax keeps the tags of all elements that are open.
    tag.attributes = {};
    this.#depth++;
    this.#events.openTag(tag.name, attributes);
  }

  #closeTag(): void {
    this.#depth--;
    this.#events.closeTag();
  }

  #text(text: string): void {
    if (this.#depth > 0) this.#events.text(text);
  }
}

function declarationsError(): DocumentError {
  return new DocumentError("damaged", DECLARATIONS);
}
