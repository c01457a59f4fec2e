import { DocumentError } from "#lib/documents/document.ts";
import { Attributes } from "#lib/documents/xml/attributes.ts";
import { decodeChunks } from "#lib/documents/xml/decode-chunks.ts";
import { Namespaces } from "#lib/documents/xml/namespaces.ts";
import { type WrittenAttributes, XmlParser } from "#lib/documents/xml/xml-parser.ts";

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

type OpenElement = { name: string; outer: Namespaces };

/**
 * Reads XML from beginning to end without keeping it.
 * @throws DocumentError `damaged` when it is not well-formed or declares entities, `too_complex` when it is nested
 * too deeply.
 */
export async function readXml(chunks: AsyncIterable<Uint8Array>, handlers: XmlHandlers): Promise<void> {
  const parser = new XmlParser(new NamedElements(handlers));
  for await (const text of decodeChunks(chunks)) {
    parser.write(text);
    if (handlers.isDone?.() === true) return;
  }
  parser.end();
}

/** Gives elements the names by which this code knows them, and bounds how deep they are. */
class NamedElements {
  readonly #handlers: XmlHandlers;
  readonly #open: OpenElement[] = [];
  #namespaces = new Namespaces();

  constructor(handlers: XmlHandlers) {
    this.#handlers = handlers;
  }

  openTag(written: string, attributes: WrittenAttributes): void {
    if (this.#open.length >= MAX_DEPTH) throw tooDeepError();
    const outer = this.#namespaces;
    this.#namespaces = outer.extend(attributes);
    const name = this.#namespaces.element(written);
    this.#open.push({ name, outer });
    this.#handlers.open(name, new Attributes(attributes, this.#namespaces));
  }

  closeTag(): void {
    const element = this.#open.pop();
    if (element === undefined) return;
    this.#namespaces = element.outer;
    this.#handlers.close?.(element.name);
  }

  text(text: string): void {
    this.#handlers.text?.(text);
  }
}

function tooDeepError(): DocumentError {
  return new DocumentError(
    "too_complex",
    `The file is nested more than ${MAX_DEPTH} levels deep. Save it as a PDF and send that.`,
  );
}
