import type { ChatEvent } from "#lib/chat/events.ts";
import type { Choice } from "#lib/providers/protocols/openai-compatible/choice.ts";
import { parseJson } from "#lib/shared/json.ts";

const CONTENT_KEY = '"content":';
const JSON_STRING = /"(?:[^"\\]|\\.)*"/y;
/** After this many chunks in a row that differed from the one before, comparing stops. */
const MAX_MISSES = 4;
/** Longer chunks are not learned: they are too few to matter. In characters. */
const MAX_LEARNED = 4_096;

/**
 * Saves parsing: the chunks of a stream mostly differ only in the string with the text. If a chunk begins
 * and ends like one that was parsed before, only that string is parsed.
 */
export class RepeatedChunk {
  #before = "";
  #after = "";
  #choice: Choice | undefined;
  #misses = 0;

  /** Passes the text on if `data` is the known chunk with another text; false if it is not. */
  read(data: string, out: ChatEvent[]): boolean {
    const choice = this.#choice;
    const before = this.#before;
    const end = data.length - this.#after.length;
    if (choice === undefined || end < before.length + 2) return false;
    // Comparing slices is faster than `startsWith`.
    if (data.slice(0, before.length) !== before || data.slice(end) !== this.#after) return false;
    // Anything but one string literal means that the chunk has another shape.
    const text = parseJson(data.slice(before.length, end));
    if (typeof text !== "string") return false;
    this.#misses = 0;
    choice.pushText(text, undefined, out);
    return true;
  }

  /** `data` is a chunk with `text` and nothing else of interest. */
  learn(data: string, text: string, choice: Choice): void {
    if (this.#misses >= MAX_MISSES || data.length > MAX_LEARNED) return;
    this.#misses++;
    const key = data.indexOf(CONTENT_KEY);
    if (key === -1) return;
    JSON_STRING.lastIndex = key + CONTENT_KEY.length;
    while (data[JSON_STRING.lastIndex] === " ") JSON_STRING.lastIndex++;
    const from = JSON_STRING.lastIndex;
    const literal = JSON_STRING.exec(data)?.[0];
    if (literal === undefined || parseJson(literal) !== text) return;
    const before = data.slice(0, from);
    const after = data.slice(from + literal.length);
    // Only if `content` occurs as a key exactly once.
    if (before.includes("\\") || after.includes("\\")) return;
    if (before.slice(0, key).includes('content"') || after.includes('content"')) return;
    this.#before = before;
    this.#after = after;
    this.#choice = choice;
  }
}
