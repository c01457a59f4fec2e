import { define, validSchema } from "#lib/providers/protocols/fit/json-schema.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";

/** The keywords that the API takes in `responseJsonSchema`. Source: its `GenerationConfig` reference. */
const KEYWORDS = new Set([
  "$id",
  "$defs",
  "$ref",
  "$anchor",
  "type",
  "format",
  "title",
  "description",
  "enum",
  "items",
  "prefixItems",
  "minItems",
  "maxItems",
  "minimum",
  "maximum",
  "anyOf",
  "oneOf",
  "properties",
  "additionalProperties",
  "required",
  "propertyOrdering",
]);
const NAMED_SCHEMAS = new Set(["properties", "$defs"]);
const SCHEMAS = new Set(["items", "additionalProperties"]);
const SCHEMA_LISTS = new Set(["prefixItems", "anyOf", "oneOf"]);

/** The schema of an answer, with the keywords that the API knows. */
export function responseJsonSchema(schema: JsonObject): JsonObject {
  const valid = validSchema(schema, { complete: false });
  const { definitions, ...rest } = valid;
  if (!isJsonObject(definitions)) return known(valid);
  // The API knows only the newer keyword; the references follow it.
  return known({ ...rest, $defs: { ...(definitions as JsonObject), ...defsOf(rest) } });
}

function defsOf({ $defs }: JsonObject): JsonObject {
  return isJsonObject($defs) ? ($defs as JsonObject) : {};
}

function known(schema: JsonObject): JsonObject {
  const kept: JsonObject = {};
  const { $ref } = schema;
  if (typeof $ref === "string") {
    // A reference takes no neighbours but those that begin with `$`.
    kept["$ref"] = $ref.replace(/^#\/definitions\//, "#/$defs/");
    if (schema["$defs"] !== undefined) kept["$defs"] = keyword("$defs", schema["$defs"]);
    return kept;
  }
  const values = schema["enum"] ?? (schema["const"] === undefined ? undefined : [schema["const"]]);
  for (const [name, value] of Object.entries(schema)) {
    if (value !== undefined && name !== "enum" && KEYWORDS.has(name)) kept[name] = keyword(name, value);
  }
  // Texts and numbers only.
  const isKnown = (value: JsonValue): boolean => typeof value === "string" || typeof value === "number";
  if (Array.isArray(values) && values.length > 0 && values.every(isKnown)) kept["enum"] = values;
  return kept;
}

function keyword(name: string, value: JsonValue): JsonValue {
  const inner = (item: JsonValue | undefined): JsonValue =>
    isJsonObject(item) ? known(item as JsonObject) : (item ?? {});
  if (SCHEMAS.has(name)) return inner(value);
  if (SCHEMA_LISTS.has(name)) return Array.isArray(value) ? value.map(inner) : value;
  if (!NAMED_SCHEMAS.has(name) || !isJsonObject(value)) return value;
  const schemas: JsonObject = {};
  for (const [key, item] of Object.entries(value as JsonObject)) define(schemas, key, inner(item));
  return schemas;
}
