import { DocumentError } from "#lib/documents/document.ts";
import { Attributes, parseAttributes } from "#lib/documents/xml/attributes.ts";
import { decodeChunks } from "#lib/documents/xml/decode-chunks.ts";
import { Namespaces } from "#lib/documents/xml/namespaces.ts";
import { XmlTokens } from "#lib/documents/xml/xml-tokens.ts";
import { damagedError } from "#lib/documents/zip/check-entries.ts";

/** Names are as in `namespaces.ts`: `x:row`, `w:p`. */
export type XmlHandlers = {
  open(name: string, attributes: Attributes): void;
  close?(name: string): void;
  /** A run of text may come in several calls. */
  text?(text: string): void;
  /** Whether the rest need not be read; asked after each piece of the file. */
  isDone?(): boolean;
};

/** Elements in each other. Tables in tables of Word take four each. */
const MAX_DEPTH = 500;

/** Space before the name of an attribute. */
const SPACE = /\s/;

type OpenElement = { name: string; source: string; outer: Namespaces };

/**
 * Reads XML from beginning to end without keeping it.
 * @throws DocumentError `damaged` when it is not well-formed or declares entities, `too_complex` when it is nested
 * too deeply.
 */
export async function readXml(chunks: AsyncIterable<Uint8Array>, handlers: XmlHandlers): Promise<void> {
  const nesting = new Nesting(handlers);
  const tokens = new XmlTokens(nesting);
  for await (const text of decodeChunks(chunks)) {
    tokens.add(text);
    if (handlers.isDone?.() === true) return;
  }
  tokens.end();
  nesting.end();
}

/** Gives tags their names, and checks that they are nested as they should be. */
class Nesting {
  readonly #handlers: XmlHandlers;
  readonly #stack: OpenElement[] = [];
  #namespaces = new Namespaces();
  #hasRoot = false;

  constructor(handlers: XmlHandlers) {
    this.#handlers = handlers;
  }

  openTag(source: string, isEmpty: boolean): void {
    if (this.#stack.length >= MAX_DEPTH) throw tooDeepError();
    const space = source.search(SPACE);
    const written = space === -1 ? source : source.slice(0, space);
    const attributes = space === -1 ? "" : source.slice(space);
    const outer = this.#namespaces;
    if (attributes.includes("xmlns")) this.#namespaces = outer.extend(parseAttributes(attributes));
    const name = this.#namespaces.element(written);
    this.#hasRoot = true;
    this.#stack.push({ name, source: written, outer });
    this.#handlers.open(name, new Attributes(attributes, this.#namespaces));
    if (isEmpty) this.closeTag(written);
  }

  closeTag(written: string): void {
    const element = this.#stack.pop();
    if (element?.source !== written) throw damagedError();
    this.#namespaces = element.outer;
    this.#handlers.close?.(element.name);
  }

  text(text: string): void {
    if (this.#stack.length > 0) this.#handlers.text?.(text);
  }

  end(): void {
    if (!this.#hasRoot || this.#stack.length > 0) throw damagedError();
  }
}

function tooDeepError(): DocumentError {
  return new DocumentError(
    "too_complex",
    `The file is nested more than ${MAX_DEPTH} levels deep. Save it as a PDF and send that.`,
  );
}
