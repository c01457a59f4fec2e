import { type BitCoder, Chances, NARROW } from "#lib/router/intent/bit-coder.ts";

/** Writes bits for `BitDecoder`. */
export class BitEncoder implements BitCoder {
  readonly #bytes: number[] = [];
  readonly #chances: Chances;
  #low = 0;
  #range = 2 ** 32 - 1;
  /** The last byte and the 255s behind it wait: a carry may still change them. */
  #waiting = 0;
  #waitingBytes = 1;

  constructor(contexts: number) {
    this.#chances = new Chances(contexts);
  }

  code(context: number, bit: number): number {
    const zero = this.#chances.zeroOf(this.#range, context);
    if (bit === 0) this.#range = zero;
    else {
      this.#low += zero;
      this.#range -= zero;
    }
    this.#chances.learn(context, bit);
    while (this.#range < NARROW) {
      this.#range = (this.#range << 8) >>> 0;
      this.#shift();
    }
    return bit;
  }

  finish(): Uint8Array {
    for (let byte = 0; byte < 5; byte++) this.#shift();
    return Uint8Array.from(this.#bytes);
  }

  #shift(): void {
    if (this.#low < 0xff00_0000 || this.#low >= 2 ** 32) {
      const carry = this.#low >= 2 ** 32 ? 1 : 0;
      let byte = this.#waiting;
      for (; this.#waitingBytes > 0; this.#waitingBytes--) {
        this.#bytes.push((byte + carry) & 255);
        byte = 255;
      }
      this.#waiting = Math.floor(this.#low / NARROW) & 255;
    }
    this.#waitingBytes++;
    this.#low = (this.#low % NARROW) * 256;
  }
}
