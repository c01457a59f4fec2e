import type { DocumentError } from "#lib/documents/document.ts";

/** The text of a file for a model, or why there is none. */
type Reading = { text: string } | { error: DocumentError };

/** Characters of all texts together. */
const MAX_CHARACTERS = 8_000_000;
const MAX_ENTRIES = 200;

/**
 * What files say, by a digest of their bytes. Agents send the files of a conversation with each of its requests.
 */
export class ReadingCache {
  readonly #readings = new Map<string, Reading>();
  #characters = 0;

  /** The reading, which becomes the newest. */
  use(key: string): Reading | undefined {
    const reading = this.#readings.get(key);
    if (reading === undefined) return undefined;
    this.#readings.delete(key);
    this.#readings.set(key, reading);
    return reading;
  }

  /** Keeps a reading, and drops those that were used longest ago. Not one that another time may go better. */
  add(key: string, reading: Reading): Reading {
    if ("error" in reading && reading.error.problem === "too_complex") return reading;
    this.#delete(key);
    this.#readings.set(key, reading);
    this.#characters += lengthOf(reading);
    for (const oldest of this.#readings.keys()) {
      if (this.#characters <= MAX_CHARACTERS && this.#readings.size <= MAX_ENTRIES) break;
      this.#delete(oldest);
    }
    return reading;
  }

  #delete(key: string): void {
    const reading = this.#readings.get(key);
    if (reading === undefined) return;
    this.#readings.delete(key);
    this.#characters -= lengthOf(reading);
  }
}

function lengthOf(reading: Reading): number {
  return "text" in reading ? reading.text.length : 0;
}
