/**
 * Joins a surrogate pair that was split over two strings.
 *
 * A provider may cut an emoji between two JSON deltas; encoded to UTF-8 one by one, each half would
 * become U+FFFD. A trailing half is held until the other half arrives.
 */
export class SurrogateJoiner {
  #held = "";

  get holds(): boolean {
    return this.#held !== "";
  }

  push(text: string): string {
    if (text === "") return "";
    const joined = this.#held === "" ? text : this.#held + text;
    const last = joined.charCodeAt(joined.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.#held = joined.slice(-1);
      return joined.slice(0, -1).toWellFormed();
    }
    this.#held = "";
    return joined.toWellFormed();
  }

  /** A half that is still held, as U+FFFD. */
  flush(): string {
    const rest = this.#held.toWellFormed();
    this.#held = "";
    return rest;
  }
}

const BYTE_ORDER_MARK_KEPT = { ignoreBOM: true } as const;

/**
 * Decodes UTF-8 chunk by chunk and never fails: a run of invalid bytes becomes one U+FFFD. Keeps a byte order
 * mark.
 */
export class LenientDecoder {
  readonly #decoder = new TextDecoder("utf-8", BYTE_ORDER_MARK_KEPT);
  #endsInReplacement = false;

  push(bytes: Uint8Array): string {
    return this.#collapse(this.#decoder.decode(bytes, { stream: true }));
  }

  /** The rest: U+FFFD if the bytes end within a character. */
  end(): string {
    return this.#collapse(this.#decoder.decode());
  }

  #collapse(decoded: string): string {
    let text = decoded;
    if (text.includes("\ufffd")) {
      text = text.replace(/\ufffd{2,}/g, "\ufffd");
      if (this.#endsInReplacement && text.startsWith("\ufffd")) text = text.slice(1);
    }
    if (text !== "") this.#endsInReplacement = text.endsWith("\ufffd");
    return text;
  }
}

/** Decodes a whole body the same way, without its byte order mark, so that JSON can be parsed. */
export function decodeLenient(chunks: readonly Uint8Array[]): string {
  const decoder = new LenientDecoder();
  let text = "";
  for (const chunk of chunks) text += decoder.push(chunk);
  text += decoder.end();
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

/** At most `limit` characters, cut between code points, with an ellipsis if something was cut. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** A text, or the first and the last characters of a long one: what a message asks for stands at one of them. */
export function endsOf(text: string, each: number, between = "\n"): string {
  return text.length <= 2 * each ? text : `${text.slice(0, each)}${between}${text.slice(-each)}`;
}

/** A short non-cryptographic hash (FNV-1a, 32 bit): stable across processes, for spreading load. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
