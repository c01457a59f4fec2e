/**
 * Joins a surrogate pair that was split over two strings.
 *
 * A provider may cut an emoji between two JSON deltas; encoded to UTF-8 one by one, each half would
 * become U+FFFD. The trailing half is held until its partner arrives.
 */
export class SurrogateJoiner {
  #held = "";

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

  /** What is still held, as U+FFFD: its partner never came. */
  flush(): string {
    const rest = this.#held.toWellFormed();
    this.#held = "";
    return rest;
  }
}

/** At most `limit` characters, cut between code points, marked when something was cut. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** A short non-cryptographic hash (FNV-1a, 32 bit): stable across processes, for spreading load. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
