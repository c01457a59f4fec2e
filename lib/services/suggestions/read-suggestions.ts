import { jsonItems } from "#lib/model-text/json-items.ts";
import { listedItems } from "#lib/model-text/listed-items.ts";
import { plainText } from "#lib/model-text/plain-text.ts";

const MAX_SUGGESTIONS = 3;
/** A longer one would not fit a button, and is rarely a question; characters. */
const MAX_LENGTH = 160;

/**
 * The suggestions in an engine's answer, whatever its form: JSON (fenced, wrapped in an object, cut off), a list
 * or prose. At most three, as plain text on one line; none that repeats another one or the user's message.
 */
export function readSuggestions(answer: string, userMessage: string): string[] {
  const found = jsonItems(answer) ?? listedItems(answer);
  const seen = new Set([keyOf(userMessage)]);
  const suggestions: string[] = [];
  for (const item of found) {
    const text = plainText(item);
    const key = keyOf(text);
    if (key === "" || text.length > MAX_LENGTH || seen.has(key)) continue;
    seen.add(key);
    suggestions.push(text);
    if (suggestions.length === MAX_SUGGESTIONS) break;
  }
  return suggestions;
}

/** What two texts that say the same have in common: their letters and digits. */
function keyOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}\p{M}]+/gu, "");
}
