/** A delta, split; either part may be empty. */
export type SplitText = { visible: string; thinking: string };

const TAGS = ["think", "thinking", "thought"] as const;
/** After more white space than this, a tag no longer counts as the beginning of the answer. */
const MAX_WHITE_SPACE = 256;
const OPENINGS = TAGS.map((tag) => `<${tag}>`);

/**
 * Separates reasoning that a model writes inline as `<think>…</think>` from its visible answer,
 * delta by delta.
 *
 * Only blocks at the beginning of the answer (after optional white space) are reasoning; a tag inside the
 * answer is part of its text. Except for the tags, visible and thinking text together are the whole input.
 */
export class ReasoningSplitter {
  #state: "start" | "thinking" | "visible" = "start";
  #held = "";
  #closing = "";

  /** All further text is visible, so `push` need not be called. */
  get passing(): boolean {
    return this.#state === "visible";
  }

  /** Text is held back that may turn out to be visible. */
  get holdsText(): boolean {
    return this.#state !== "thinking" && this.#held !== "";
  }

  push(text: string): SplitText {
    if (this.#state === "visible") return { visible: text, thinking: "" };
    return this.#read(this.#held + text);
  }

  /** Returns the text that was held back as a possible tag. */
  flush(): SplitText {
    const held = this.#held;
    this.#held = "";
    return this.#state === "thinking" ? { visible: "", thinking: held } : { visible: held, thinking: "" };
  }

  /** Stops splitting, because the provider separates the reasoning itself. Returns the held text. */
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
      // One limit for both checks, so that the result does not depend on how the text is split.
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
