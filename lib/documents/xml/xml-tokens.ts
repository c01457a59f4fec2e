import { DocumentError } from "#lib/documents/document.ts";
import { decodeEntities } from "#lib/documents/xml/entities.ts";
import { damagedError } from "#lib/documents/zip/check-entries.ts";

/** What the tokenizer finds, in the order of the text. `source` is what is between the angle brackets. */
export type TokenHandlers = {
  openTag(source: string, isEmpty: boolean): void;
  closeTag(name: string): void;
  /** A run of text may come in several calls. */
  text(text: string): void;
};

/** Characters of one tag with its attributes. The longest of Office are the roots', with a few kilobytes. */
const MAX_TAG = 1_048_576;
/** Longest character reference: `&#x0010FFFF;`. */
const MAX_REFERENCE = 12;
/** Characters that tell what a `<` begins: `<![CDATA[`. */
const MAX_OPENING = 9;

const QUOTE = 34;
const APOSTROPHE = 39;
const GREATER = 62;

/** What is skipped or taken as it is up to its end. */
type Section = { end: string; isText: boolean };
const COMMENT: Section = { end: "-->", isText: false };
const INSTRUCTION: Section = { end: "?>", isText: false };
const CDATA: Section = { end: "]]>", isText: true };

/** Cuts XML that comes in pieces into tags and texts, in time proportional to its length. */
export class XmlTokens {
  readonly #handlers: TokenHandlers;
  #rest = "";
  #section: Section | undefined;

  constructor(handlers: TokenHandlers) {
    this.#handlers = handlers;
  }

  /** @throws DocumentError `damaged` for declarations of types and entities. */
  add(text: string): void {
    const buffer = this.#rest + text;
    let at = 0;
    for (let next = this.#step(buffer, at); next > at; next = this.#step(buffer, at)) at = next;
    this.#rest = buffer.slice(at);
    if (this.#rest.length > MAX_TAG) throw damagedError();
  }

  /** @throws DocumentError `damaged` when the text ends inside of a tag. */
  end(): void {
    // Nothing that is complete is shorter than what an opening may need, except at the end.
    this.add(" ".repeat(MAX_OPENING));
    if (this.#section !== undefined || this.#rest.trim() !== "") throw damagedError();
  }

  /** Takes what begins at `at`. Returns where the next begins; `at` when more text is needed. */
  #step(buffer: string, at: number): number {
    if (at >= buffer.length) return at;
    if (this.#section !== undefined) return this.#takeSection(buffer, at, this.#section);
    const opening = buffer.indexOf("<", at);
    if (opening === -1) return this.#takeText(buffer, at, textEnd(buffer, at));
    if (opening > at) return this.#takeText(buffer, at, opening);
    return buffer.length - at < MAX_OPENING ? at : this.#takeTag(buffer, at);
  }

  #takeText(buffer: string, from: number, to: number): number {
    if (to > from) this.#handlers.text(decodeEntities(buffer.slice(from, to)));
    return to;
  }

  #takeSection(buffer: string, from: number, { end, isText }: Section): number {
    const found = buffer.indexOf(end, from);
    // The last characters may be the beginning of its end.
    const to = found === -1 ? Math.max(from, buffer.length - end.length + 1) : found;
    if (isText && to > from) this.#handlers.text(buffer.slice(from, to));
    if (found === -1) return to;
    this.#section = undefined;
    return found + end.length;
  }

  #takeTag(buffer: string, at: number): number {
    if (buffer.startsWith("<?", at)) return this.#begin(INSTRUCTION, at + 2);
    if (buffer.startsWith("<!", at)) return this.#takeDeclaration(buffer, at);
    const end = tagEnd(buffer, at);
    if (end === -1) return at;
    if (buffer.startsWith("</", at)) this.#handlers.closeTag(buffer.slice(at + 2, end).trim());
    else {
      const isEmpty = buffer[end - 1] === "/";
      this.#handlers.openTag(buffer.slice(at + 1, isEmpty ? end - 1 : end), isEmpty);
    }
    return end + 1;
  }

  #takeDeclaration(buffer: string, at: number): number {
    if (buffer.startsWith("<!--", at)) return this.#begin(COMMENT, at + 4);
    if (buffer.startsWith("<![CDATA[", at)) return this.#begin(CDATA, at + 9);
    // Entities can be declared to be files, addresses, or each other many times over.
    throw new DocumentError(
      "damaged",
      "The file has declarations (DOCTYPE) that Office never writes, so it was not read. Save it again in Office, or as a PDF.",
    );
  }

  #begin(section: Section, at: number): number {
    this.#section = section;
    return at;
  }
}

/** Where text ends that the next piece may continue: before a reference that is not complete. */
function textEnd(buffer: string, from: number): number {
  const reference = buffer.lastIndexOf("&");
  const isOpen =
    reference >= from && buffer.length - reference < MAX_REFERENCE && !buffer.includes(";", reference);
  return isOpen ? reference : buffer.length;
}

/** The `>` that ends the tag, not one in a value; -1 when it is not there yet. */
function tagEnd(buffer: string, from: number): number {
  let quote = 0;
  for (let at = from; at < buffer.length; at++) {
    const code = buffer.charCodeAt(at);
    if (quote !== 0) quote = code === quote ? 0 : quote;
    else if (code === GREATER) return at;
    else if (code === QUOTE || code === APOSTROPHE) quote = code;
  }
  return -1;
}
