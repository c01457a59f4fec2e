import type { ChatEvent } from "#lib/chat/events.ts";
import type { Choice } from "#lib/providers/protocols/openai-compatible/choice.ts";
import { parseJson } from "#lib/shared/json.ts";

const CONTENT_KEY = '"content":';
const JSON_STRING = /"(?:[^"\\]|\\.)*"/y;
/** After so many chunks in a row that had nothing in common with the one before, no more are compared. */
const MAX_MISSES = 4;
/** A longer chunk is none of hundreds. */
const MAX_LEARNT = 4_096;

/**
 * What an engine writes around each piece of text. The chunks of a stream mostly differ in one string
 * alone: where a chunk begins and ends like one that was parsed, only that string is parsed.
 */
export class RepeatedChunk {
  #before = "";
  #after = "";
  #choice: Choice | undefined;
  #misses = 0;

  /** Passes the text on when `data` is the known chunk with another text; false when it is not. */
  read(data: string, out: ChatEvent[]): boolean {
    const choice = this.#choice;
    const before = this.#before;
    const end = data.length - this.#after.length;
    if (choice === undefined || end < before.length + 2) return false;
    // Slices are compared faster than `startsWith` compares.
    if (data.slice(0, before.length) !== before || data.slice(end) !== this.#after) return false;
    // One string literal and no more, or the chunk has another shape.
    const text = parseJson(data.slice(before.length, end));
    if (typeof text !== "string") return false;
    this.#misses = 0;
    choice.pushText(text, undefined, out);
    return true;
  }

  /** `data` is a chunk with `text` and nothing else of interest. */
  learn(data: string, text: string, choice: Choice): void {
    if (this.#misses >= MAX_MISSES || data.length > MAX_LEARNT) return;
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
    // Only where no other key could be the one that counts.
    if (before.includes("\\") || after.includes("\\")) return;
    if (before.slice(0, key).includes('content"') || after.includes('content"')) return;
    this.#before = before;
    this.#after = after;
    this.#choice = choice;
  }
}
