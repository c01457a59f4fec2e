const DATA_IMAGE = /data:image\/(?:png|jpe?g);base64,[A-Za-z\d+/]+={0,2}/g;
const PLACEHOLDER = /data:image\/taken,(\d+)/g;

/**
 * The pictures that a text holds. They are taken out before it is parsed: base64 is long enough to make a
 * paragraph look too hard to parse.
 */
export class DataImages {
  readonly #taken: string[] = [];

  take(text: string): string {
    if (!text.includes("data:image/")) return text;
    return text.replace(DATA_IMAGE, (address) => `data:image/taken,${this.#taken.push(address) - 1}`);
  }

  /** The text as it was, for places where an address is only words. */
  restore(text: string): string {
    if (this.#taken.length === 0) return text;
    return text.replace(PLACEHOLDER, (whole, index) => this.#taken[Number(index)] ?? whole);
  }

  /** The bytes of a picture; undefined if the address is none of those that were taken. */
  bytesOf(address: string): Uint8Array | undefined {
    const index = /^data:image\/taken,(\d+)$/.exec(address)?.[1];
    const taken = index === undefined ? undefined : this.#taken[Number(index)];
    return taken === undefined ? undefined : Buffer.from(taken.slice(taken.indexOf(",") + 1), "base64");
  }
}
