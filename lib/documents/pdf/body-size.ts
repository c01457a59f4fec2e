import type { PageContent } from "#lib/documents/pdf/page-content.ts";

/** The size of a document's usual text, which tells headings from it: that of most characters so far. */
export class BodySize {
  readonly #characters = new Map<number, number>();

  add({ turned }: Pick<PageContent, "turned">): void {
    for (const { text, size } of turned.flatMap(({ fragments }) => fragments)) {
      const rounded = Math.round(size * 2) / 2;
      this.#characters.set(rounded, (this.#characters.get(rounded) ?? 0) + text.length);
    }
  }

  /** Points. */
  get value(): number {
    let [most, value] = [0, 12];
    for (const [size, characters] of this.#characters) {
      if (characters > most) [most, value] = [characters, size];
    }
    return Math.max(1, value);
  }
}
