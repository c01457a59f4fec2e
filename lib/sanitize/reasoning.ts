/** What a splitter makes of a delta; either may be empty. */
export type SplitText = { visible: string; thinking: string };

const TAGS = ["think", "thinking", "thought"] as const;
/** More white space than this in front is the answer's own, not the run-up to a tag. */
const MAX_WHITE_SPACE = 256;
const OPENINGS = TAGS.map((tag) => `<${tag}>`);

/**
 * Separates reasoning that a model writes inline as `<think>…</think>` from its visible answer,
 * delta by delta.
 *
 * Only a block that opens the answer (white space before it allowed) is reasoning: models write it
 * there, while a tag inside the answer is what the user asked to read. Apart from the tags themselves,
 * visible and thinking together are everything that came in.
 */
export class ReasoningSplitter {
  #state: "start" | "thinking" | "visible" = "start";
  #held = "";
  #closing = "";

  /** Everything is visible from here on: `push` need not be asked. */
  get passing(): boolean {
    return this.#state === "visible";
  }

  /** Text is held back that may yet be the answer's. */
  get holdsText(): boolean {
    return this.#state !== "thinking" && this.#held !== "";
  }

  push(text: string): SplitText {
    if (this.#state === "visible") return { visible: text, thinking: "" };
    return this.#read(this.#held + text);
  }

  /** What was held back in the hope of a tag. */
  flush(): SplitText {
    const held = this.#held;
    this.#held = "";
    return this.#state === "thinking" ? { visible: "", thinking: held } : { visible: held, thinking: "" };
  }

  /** Everything that follows is the answer: the provider separates reasoning by itself. */
  disable(): SplitText {
    const rest = this.flush();
    this.#state = "visible";
    return rest;
  }

  #read(text: string): SplitText {
    let visible = "";
    let thinking = "";
    let rest = text;
    this.#held = "";
    // A loop, not recursion: one delta may hold any number of blocks.
    while (true) {
      if (this.#state === "thinking") {
        const end = rest.indexOf(this.#closing);
        if (end === -1) {
          const keep = partialSuffix(rest, this.#closing);
          this.#held = rest.slice(rest.length - keep);
          return { visible, thinking: thinking + rest.slice(0, rest.length - keep) };
        }
        thinking += rest.slice(0, end);
        rest = rest.slice(end + this.#closing.length);
        this.#state = "start";
      }
      const body = rest.trimStart();
      const white = rest.length - body.length;
      // The same limit for both, or the outcome would hang on where the text was split.
      const mayOpen = white <= MAX_WHITE_SPACE;
      const opening = mayOpen ? OPENINGS.find((tag) => body.startsWith(tag)) : undefined;
      if (opening === undefined) {
        if (mayOpen && OPENINGS.some((tag) => tag.startsWith(body))) {
          this.#held = rest;
          return { visible, thinking };
        }
        this.#state = "visible";
        return { visible: visible + rest, thinking };
      }
      visible += rest.slice(0, white);
      rest = body.slice(opening.length);
      this.#state = "thinking";
      this.#closing = `</${opening.slice(1)}`;
    }
  }
}

/** Length of the longest end of `text` that could be the beginning of `tag`. */
function partialSuffix(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length--) {
    if (tag.startsWith(text.slice(text.length - length))) return length;
  }
  return 0;
}
