import { exceedsDepth, isJsonObject, type JsonObject, parseJson } from "#lib/shared/json.ts";
import { type JsonLimits, JsonScan } from "#lib/shared/json-scan.ts";

/** The maximum nesting of a request body and of values that are passed on. */
export const MAX_DEPTH = 200;

/**
 * How much JSON an external text may contain. Generous compared with real requests: OpenAI accepts 300,000
 * tokens per embeddings request, and 1,000 messages of an agent with 100 tools of 100 keys have about 20,000
 * keys. What is accepted must be parsed without delaying other requests (`npm run attack` measures it).
 */
export const JSON_LIMITS: JsonLimits = {
  maxDepth: MAX_DEPTH,
  maxValues: 400_000,
  maxKeys: 50_000,
  maxKeysPerObject: 5_000,
};

/**
 * How much JSON a provider's whole answer may contain: 12,000 tokens with 20 top logprobs each have about two
 * million values. It is parsed in one step, which delays other requests.
 */
export const ANSWER_LIMITS: JsonLimits = {
  maxDepth: MAX_DEPTH,
  maxValues: 3_000_000,
  maxKeys: 1_500_000,
  maxKeysPerObject: 10_000,
};

/** A longer text within a body is passed on without being parsed, characters. */
const MAX_NESTED_TEXT = 1_000_000;

/**
 * Parses a text that is a JSON object; undefined if it is not one, is nested too deeply, or exceeds `limits`.
 * For texts within a body, which the limits for the body do not cover.
 */
export function parseJsonObject(text: string, limits: JsonLimits = JSON_LIMITS): JsonObject | undefined {
  if (!couldBeObject(text) || exceeds(text, limits)) return undefined;
  const value = parseJson(text);
  return isJsonObject(value) && !exceedsDepth(value, MAX_DEPTH) ? (value as JsonObject) : undefined;
}

/** Whether `parseJsonObject` would try to parse the text. */
export function couldBeObject(text: string): boolean {
  if (text.length > MAX_NESTED_TEXT) return false;
  // Not a pattern, which would scan megabytes of white space.
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code === 0x7b;
  }
  return false;
}

function exceeds(text: string, limits: JsonLimits): boolean {
  // Too short to exceed the limits: every value takes at least two characters with its separator.
  if (text.length < limits.maxKeys && text.length < limits.maxKeysPerObject) return false;
  return new JsonScan(limits).push(Buffer.from(text)) !== undefined;
}
