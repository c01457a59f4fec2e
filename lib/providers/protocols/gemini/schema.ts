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
const MAX_SCHEMA = 64;
/** Longer references are ignored, characters. */
const MAX_REFERENCE = 1_000;
/**
 * References can multiply, and each copies its target: how many schemas and properties may be copied for all
 * tools of a request.
 */
const MAX_COPIED = 30_000;

/** How much may still be copied for the references of one request. */
export type ReferenceBudget = { left: number };

/** The position of a schema: the root for its references, and the references that led to it. */
type Place = { root: JsonObject; following: readonly string[]; depth: number; budget: ReferenceBudget };

export function newReferenceBudget(): ReferenceBudget {
  return { left: MAX_COPIED };
}

/**
 * The parameters of a tool in Gemini's dialect of JSON Schema; undefined when there are none to give.
 *
 * @param budget shared by all schemas of a request.
 */
export function geminiParameters(schema: JsonObject, budget: ReferenceBudget): JsonObject | undefined {
  const parameters = geminiSchema(schema, { root: schema, following: ["#"], depth: 0, budget });
  const { type, properties, anyOf } = parameters;
  // An object without properties is refused.
  const isEmpty = (type === undefined || type === "object") && properties === undefined;
  return isEmpty && anyOf === undefined ? undefined : parameters;
}

/** Rewrites keywords that Gemini does not know if possible, else leaves them out. */
function geminiSchema(schema: JsonObject, place: Place): JsonObject {
  if (place.following.length > 1) place.budget.left -= 1;
  if (place.depth > MAX_SCHEMA || place.budget.left < 0) return { type: "object" };
  let kept: JsonObject = {};
  for (const [name, value] of Object.entries(schema)) {
    if (value !== undefined && KEYWORDS.has(name)) kept[name] = keyword(name, value, place);
  }
  if (kept["anyOf"] === undefined && Array.isArray(schema["oneOf"])) {
    kept["anyOf"] = keyword("anyOf", schema["oneOf"], place);
  }
  if (kept["enum"] === undefined && typeof schema["const"] === "string") kept["enum"] = [schema["const"]];
  if (typeof schema["$ref"] === "string") kept = merged(kept, followed(schema["$ref"], place), place.budget);
  for (const part of Array.isArray(schema["allOf"]) ? schema["allOf"] : []) {
    if (isJsonObject(part))
      kept = merged(kept, geminiSchema(part as JsonObject, deeper(place)), place.budget);
  }
  narrowType(kept);
  narrowProperties(kept);
  return kept;
}

function deeper(place: Place): Place {
  return { ...place, depth: place.depth + 1 };
}

/** The target of a local reference; any object if it is recursive or does not exist. */
function followed(ref: string, place: Place): JsonObject {
  const target = place.following.includes(ref) ? undefined : lookUp(ref, place.root);
  if (target === undefined) return { type: "object" };
  return geminiSchema(target, { ...deeper(place), following: [...place.following, ref] });
}

function lookUp(ref: string, root: JsonObject): JsonObject | undefined {
  if (!ref.startsWith("#/") || ref.length > MAX_REFERENCE) return undefined;
  let found: unknown = root;
  for (const step of ref.slice(2).split("/")) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isJsonObject(found) || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return isJsonObject(found) ? (found as JsonObject) : undefined;
}

/** Both schemas in one; if they conflict, the first takes precedence. */
function merged(first: JsonObject, second: JsonObject, budget: ReferenceBudget): JsonObject {
  const both: JsonObject = { ...second, ...first };
  const [left, right] = [first["properties"], second["properties"]];
  if (isJsonObject(left) && isJsonObject(right)) {
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
    budget.left -= names.length;
    both["properties"] = Object.fromEntries(
      names.map((name) => {
        const [a, b] = [own(left as JsonObject, name), own(right as JsonObject, name)];
        return [
          name,
          isJsonObject(a) && isJsonObject(b) ? merged(a as JsonObject, b as JsonObject, budget) : (a ?? b),
        ];
      }),
    );
  }
  if (Array.isArray(first["required"]) && Array.isArray(second["required"])) {
    const required = [...new Set([...first["required"], ...second["required"]])];
    budget.left -= required.length;
    both["required"] = required;
  }
  return both;
}

function own(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function keyword(name: string, value: JsonValue, place: Place): JsonValue {
  const nested = (item: JsonValue): JsonValue =>
    isJsonObject(item) ? geminiSchema(item as JsonObject, deeper(place)) : item;
  if (name === "items") return nested(value);
  if (name === "anyOf") return Array.isArray(value) ? value.map(nested) : [];
  if (name !== "properties" || !isJsonObject(value)) return value;
  // The names inside `properties` are the client's, even if they look like keywords.
  return Object.fromEntries(
    Object.entries(value as JsonObject).flatMap(([property, child]) =>
      child === undefined ? [] : [[property, nested(child)]],
    ),
  );
}

/** Only objects may have properties; Gemini rejects empty `properties` and unknown names in `required`. */
function narrowProperties(kept: JsonObject): void {
  const { properties, required } = kept;
  const names = isJsonObject(properties) ? new Set(Object.keys(properties)) : new Set<string>();
  if (names.size === 0) delete kept["properties"];
  else kept["type"] ??= "object";
  if (!Array.isArray(required)) return;
  const known = required.filter((name) => typeof name === "string" && names.has(name));
  if (known.length > 0) kept["required"] = known;
  else delete kept["required"];
}

/** In Gemini's dialect, `type` is one name, and `enum` contains only strings. */
function narrowType(kept: JsonObject): void {
  const { type } = kept;
  if (Array.isArray(type)) {
    const types = type.filter((name) => name !== "null");
    if (types.length < type.length) kept["nullable"] = true;
    delete kept["type"];
    if (types.length === 1 && types[0] !== undefined) kept["type"] = types[0];
    else if (types.length > 1) kept["anyOf"] = types.map((name) => ({ type: name }));
  }
  const values = kept["enum"];
  if (Array.isArray(values) && values.some((value) => typeof value !== "string")) delete kept["enum"];
  const format = kept["format"];
  if (kept["type"] === "string" && typeof format === "string" && !STRING_FORMATS.has(format)) {
    delete kept["format"];
  }
}
