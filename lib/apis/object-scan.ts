/**
 * Finds the end of a JSON object that arrives in pieces. Scans each character once, and only when
 * `reachedEnd` is read.
 */
export class ObjectScan {
  #unread: string[] = [];
  #depth = 0;
  #inString = false;
  #escaped = false;
  #ended = false;

  push(text: string): void {
    if (text !== "" && !this.#ended) this.#unread.push(text);
  }

  /** Whether the object is complete. */
  get reachedEnd(): boolean {
    for (const text of this.#unread) this.#read(text);
    this.#unread = [];
    return this.#ended;
  }

  #read(text: string): void {
    for (let at = 0; at < text.length && !this.#ended; at++) {
      const character = text[at];
      if (this.#escaped) {
        // An escaped character has no meaning here.
        this.#escaped = false;
      } else if (this.#inString) {
        if (character === "\\") this.#escaped = true;
        else if (character === '"') this.#inString = false;
      } else if (character === '"') this.#inString = true;
      else if (character === "{" || character === "[") this.#depth++;
      else if (character === "}" || character === "]") this.#ended = --this.#depth === 0;
    }
  }
}
