import remend from "remend";
import { newCounters } from "#lib/browser/markdown/from-tokens.ts";
import { normalise, parseMarkdown, splitBlocks } from "#lib/browser/markdown/parse.ts";
import type { Block } from "#lib/browser/markdown/tree.ts";

/** A part of a growing text: once finished, the same object at each update. */
export type MarkdownPart = { source: string; blocks: readonly Block[] };

/** An unfinished part longer than this is parsed anew only when it has grown by a share of itself. */
const EAGER_LENGTH = 8_000;
const GROWTH = 1.05;
/** Closing unfinished syntax is for what a reader watches; in a longer part its end is hardly seen. */
const MAX_REMEND = 20_000;

/**
 * Parses a text that grows, at a cost that grows with the text alone: finished blocks are parsed once, and
 * the last one again as it grows, with its unfinished syntax closed. What is finished in the middle of the
 * text may look different in the end (a link defined later), so `finish` parses all of it once more.
 */
export class MarkdownStream {
  #text = "";
  /** Up to here the text is in `#finished`. */
  #settled = 0;
  #finished: MarkdownPart[] = [];
  #last: MarkdownPart | undefined;
  #parsedLength = 0;
  #counters = newCounters();

  /** The parts of a longer text. One that does not begin with the last text starts anew. */
  update(text: string): readonly MarkdownPart[] {
    const next = normalise(text);
    if (!next.startsWith(this.#text)) this.#reset();
    this.#text = next;
    const rest = next.length - this.#settled;
    if (this.#last !== undefined && rest > EAGER_LENGTH && rest < this.#parsedLength * GROWTH)
      return [...this.#finished, this.#last];
    this.#settle();
    return this.#last === undefined ? this.#finished : [...this.#finished, this.#last];
  }

  /** The parts of the whole text, as `parseMarkdown` would have them; those that did not change are kept. */
  finish(text: string): readonly MarkdownPart[] {
    const whole = normalise(text);
    const blocks = parseMarkdown(whole);
    const before = this.#finished;
    const parts = blocks.map((block, index): MarkdownPart => {
      const old = before[index];
      const isSame = old?.blocks.length === 1 && JSON.stringify(old.blocks[0]) === JSON.stringify(block);
      return isSame ? old : { source: "", blocks: [block] };
    });
    this.#reset();
    return parts;
  }

  #settle(): void {
    const sources = splitBlocks(this.#text.slice(this.#settled));
    // Blank lines behind the last block may still become part of it.
    let last = sources.length - 1;
    while (last > 0 && sources[last]?.trim() === "") last--;
    for (const source of sources.slice(0, last)) {
      this.#settled += source.length;
      const blocks = parseMarkdown(source, this.#counters);
      if (blocks.length > 0) this.#finished.push({ source, blocks });
    }
    const rest = this.#text.slice(this.#settled);
    this.#parsedLength = rest.length;
    const closed = rest.length > MAX_REMEND ? rest : remend(rest);
    const counters = { joints: this.#counters.joints, slugs: new Map(this.#counters.slugs) };
    this.#last = rest.trim() === "" ? undefined : { source: rest, blocks: parseMarkdown(closed, counters) };
  }

  #reset(): void {
    this.#text = "";
    this.#settled = 0;
    this.#finished = [];
    this.#last = undefined;
    this.#parsedLength = 0;
    this.#counters = newCounters();
  }
}
