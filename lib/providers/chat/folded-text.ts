/** White space, marks without a width of their own, and the backslash, with which Markdown escapes. */
const UNSEEN = /^[\s\\\p{Cf}\p{Variation_Selector}\p{Surrogate}]$/u;
const ALIKE: Readonly<Record<string, string>> = {
  "‘": "'",
  "’": "'",
  "‚": "'",
  "‛": "'",
  "“": '"',
  "”": '"',
  "„": '"',
  "‟": '"',
  "‐": "-",
  "‑": "-",
  "‒": "-",
  "–": "-",
  "—": "-",
  "−": "-",
};

/**
 * One code point as it is compared: without case, in compatibility decomposition, with plain quotes and
 * dashes; empty for one that does not count.
 */
export function foldOne(point: string): string {
  const code = point.charCodeAt(0);
  if (code < 0x80) {
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0x5c) return "";
    return code >= 0x41 && code <= 0x5a ? String.fromCharCode(code + 32) : point;
  }
  if (UNSEEN.test(point)) return "";
  return ALIKE[point] ?? point.normalize("NFKD").toLowerCase().replace(/\s/g, "");
}

/**
 * A text that grows, beside what of it is compared. A surrogate whose other half has not come is not
 * compared yet.
 */
export class FoldedText {
  /** What is compared. */
  folded = "";
  /** For each unit of `folded`: where its code point ends in `text`. */
  readonly ends: number[] = [];
  #text = "";
  #pending = "";

  constructor(text = "") {
    for (const point of text) this.#add(point);
  }

  get text(): string {
    return this.#text + this.#pending;
  }

  get length(): number {
    return this.#text.length + this.#pending.length;
  }

  /** The last unit is the first half of a surrogate pair. */
  get isHalfWay(): boolean {
    return this.#pending !== "";
  }

  /** Appends one UTF-16 unit. Returns what `folded` has grown by: to read its end would flatten the string. */
  push(unit: string): string {
    const pending = this.#pending;
    this.#pending = "";
    if (pending !== "" && isLowSurrogate(unit)) return this.#add(pending + unit);
    if (pending !== "") this.#add(pending);
    if (!isHighSurrogate(unit)) return this.#add(unit);
    this.#pending = unit;
    return "";
  }

  /** What follows the first `count` compared units, also within a code point that has several. */
  after(count: number): string {
    if (count === 0) return this.text;
    const end = this.ends[count - 1] ?? this.length;
    let shared = count;
    while (this.ends[shared] === end) shared++;
    return this.folded.slice(count, shared) + this.text.slice(end);
  }

  /** Where the compared unit begins in `text`, behind what does not count. */
  startOf(index: number): number {
    const { text } = this;
    let at = index === 0 ? 0 : (this.ends[index - 1] ?? 0);
    while (at < text.length && foldOne(String.fromCodePoint(text.codePointAt(at) ?? 0)) === "") at++;
    return at;
  }

  #add(point: string): string {
    this.#text += point;
    const folded = foldOne(point);
    this.folded += folded;
    for (let unit = 0; unit < folded.length; unit++) this.ends.push(this.#text.length);
    return folded;
  }
}

/** Goes through what of a long text is compared, unit by unit, without folding the rest of it. */
export class FoldedCursor {
  readonly #points: Iterator<string>;
  #folded = "";
  #at = 0;

  constructor(text: string) {
    this.#points = text[Symbol.iterator]();
    this.#fill();
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#folded.length;
  }

  /** Whether the next unit is this one; goes past it. */
  passes(unit: string): boolean {
    const isSame = this.#folded[this.#at] === unit;
    this.#at++;
    if (this.isAtEnd) this.#fill();
    return isSame;
  }

  #fill(): void {
    this.#folded = "";
    this.#at = 0;
    while (this.#folded === "") {
      const { done, value } = this.#points.next();
      if (done === true) return;
      this.#folded = foldOne(value);
    }
  }
}

export function isHighSurrogate(unit: string | undefined): boolean {
  return unit !== undefined && unit >= "\ud800" && unit <= "\udbff";
}

function isLowSurrogate(unit: string): boolean {
  return unit >= "\udc00" && unit <= "\udfff";
}
