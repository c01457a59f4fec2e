import { superscript } from "#lib/documents/superscript.ts";
import { decodeEscapes, MAX_CELL_TEXT } from "#lib/documents/xlsx/cell-strings.ts";
import type { RawCell } from "#lib/documents/xlsx/raw-sheet.ts";
import type { Attributes } from "#lib/documents/xml/attributes.ts";
import { ownCopy } from "#lib/documents/xml/own-copy.ts";

/** Where text that comes now belongs. */
type Target = "value" | "formula" | "inline" | undefined;

const TYPES: Readonly<Record<string, RawCell["type"]>> = {
  s: "text",
  str: "text",
  inlineStr: "text",
  b: "boolean",
  e: "error",
  d: "date",
  n: "number",
};
/** Characters of a formula that the reader is shown. */
const MAX_FORMULA = 200;

/** Puts one cell together from its elements: `f`, `v`, and `is` with its runs. */
export class CellBuilder {
  readonly #type: string;
  readonly #style: number;
  #target: Target;
  #isPhonetic = false;
  #isRaised = false;
  #hasFormula = false;
  #hasValue = false;
  #value = "";
  #formula = "";
  #inline = "";

  constructor(attributes: Attributes) {
    this.#type = attributes.get("t") ?? "n";
    this.#style = Number(attributes.get("s") ?? 0);
  }

  open(name: string, attributes: Attributes): void {
    if (name === "x:v") {
      this.#hasValue = true;
      this.#target = "value";
    } else if (name === "x:f") {
      this.#hasFormula = true;
      this.#target = "formula";
    } else if (name === "x:rPh") this.#isPhonetic = true;
    else if (name === "x:r") this.#isRaised = false;
    else if (name === "x:vertAlign") this.#isRaised = attributes.get("val") === "superscript";
    else if (name === "x:t" && !this.#isPhonetic) this.#target = "inline";
  }

  close(name: string): void {
    if (name === "x:rPh") this.#isPhonetic = false;
    else if (name === "x:v" || name === "x:f" || name === "x:t") this.#target = undefined;
  }

  text(piece: string): void {
    if (this.#target === "value" && this.#value.length < MAX_CELL_TEXT) this.#value += piece;
    else if (this.#target === "inline" && this.#inline.length < MAX_CELL_TEXT)
      this.#inline += this.#isRaised ? superscript(piece) : piece;
    else if (this.#target === "formula" && this.#formula.length < MAX_FORMULA) this.#formula += piece;
  }

  /** Undefined when the cell has nothing but a format. */
  build(): RawCell | undefined {
    const type = TYPES[this.#type] ?? "number";
    const style = this.#style;
    const text = this.#type === "inlineStr" ? this.#inline || this.#value : this.#value;
    if (this.#hasFormula && (!this.#hasValue || (text === "" && type !== "text"))) {
      return { type, style, value: "", formula: ownCopy(this.#formula.slice(0, MAX_FORMULA)) };
    }
    if (text === "") return undefined;
    if (this.#type === "s") return { type, style, value: "", shared: Number(text) };
    return { type, style, value: ownCopy(type === "text" ? decodeEscapes(text) : text) };
  }
}
