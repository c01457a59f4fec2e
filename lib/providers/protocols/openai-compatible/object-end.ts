/** Finds where a JSON object ends that arrives in pieces. Each character is looked at once. */
export class ObjectEnd {
  #depth = 0;
  #inString = false;
  #escaped = false;
  #isOther = false;
  reached = false;

  /** How many characters of the piece belong to the object; all of them if it is not one, or not yet complete. */
  read(piece: string): number {
    for (let at = 0; at < piece.length && !this.#isOther; at++) {
      this.#look(piece.charCodeAt(at));
      if (this.reached) return at + 1;
    }
    return piece.length;
  }

  #look(code: number): void {
    if (this.#escaped) {
      this.#escaped = false;
    } else if (this.#inString) {
      if (code === BACKSLASH) this.#escaped = true;
      else if (code === QUOTE) this.#inString = false;
    } else if (code === OPEN_OBJECT || (code === OPEN_ARRAY && this.#depth > 0)) {
      this.#depth++;
    } else if (this.#depth === 0) {
      this.#isOther = !isSpace(code);
    } else if (code === QUOTE) {
      this.#inString = true;
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      this.#depth--;
      this.reached = this.#depth === 0;
    }
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
