/**
 * Looks for the end of a JSON object that comes in pieces; every character is looked at once, and none
 * before somebody asks.
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

  /** Whether the object is whole: nothing that counts comes behind it. */
  get reachedEnd(): boolean {
    for (const text of this.#unread) this.#read(text);
    this.#unread = [];
    return this.#ended;
  }

  #read(text: string): void {
    for (let at = 0; at < text.length && !this.#ended; at++) {
      const character = text[at];
      if (this.#escaped) {
        // The character behind a backslash says nothing.
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
