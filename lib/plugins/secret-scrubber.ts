import { asBuffer } from "#lib/shared/bytes.ts";

const MIN_SECRET = 4;
const ASTERISK = 0x2a;
const REDACTED = "[redacted]";

/** The ways in which a secret may stand in JSON and in text. */
function spellings(secret: string | undefined): string[] {
  if (secret === undefined || secret.length < MIN_SECRET) return [];
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [...new Set([secret, inJson, inJson.replaceAll("/", "\\/")])];
}

/**
 * Overwrites every occurrence of a secret with asterisks, in place: a plugin that repeats its request must not hand
 * its token to a client.
 */
export function eraseSecret(bytes: Uint8Array, secret: string | undefined): void {
  const buffer = asBuffer(bytes);
  for (const spelling of spellings(secret)) {
    const length = Buffer.byteLength(spelling);
    for (let at = buffer.indexOf(spelling); at !== -1; at = buffer.indexOf(spelling, at + length)) {
      buffer.fill(ASTERISK, at, at + length);
    }
  }
}

/** The same for a text that arrives in pieces: an end that may begin the secret waits for the next piece. */
export class SecretScrubber {
  readonly #spellings: readonly string[];
  #held = "";

  constructor(secret: string | undefined) {
    this.#spellings = spellings(secret);
  }

  push(text: string): string {
    if (this.#spellings.length === 0) return text;
    let all = this.#held + text;
    for (const spelling of this.#spellings) all = all.replaceAll(spelling, REDACTED);
    const keep = Math.max(...this.#spellings.map((spelling) => partialEnd(all, spelling)));
    this.#held = all.slice(all.length - keep);
    return all.slice(0, all.length - keep);
  }

  end(): string {
    const rest = this.#held;
    this.#held = "";
    return rest;
  }
}

/** How many characters at the end of the text are the beginning of `whole`. */
function partialEnd(text: string, whole: string): number {
  for (let length = Math.min(whole.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(whole.slice(0, length))) return length;
  }
  return 0;
}
