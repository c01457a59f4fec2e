import { exceedsDepth, isJsonObject, type JsonObject, parseJson } from "#lib/shared/json.ts";
import { type JsonLimits, JsonScan } from "#lib/shared/json-scan.ts";

/** As deep as a request's body may be: what is deeper is passed on by nobody. */
export const MAX_DEPTH = 200;

/**
 * How much JSON a text from outside may hold. Generous beside what clients send: OpenAI takes 300,000
 * tokens of embeddings a request, and 1,000 messages of an agent with 100 tools of 100 keys come to some
 * 20,000 keys. What is let in must be parsed and checked without holding up everybody else (`npm run
 * attack` measures it).
 */
export const JSON_LIMITS: JsonLimits = {
  maxDepth: MAX_DEPTH,
  maxValues: 400_000,
  maxKeys: 50_000,
  maxKeysPerObject: 5_000,
};

/**
 * How much JSON a provider's whole answer may hold: 12,000 tokens with the 20 likeliest of each come to two
 * million values. What is not parsed by us in small steps would hold everybody up.
 */
export const ANSWER_LIMITS: JsonLimits = {
  maxDepth: MAX_DEPTH,
  maxValues: 3_000_000,
  maxKeys: 1_500_000,
  maxKeysPerObject: 10_000,
};

/** A longer text within a body is passed on as text, and parsed by nobody, characters. */
const MAX_NESTED_TEXT = 1_000_000;

/**
 * The JSON object that a text is; undefined when it is none, one that could not be written again, or one
 * beyond `limits`. A text within a body comes here unread: the limits of the body do not see into it.
 */
export function parseJsonObject(text: string, limits: JsonLimits = JSON_LIMITS): JsonObject | undefined {
  if (!couldBeObject(text) || exceeds(text, limits)) return undefined;
  const value = parseJson(text);
  return isJsonObject(value) && !exceedsDepth(value, MAX_DEPTH) ? (value as JsonObject) : undefined;
}

/** Whether `parseJsonObject` would look into a text at all. */
export function couldBeObject(text: string): boolean {
  if (text.length > MAX_NESTED_TEXT) return false;
  // No pattern: it would pass over megabytes of white space for nothing.
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code === 0x7b;
  }
  return false;
}

function exceeds(text: string, limits: JsonLimits): boolean {
  // Too short to hold as much: every value takes a character, and one to part it from the next.
  if (text.length < limits.maxKeys && text.length < limits.maxKeysPerObject) return false;
  return new JsonScan(limits).push(Buffer.from(text)) !== undefined;
}
