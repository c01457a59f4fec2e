import { isJsonObject, type JsonObject } from "#lib/shared/json.ts";

/*
 * The format of a custom tool: OpenAI's two APIs write a grammar in two ways, and clients of either may use
 * the other's.
 */

/** The grammar's fields beside its type, as in the Responses API. */
export function flatFormat(format: JsonObject): JsonObject {
  const { grammar, ...rest } = format;
  return isJsonObject(grammar) ? { ...rest, ...(grammar as JsonObject) } : format;
}

/** The grammar in an object of its own, as in Chat Completions. */
export function nestedFormat(format: JsonObject): JsonObject {
  const { type, syntax, definition, ...rest } = format;
  if (type !== "grammar" || isJsonObject(format["grammar"])) return format;
  const grammar: JsonObject = {};
  if (syntax !== undefined) grammar["syntax"] = syntax;
  if (definition !== undefined) grammar["definition"] = definition;
  return { type, grammar, ...rest };
}
