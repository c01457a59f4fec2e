/** How much JSON a text may contain. */
export type JsonLimits = {
  /** Nesting of arrays and objects. */
  maxDepth: number;
  /** Values in all: every number, string, literal, array and object; an empty one of those counts twice. */
  maxValues: number;
  /** Keys of all objects together. */
  maxKeys: number;
  /** Keys of one object. */
  maxKeysPerObject: number;
};

/** The limit that a text exceeds. */
export type JsonExcess = keyof JsonLimits;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** For fewer bytes than this, a native search costs more than it saves. */
const NEAR_BYTES = 24;

/**
 * Counts the values in a JSON text while its bytes arrive, in one pass and without parsing: a few megabytes
 * of tiny values take seconds and gigabytes to parse. In invalid JSON it counts at least up to the first
 * mistake, which is as far as a parser gets.
 */
export class JsonScan {
  readonly #limits: JsonLimits;
  /** Keys of the objects that are open, by depth. */
  readonly #keysAtDepth: Uint32Array;
  #depth = 0;
  #values = 1;
  #keys = 0;
  #containers = 0;
  #inString = false;
  /** The previous piece ended in a backslash within a string: the next byte is escaped. */
  #escaped = false;

  constructor(limits: JsonLimits) {
    this.#limits = limits;
    this.#keysAtDepth = new Uint32Array(limits.maxDepth + 1);
  }

  /** Values counted so far. */
  get values(): number {
    return this.#values;
  }

  /** Keys counted so far. */
  get keys(): number {
    return this.#keys;
  }

  /** Arrays and objects counted so far. */
  get containers(): number {
    return this.#containers;
  }

  /** Reads the next bytes. Returns the limit that was exceeded, if any. */
  push(bytes: Buffer): JsonExcess | undefined {
    const { maxDepth, maxValues, maxKeys, maxKeysPerObject } = this.#limits;
    const keysAtDepth = this.#keysAtDepth;
    const { length } = bytes;
    let at = 0;
    if (this.#escaped && length > 0) {
      this.#escaped = false;
      at = 1;
    }
    while (at < length) {
      if (this.#inString) {
        at = this.#skipString(bytes, at);
        continue;
      }
      switch (bytes[at++]) {
        case QUOTE:
          this.#inString = true;
          break;
        case COMMA:
          if (++this.#values > maxValues) return "maxValues";
          break;
        case COLON:
          if (++this.#keys > maxKeys) return "maxKeys";
          keysAtDepth[this.#depth] = (keysAtDepth[this.#depth] ?? 0) + 1;
          if ((keysAtDepth[this.#depth] ?? 0) > maxKeysPerObject) return "maxKeysPerObject";
          break;
        case OPEN_BRACE:
        case OPEN_BRACKET:
          if (++this.#values > maxValues) return "maxValues";
          if (++this.#depth > maxDepth) return "maxDepth";
          this.#containers++;
          keysAtDepth[this.#depth] = 0;
          break;
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          // Invalid JSON may have more closing than opening brackets.
          if (this.#depth > 0) this.#depth--;
          break;
      }
    }
    return undefined;
  }

  /**
   * The index after the string that is open at `from`, or the end of the bytes. Short strings are scanned
   * here; for long ones, the quote is searched natively.
   */
  #skipString(bytes: Buffer, from: number): number {
    const { length } = bytes;
    let at = from;
    while (at < length) {
      const near = Math.min(at + NEAR_BYTES, length);
      while (at < near) {
        const byte = bytes[at++];
        if (byte === QUOTE) {
          this.#inString = false;
          return at;
        }
        if (byte === BACKSLASH) at++;
      }
      if (at >= length) break;
      const quote = bytes.indexOf(QUOTE, at);
      const end = quote === -1 ? length : quote;
      // An odd number of backslashes escapes the next character.
      const isEscaped = backslashesBefore(bytes, end, at) % 2 === 1;
      if (quote !== -1 && !isEscaped) {
        this.#inString = false;
        return quote + 1;
      }
      at = isEscaped ? end + 1 : end;
    }
    // Past the end: the first byte of the next piece is escaped.
    this.#escaped = at > length;
    return length;
  }
}

/** How many backslashes directly precede `end`, counted back to `from`. */
function backslashesBefore(bytes: Buffer, end: number, from: number): number {
  let at = end;
  while (at > from && bytes[at - 1] === BACKSLASH) at--;
  return end - at;
}
