import { isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";

/**
 * The keywords of the API's own dialect of JSON Schema; any other is answered with 400 "Unknown name".
 * Source: docs/PROVIDERS.md, "Google Gemini", and the API's `Schema` reference.
 */
const KEYWORDS = new Set([
  "type",
  "format",
  "title",
  "description",
  "nullable",
  "default",
  "example",
  "enum",
  "items",
  "minItems",
  "maxItems",
  "properties",
  "required",
  "propertyOrdering",
  "minProperties",
  "maxProperties",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "pattern",
  "anyOf",
]);
const STRING_FORMATS = new Set(["enum", "date-time"]);
const DEEPEST_SCHEMA = 64;

/** A tool's JSON Schema in Gemini's dialect: what it does not know is rewritten where it can be, or left out. */
export function geminiSchema(schema: JsonObject, depth = 0): JsonObject {
  const kept: JsonObject = {};
  if (depth > DEEPEST_SCHEMA) return kept;
  for (const [name, value] of Object.entries(schema)) {
    if (value !== undefined && KEYWORDS.has(name)) kept[name] = keyword(name, value, depth);
  }
  if (kept["anyOf"] === undefined && Array.isArray(schema["oneOf"])) {
    kept["anyOf"] = keyword("anyOf", schema["oneOf"], depth);
  }
  if (kept["enum"] === undefined && typeof schema["const"] === "string") kept["enum"] = [schema["const"]];
  narrowType(kept);
  return kept;
}

function keyword(name: string, value: JsonValue, depth: number): JsonValue {
  const nested = (item: JsonValue): JsonValue =>
    isJsonObject(item) ? geminiSchema(item as JsonObject, depth + 1) : item;
  if (name === "items") return nested(value);
  if (name === "anyOf") return Array.isArray(value) ? value.map(nested) : [];
  if (name !== "properties" || !isJsonObject(value)) return value;
  // Inside `properties` the names are the user's, whatever they look like.
  const properties: JsonObject = {};
  for (const [property, child] of Object.entries(value as JsonObject)) {
    if (child !== undefined) properties[property] = nested(child);
  }
  return properties;
}

/** `type` is one word there, and an enumeration holds strings. */
function narrowType(kept: JsonObject): void {
  const { type } = kept;
  if (Array.isArray(type)) {
    const types = type.filter((word) => word !== "null");
    if (types.length < type.length) kept["nullable"] = true;
    delete kept["type"];
    if (types.length === 1 && types[0] !== undefined) kept["type"] = types[0];
    else if (types.length > 1) kept["anyOf"] = types.map((word) => ({ type: word }));
  }
  const values = kept["enum"];
  if (Array.isArray(values) && values.some((value) => typeof value !== "string")) delete kept["enum"];
  const format = kept["format"];
  if (kept["type"] === "string" && typeof format === "string" && !STRING_FORMATS.has(format)) {
    delete kept["format"];
  }
}
