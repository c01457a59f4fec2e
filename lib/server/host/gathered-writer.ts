import type { ServerResponse } from "node:http";

/**
 * Text that comes so soon after what was written last is not written by itself, milliseconds: a write costs as
 * much as all that is done for the text. Engines write at most some hundred tokens a second, so the text of most
 * streams leaves at once.
 */
const SOON_MS = 2;
/** Then it waits for more this long, milliseconds. A timer may be late by as much again. */
const GATHER_MS = 1;
/** More characters than this do not wait. */
const MAX_GATHERED = 16 * 1024;

/** Writes text to an answer: at once, or together with what follows it closely. */
export class GatheredWriter {
  readonly #outgoing: ServerResponse;
  #text = "";
  #writtenAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(outgoing: ServerResponse) {
    this.#outgoing = outgoing;
  }

  write(text: string): void {
    const isSoon = performance.now() - this.#writtenAt < SOON_MS;
    this.#text += text;
    if (!isSoon || this.#text.length > MAX_GATHERED) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  /** Writes what has been gathered. Harmless when there is nothing, or nobody is there to read it. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#text === "" || this.#outgoing.destroyed) return;
    const text = this.#text;
    this.#text = "";
    this.#writtenAt = performance.now();
    this.#outgoing.write(text);
  }

  /** Ends the answer behind what has been gathered. */
  end(): void {
    clearTimeout(this.#timer);
    this.#outgoing.end(this.#text);
    this.#text = "";
  }
}
