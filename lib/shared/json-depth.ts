import { exceedsDepth, isJsonObject, type JsonObject, parseJson } from "#lib/shared/json.ts";

/** As deep as a request's body may be: what is deeper is passed on by nobody. */
export const MOST_DEPTH = 200;

/** The JSON object that a text is; undefined when it is none, or one that could not be written again. */
export function parseJsonObject(text: string): JsonObject | undefined {
  const value = parseJson(text);
  return isJsonObject(value) && !exceedsDepth(value, MOST_DEPTH) ? (value as JsonObject) : undefined;
}
