import { closeSyntax } from "#lib/browser/markdown/close-syntax.ts";
import type { LinkFor } from "#lib/browser/markdown/from-tokens.ts";
import { JOINT, withJoints } from "#lib/browser/markdown/joints.ts";
import { codeOfFence, type OpenFence, openFenceOf } from "#lib/browser/markdown/open-fence.ts";
import { collectDefinitions, newDefinitions, normalise, parseSegment } from "#lib/browser/markdown/parse.ts";
import { finishedSegments, splitSegments } from "#lib/browser/markdown/segments.ts";
import { shareEqual } from "#lib/browser/markdown/share.ts";
import type { Block } from "#lib/browser/markdown/tree.ts";

/** `known`: how many link definitions stood before it when it was parsed. */
type Segment = { source: string; blocks: readonly Block[]; known: number };

/** An unfinished segment longer than this is parsed again only when it has grown by a share of itself. */
const EAGER_LENGTH = 32_000;
const GROWTH = 1 / 16;

/** Parses a text that grows, at a cost that grows with the text alone. */
export type MarkdownStream = {
  /** The blocks of an unfinished text. What did not change since the last call is the same object. */
  update(text: string, joints?: readonly number[]): readonly Block[];
  /** The blocks of the whole text: what `parseMarkdown` makes of it. */
  finish(text: string, joints?: readonly number[]): readonly Block[];
};

export function createMarkdownStream(linkFor?: LinkFor): MarkdownStream {
  return new GrowingText(linkFor);
}

class GrowingText implements MarkdownStream {
  readonly #linkFor: LinkFor | undefined;
  #text = "";
  /** What was returned last. */
  #blocks: readonly Block[] = [];
  #segments: Segment[] = [];
  /** Up to here the text is in `#segments`. */
  #settledLength = 0;
  #definitions = newDefinitions();
  #known = 0;
  /** The blocks of the rest, how much of it they show, and the fence that is open at its end. */
  #last: readonly Block[] = [];
  #parsedLength = 0;
  #fence: OpenFence | undefined;
  #isFinished = false;

  constructor(linkFor: LinkFor | undefined) {
    this.#linkFor = linkFor;
  }

  update(text: string, joints: readonly number[] = []): readonly Block[] {
    const before = this.#take(text, joints);
    const rest = this.#text.slice(this.#settledLength);
    if (!this.#growFence(rest, before) && this.#isWorthParsing(rest)) this.#parse(rest);
    return this.#emit([...this.#segments.flatMap(({ blocks }) => blocks), ...this.#last]);
  }

  finish(text: string, joints: readonly number[] = []): readonly Block[] {
    this.#take(text, joints);
    const rest = this.#text.slice(this.#settledLength);
    if (rest !== "") for (const source of splitSegments(rest)) this.#settle(source);
    this.#last = [];
    this.#fence = undefined;
    for (const segment of this.#segments) {
      // A label that was defined behind its use.
      if (segment.known < this.#known && segment.source.includes("[")) {
        segment.blocks = parseSegment(segment.source, this.#definitions, this.#linkFor);
        segment.known = this.#known;
      }
    }
    this.#isFinished = true;
    return this.#emit(this.#segments.flatMap(({ blocks }) => blocks));
  }

  /** Takes the new text, and returns the length of the old one that it continues. */
  #take(text: string, joints: readonly number[]): number {
    const next = normalise(withJoints(text, joints));
    const isSame = next === this.#text;
    if (!isSame && (this.#isFinished || !next.startsWith(this.#text))) this.#restart();
    const before = this.#text.length;
    this.#text = next;
    return before;
  }

  /** Adds to the code of an open fence without parsing; false when something else may have come. */
  #growFence(rest: string, before: number): boolean {
    if (this.#fence === undefined) return false;
    const { start, closer } = this.#fence;
    const lineStart = this.#text.lastIndexOf("\n", before - 1) + 1;
    const added = this.#text.slice(Math.max(lineStart, this.#settledLength + start));
    const code = this.#last.at(-1);
    if (code?.kind !== "code" || added.includes(JOINT) || closer.test(added)) return false;
    this.#last = [...this.#last.slice(0, -1), { ...code, text: codeOfFence(rest.slice(start)) }];
    this.#parsedLength = rest.length;
    return true;
  }

  #isWorthParsing(rest: string): boolean {
    const grown = rest.length - this.#parsedLength;
    return rest.length < EAGER_LENGTH || grown < 0 || grown > rest.length * GROWTH;
  }

  #parse(rest: string): void {
    const finished = finishedSegments(rest);
    for (const source of finished) this.#settle(source);
    const open = this.#text.slice(this.#settledLength);
    const definitions = open.includes("]:") ? newDefinitions(this.#definitions) : this.#definitions;
    collectDefinitions(open, definitions);
    this.#last = parseSegment(closeSyntax(open), definitions, this.#linkFor);
    this.#parsedLength = open.length;
    const last = this.#last.at(-1);
    this.#fence = last?.kind === "code" && !open.includes(JOINT) ? openFenceOf(open) : undefined;
  }

  #settle(source: string): void {
    if (source.includes("]:")) {
      collectDefinitions(source, this.#definitions);
      this.#known = Object.keys(this.#definitions).length;
    }
    const blocks = parseSegment(source, this.#definitions, this.#linkFor);
    this.#segments.push({ source, blocks, known: this.#known });
    this.#settledLength += source.length;
  }

  #emit(blocks: readonly Block[]): readonly Block[] {
    this.#blocks = shareEqual(this.#blocks, blocks);
    return this.#blocks;
  }

  #restart(): void {
    this.#text = "";
    this.#segments = [];
    this.#settledLength = 0;
    this.#definitions = newDefinitions();
    this.#known = 0;
    this.#last = [];
    this.#parsedLength = 0;
    this.#fence = undefined;
    this.#isFinished = false;
  }
}
