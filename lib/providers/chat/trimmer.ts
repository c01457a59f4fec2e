/**
 * The new part of an engine's text, possibly empty; or `diverged`, because the engine is writing another
 * answer.
 */
export type Trimmed = { kind: "new"; text: string } | { kind: "diverged" };

export const DIVERGED: Trimmed = { kind: "diverged" };
export const NOTHING_NEW: Trimmed = { kind: "new", text: "" };

/** Lets through only what a continuation adds to the text that was already sent. */
export type Trimmer = {
  push(text: string): Trimmed;
  /**
   * What is still held, when the engine has finished. `broken`: it was cut off, so what may be the
   * beginning of a repetition is left for the next engine to write.
   */
  end(broken: boolean): Trimmed;
};
