import { isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";

/** Names of types; others are refused by validators. */
const TYPES = new Set(["string", "number", "integer", "boolean", "array", "object", "null"]);
/** Deeper schemas are cut off. */
const MAX_SCHEMA_DEPTH = 64;
/** Longer references are ignored, characters. */
const MAX_REFERENCE = 1_000;
/** A longer pattern is not worth compiling, characters. */
const MAX_PATTERN = 2_000;

/** What an API wants beside a valid schema. */
export type SchemaNeeds = {
  /** OpenAI refuses arrays without `items`. */
  complete: boolean;
  /** Renames a property that the API refuses. */
  propertyName?: (name: string) => string;
};

type Place = SchemaNeeds & { root: JsonObject; depth: number };
type Keyword = (value: JsonValue, place: Place) => JsonValue | undefined;

const isString: Keyword = (value) => (typeof value === "string" ? value : undefined);
const isBoolean: Keyword = (value) => (typeof value === "boolean" ? value : undefined);
const isNumber: Keyword = (value) =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;
const isCount: Keyword = (value) => (Number.isSafeInteger(value) && Number(value) >= 0 ? value : undefined);
const isList: Keyword = (value) => (Array.isArray(value) && value.length > 0 ? value : undefined);

/** The keywords whose values are checked; a value of another kind is left out. Others pass. */
const KEYWORDS: Readonly<Record<string, Keyword>> = {
  $id: isString,
  $schema: isString,
  $anchor: isString,
  $comment: isString,
  $ref: (value, { root }) =>
    typeof value === "string" && (value === "#" || lookUp(value, root) !== undefined) ? value : undefined,
  $defs: namedSchemas,
  definitions: namedSchemas,
  type: typeNames,
  title: isString,
  description: isString,
  format: isString,
  enum: isList,
  examples: (value) => (Array.isArray(value) ? value : undefined),
  properties: (value, place) => renamedKeys(namedSchemas(value, place), place),
  patternProperties: namedSchemas,
  dependentSchemas: namedSchemas,
  additionalProperties: schemaOrBoolean,
  unevaluatedProperties: schemaOrBoolean,
  unevaluatedItems: schemaOrBoolean,
  required: (value, place) => renamedList(names(value), place),
  items: (value, place) => (Array.isArray(value) ? undefined : schemaOf(value, place)),
  prefixItems: schemaList,
  ...Object.fromEntries(
    ["contains", "propertyNames", "not", "if", "then", "else"].map((name) => [name, schemaOf]),
  ),
  anyOf: schemaList,
  oneOf: schemaList,
  allOf: schemaList,
  minimum: isNumber,
  maximum: isNumber,
  exclusiveMinimum: isNumber,
  exclusiveMaximum: isNumber,
  multipleOf: (value) => (typeof value === "number" && value > 0 ? value : undefined),
  minLength: isCount,
  maxLength: isCount,
  minItems: isCount,
  maxItems: isCount,
  minContains: isCount,
  maxContains: isCount,
  minProperties: isCount,
  maxProperties: isCount,
  uniqueItems: isBoolean,
  readOnly: isBoolean,
  writeOnly: isBoolean,
  deprecated: isBoolean,
  pattern: (value) => (typeof value === "string" && compiles(value) ? value : undefined),
  // Of draft 7 and before; the current draft ignores or refuses them.
  additionalItems: () => undefined,
  dependencies: () => undefined,
};

/** A schema that is valid in JSON Schema 2020-12, with the meaning of the given one of any draft. */
export function validSchema(schema: JsonObject, needs: SchemaNeeds): JsonObject {
  return walked(schema, { ...needs, root: schema, depth: 0 });
}

function walked(schema: JsonObject, place: Place): JsonObject {
  if (place.depth > MAX_SCHEMA_DEPTH) return {};
  const inner = { ...place, depth: place.depth + 1 };
  const valid: JsonObject = {};
  for (const [name, value] of Object.entries(withoutOldForms(schema))) {
    if (value === undefined) continue;
    const keyword = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : undefined;
    const kept = keyword === undefined ? value : keyword(value, inner);
    // Clients choose some of the names; assigning to `__proto__` would not create a field.
    if (kept !== undefined) define(valid, name, kept);
  }
  if (place.complete) complete(valid);
  return valid;
}

/** Draft 3 and 4: `required: true` in a property, `exclusiveMinimum: true`, `items` as a tuple. */
function withoutOldForms(schema: JsonObject): JsonObject {
  let current = schema;
  const set = (changes: JsonObject): void => {
    current = { ...current, ...changes };
  };
  const { properties, items } = schema;
  if (schema["exclusiveMinimum"] === true) set({ exclusiveMinimum: schema["minimum"], minimum: undefined });
  if (schema["exclusiveMaximum"] === true) set({ exclusiveMaximum: schema["maximum"], maximum: undefined });
  if (Array.isArray(items)) {
    set({ items: schema["additionalItems"] });
    if (items.length > 0) set({ prefixItems: items });
  }
  if (isJsonObject(properties) && !Array.isArray(schema["required"])) {
    const required = Object.keys(properties).filter((name) => isMarkedRequired(properties[name]));
    if (required.length > 0) set({ required });
  }
  return current;
}

function isMarkedRequired(property: unknown): boolean {
  return isJsonObject(property) && property["required"] === true;
}

function complete(schema: JsonObject): void {
  const isOf = (type: string): boolean =>
    schema["type"] === type || (Array.isArray(schema["type"]) && schema["type"].includes(type));
  if ((isOf("array") || schema["prefixItems"] !== undefined) && schema["items"] === undefined)
    schema["items"] = {};
}

/** A schema; `true` is the empty one. `false`, which allows nothing, is left out. */
function schemaOf(value: JsonValue, place: Place): JsonObject | undefined {
  if (value === true) return {};
  return isJsonObject(value) ? walked(value as JsonObject, place) : undefined;
}

function schemaOrBoolean(value: JsonValue, place: Place): JsonValue | undefined {
  return typeof value === "boolean" ? value : schemaOf(value, place);
}

function schemaList(value: JsonValue, place: Place): JsonObject[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const schemas = value.flatMap((item): JsonObject[] => {
    const schema = schemaOf(item, place);
    return schema === undefined ? [] : [schema];
  });
  return schemas.length === 0 ? undefined : schemas;
}

function namedSchemas(value: JsonValue, place: Place): JsonObject | undefined {
  if (!isJsonObject(value)) return undefined;
  const schemas: JsonObject = {};
  for (const [name, item] of Object.entries(value as JsonObject)) {
    const schema = item === undefined ? undefined : schemaOf(item, place);
    if (schema !== undefined) define(schemas, name, schema);
  }
  return schemas;
}

function typeNames(value: JsonValue): JsonValue | undefined {
  const known = (name: JsonValue): string[] => {
    const lower = typeof name === "string" ? name.toLowerCase() : "";
    return TYPES.has(lower) ? [lower] : [];
  };
  if (!Array.isArray(value)) return known(value)[0];
  const types = [...new Set(value.flatMap(known))];
  // A list that named an unknown type allowed more than the others.
  if (types.length === 0) return undefined;
  return types.length === 1 ? types[0] : types;
}

function names(value: JsonValue): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return [...new Set(value.filter((name) => typeof name === "string"))];
}

function renamedKeys(schemas: JsonObject | undefined, { propertyName }: Place): JsonObject | undefined {
  if (schemas === undefined || propertyName === undefined) return schemas;
  const renamed: JsonObject = {};
  for (const [name, schema] of Object.entries(schemas)) define(renamed, propertyName(name), schema);
  return renamed;
}

function renamedList(list: string[] | undefined, { propertyName }: Place): string[] | undefined {
  return propertyName === undefined ? list : list?.map(propertyName);
}

function compiles(pattern: string): boolean {
  if (pattern.length > MAX_PATTERN) return false;
  try {
    new RegExp(pattern);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The target of a local reference, if it exists. */
export function lookUp(ref: string, root: JsonObject): JsonObject | undefined {
  if (!ref.startsWith("#/") || ref.length > MAX_REFERENCE) return undefined;
  let found: unknown = root;
  for (const step of ref.slice(2).split("/")) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(found)) found = /^\d{1,6}$/.test(name) ? found[Number(name)] : undefined;
    else if (isJsonObject(found) && Object.hasOwn(found, name)) found = found[name];
    else return undefined;
  }
  return isJsonObject(found) ? (found as JsonObject) : undefined;
}

export function define(object: JsonObject, name: string, value: JsonValue | undefined): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}
