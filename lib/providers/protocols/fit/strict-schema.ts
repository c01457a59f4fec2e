import { isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";

/** OpenAI's limit for the nesting of a strict schema. */
const MAX_STRICT_DEPTH = 10;
/** Keywords that may stand in a strict schema; any other is answered with 400. Source: docs/PROVIDERS.md. */
const STRICT_KEYWORDS = new Set([
  "$schema",
  "$defs",
  "definitions",
  "$ref",
  "type",
  "title",
  "description",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "anyOf",
  "enum",
  "const",
  "pattern",
  "format",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minItems",
  "maxItems",
]);
const STRICT_FORMATS = new Set([
  "date-time",
  "time",
  "date",
  "duration",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "uuid",
]);

/**
 * Whether OpenAI's strict mode takes the schema: closed objects whose properties are all required, at the
 * root too, and nothing but the keywords that it knows.
 */
export function isStrictSchema(schema: JsonObject | undefined): boolean {
  if (schema === undefined || schema["type"] !== "object" || schema["anyOf"] !== undefined) return false;
  return isStrict(schema, 0);
}

function isStrict(value: JsonValue | undefined, depth: number): boolean {
  if (!isJsonObject(value) || depth > MAX_STRICT_DEPTH) return false;
  const schema = value as JsonObject;
  const keywords = Object.keys(schema).filter((name) => schema[name] !== undefined);
  if (schema["$ref"] !== undefined && depth > 0) return keywords.length === 1;
  if (!keywords.every((name) => STRICT_KEYWORDS.has(name))) return false;
  const { type, format, anyOf, items } = schema;
  if (
    type === undefined &&
    anyOf === undefined &&
    schema["enum"] === undefined &&
    schema["const"] === undefined
  )
    return false;
  if (typeof format === "string" && !STRICT_FORMATS.has(format)) return false;
  const types = Array.isArray(type) ? type : [type];
  if (types.includes("object") && !isClosed(schema)) return false;
  if (types.includes("array") && !isJsonObject(items)) return false;
  const inner = [
    ...valuesOf(schema["properties"]),
    ...valuesOf(schema["$defs"]),
    ...valuesOf(schema["definitions"]),
    ...(Array.isArray(anyOf) ? anyOf : []),
    ...(items === undefined ? [] : [items]),
  ];
  return inner.every((part) => isStrict(part, depth + 1));
}

function isClosed({ properties, required, additionalProperties }: JsonObject): boolean {
  if (additionalProperties !== false || !isJsonObject(properties)) return false;
  const listed = new Set(Array.isArray(required) ? required : []);
  const names = Object.keys(properties);
  return listed.size === names.length && names.every((name) => listed.has(name));
}

function valuesOf(value: JsonValue | undefined): (JsonValue | undefined)[] {
  return isJsonObject(value) ? Object.values(value as JsonObject) : [];
}
