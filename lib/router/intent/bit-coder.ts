/**
 * Writes bits, or reads them, in as little space as their chances allow: a context remembers how often its bits
 * were ones. A format is written down once, as a function of a coder; it describes writing and reading.
 */
export type BitCoder = {
  /** Writes the bit; a decoder ignores it. Returns the bit that was written or read. */
  code(context: number, bit: number): number;
};

/** Chances are parts of it. */
const WHOLE = 2 ** 16;
/** The larger, the slower a chance follows what it sees. */
const INERTIA = 7;
/** An interval below it grows by a byte. */
export const NARROW = 2 ** 24;

/** How likely a zero is, for each context. */
export class Chances {
  readonly #ofZero: Uint16Array;

  constructor(contexts: number) {
    this.#ofZero = new Uint16Array(contexts).fill(WHOLE / 2);
  }

  /** The part of an interval of 32 bits that belongs to a zero. */
  zeroOf(range: number, context: number): number {
    return (range >>> 16) * (this.#ofZero[context] ?? 0);
  }

  learn(context: number, bit: number): void {
    const chance = this.#ofZero[context] ?? 0;
    this.#ofZero[context] = bit === 0 ? chance + ((WHOLE - chance) >> INERTIA) : chance - (chance >> INERTIA);
  }
}

/** Reads what `BitEncoder` (training/router/bit-encoder.ts) wrote: an adaptive binary range coder. */
export class BitDecoder implements BitCoder {
  readonly #bytes: Uint8Array;
  readonly #chances: Chances;
  #at = 0;
  #range = 2 ** 32 - 1;
  #code = 0;

  constructor(bytes: Uint8Array, contexts: number) {
    this.#bytes = bytes;
    this.#chances = new Chances(contexts);
    // The first byte is always zero.
    for (let read = 0; read < 5; read++) this.#code = this.#withNext();
  }

  code(context: number): number {
    const zero = this.#chances.zeroOf(this.#range, context);
    const bit = this.#code < zero ? 0 : 1;
    if (bit === 0) this.#range = zero;
    else {
      this.#range -= zero;
      this.#code -= zero;
    }
    this.#chances.learn(context, bit);
    while (this.#range < NARROW) {
      this.#range = (this.#range << 8) >>> 0;
      this.#code = this.#withNext();
    }
    return bit;
  }

  #withNext(): number {
    return ((this.#code << 8) | (this.#bytes[this.#at++] ?? 0)) >>> 0;
  }
}
