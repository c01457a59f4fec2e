import { lookUp } from "#lib/providers/protocols/fit/json-schema.ts";
import { rootObject } from "#lib/providers/protocols/fit/root-object.ts";
import { inGrammar } from "#lib/providers/protocols/gemini/schema-grammar.ts";
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
/** Keywords that limit the value and have no counterpart; annotations are not named as lost. */
const LOST_KEYWORDS = [
  "not",
  "if",
  "then",
  "else",
  "patternProperties",
  "propertyNames",
  "dependentRequired",
  "dependentSchemas",
  "dependencies",
  "contains",
  "uniqueItems",
  "multipleOf",
  "exclusiveMinimum",
  "exclusiveMaximum",
] as const;
const MAX_SCHEMA = 64;
/**
 * References can multiply, and each copies its target: how many schemas and properties may be copied for all
 * tools of a request.
 */
const MAX_COPIED = 30_000;

/** How much may still be copied for the references of one request. */
export type ReferenceBudget = { left: number; isLossy: boolean };

/** The position of a schema: the root for its references, and the references that led to it. */
type Place = { root: JsonObject; following: readonly string[]; depth: number; budget: ReferenceBudget };

export function newReferenceBudget(): ReferenceBudget {
  return { left: MAX_COPIED, isLossy: false };
}

/**
 * The parameters of a tool in Gemini's dialect of JSON Schema; undefined when there are none to give.
 *
 * @param budget shared by all schemas of a request.
 */
export function geminiParameters(schema: JsonObject, budget: ReferenceBudget): JsonObject | undefined {
  const root = rootObject(schema, budget);
  if (root.isLossy) budget.isLossy = true;
  const parameters = inGrammar(
    geminiSchema(root.schema, { root: schema, following: ["#"], depth: 0, budget }),
  );
  // An object without properties is refused.
  return parameters["properties"] === undefined ? undefined : parameters;
}

/** Rewrites keywords that Gemini does not know if possible, else leaves them out. */
function geminiSchema(schema: JsonObject, place: Place): JsonObject {
  if (place.following.length > 1) place.budget.left -= 1;
  if (place.depth > MAX_SCHEMA || place.budget.left < 0) return { type: "object" };
  if (LOST_KEYWORDS.some((name) => schema[name] !== undefined)) place.budget.isLossy = true;
  let kept: JsonObject = {};
  for (const [name, value] of Object.entries(schema)) {
    if (value !== undefined && KEYWORDS.has(name)) kept[name] = keyword(name, value, place);
  }
  if (kept["anyOf"] === undefined && Array.isArray(schema["oneOf"])) {
    kept["anyOf"] = keyword("anyOf", schema["oneOf"], place);
  }
  if (kept["enum"] === undefined && schema["const"] !== undefined) kept["enum"] = [schema["const"]];
  const items = itemForms(schema);
  if (items !== undefined) kept["items"] = unionOf(items.map((item) => nested(item, place)));
  if (typeof schema["$ref"] === "string") kept = merged(kept, followed(schema["$ref"], place), place.budget);
  for (const part of Array.isArray(schema["allOf"]) ? schema["allOf"] : []) {
    if (isJsonObject(part))
      kept = merged(kept, geminiSchema(part as JsonObject, deeper(place)), place.budget);
  }
  return kept;
}

/** The forms of the items of a tuple, of any draft; undefined if the schema is none. */
function itemForms(schema: JsonObject): JsonValue[] | undefined {
  const { prefixItems, items, additionalItems } = schema;
  const isOld = Array.isArray(items);
  const forms = isOld ? items : Array.isArray(prefixItems) ? prefixItems : undefined;
  if (forms === undefined) return undefined;
  const rest = isOld ? additionalItems : items;
  return isJsonObject(rest) ? [...forms, rest as JsonObject] : forms;
}

function unionOf(forms: readonly JsonValue[]): JsonObject {
  const schemas = forms.flatMap((form) => (isJsonObject(form) ? [form as JsonObject] : []));
  const [only] = schemas;
  return schemas.length === 1 && only !== undefined ? only : schemas.length === 0 ? {} : { anyOf: schemas };
}

/** A schema within another; `true` and whatever else is no schema allow anything. */
function nested(item: JsonValue, place: Place): JsonObject {
  return isJsonObject(item) ? geminiSchema(item as JsonObject, deeper(place)) : {};
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
  if (name === "items") return Array.isArray(value) ? {} : nested(value, place);
  if (name === "anyOf") return Array.isArray(value) ? value.map((item) => nested(item, place)) : [];
  if (name !== "properties" || !isJsonObject(value)) return value;
  // The names inside `properties` are the client's, even if they look like keywords.
  return Object.fromEntries(
    Object.entries(value as JsonObject).flatMap(([property, child]) =>
      // `false` allows no value.
      child === undefined || child === false ? [] : [[property, nested(child, place)]],
    ),
  );
}
