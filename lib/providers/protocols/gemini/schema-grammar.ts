import { isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";

const COMMON = ["title", "description", "nullable", "default", "example"];
/**
 * The keywords that the API takes with each type; another is answered with 400, such as "field predicate
 * failed: $type == Type.ARRAY". Sources: the API's `Schema` reference and docs/PROVIDERS.md.
 */
const KEYWORDS_OF: Readonly<Record<string, readonly string[]>> = {
  string: ["enum", "format", "minLength", "maxLength", "pattern"],
  number: ["format", "minimum", "maximum"],
  integer: ["format", "minimum", "maximum"],
  boolean: [],
  array: ["items", "minItems", "maxItems"],
  object: ["properties", "required", "propertyOrdering", "minProperties", "maxProperties"],
};
const FORMATS_OF: Readonly<Record<string, readonly string[]>> = {
  string: ["enum", "date-time"],
  number: ["float", "double"],
  integer: ["int32", "int64"],
};
const COUNTS = ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"];
/** What a schema without a type is, by a keyword that only this type has. */
const TYPE_BY_KEYWORD: readonly (readonly [string, string])[] = [
  ["properties", "object"],
  ["required", "object"],
  ["minProperties", "object"],
  ["maxProperties", "object"],
  ["items", "array"],
  ["minItems", "array"],
  ["maxItems", "array"],
  ["pattern", "string"],
  ["minLength", "string"],
  ["maxLength", "string"],
  ["minimum", "number"],
  ["maximum", "number"],
];

/**
 * A schema in the grammar of the API's `Schema`: one type a node, with the keywords of this type; no other
 * keyword beside `anyOf` ("When using any_of, it must be the only field set"); `items` in every array, only
 * texts in an `enum`.
 *
 * @param raw the schema with local references filled in, and tuples as unions.
 */
export function inGrammar(raw: JsonObject): JsonObject {
  const schema = withTypes(raw);
  const types = schema.types;
  if (types.length > 1)
    return union(
      types.map((type) => typed(type, schema.node)),
      schema.node,
    );
  const [type] = types;
  const { anyOf } = schema.node;
  if (Array.isArray(anyOf)) {
    const branches = anyOf.flatMap((branch) => (isJsonObject(branch) ? [branch as JsonObject] : []));
    if (type === undefined) {
      const forms = branches.filter((branch) => !isNull(branch));
      const isNullable = forms.length < branches.length || schema.node["nullable"] === true;
      return union(forms.map(inGrammar), { ...schema.node, nullable: isNullable ? true : undefined });
    }
    // Beside a type, alternatives are limits that the grammar has no place for; their properties are kept.
    if (type === "object") return typed(type, withProperties(schema.node, branches));
  }
  return type === undefined ? common(schema.node) : typed(type, schema.node);
}

/** The types of a schema without `null`, which becomes `nullable`. */
function withTypes(raw: JsonObject): { node: JsonObject; types: string[] } {
  const named = (Array.isArray(raw["type"]) ? raw["type"] : [raw["type"]]).flatMap((name) =>
    typeof name === "string" ? [name.toLowerCase()] : [],
  );
  const values = Array.isArray(raw["enum"]) ? raw["enum"] : [];
  const isNullable = named.includes("null") || values.includes(null) || raw["nullable"] === true;
  const node: JsonObject = { ...raw, nullable: isNullable ? true : undefined };
  const types = [...new Set(named.filter((name) => Object.hasOwn(KEYWORDS_OF, name)))];
  if (types.length > 0) return { node, types };
  if (values.length > 0 && raw["anyOf"] === undefined) {
    const inferred = [...new Set(values.filter((value) => value !== null).map(typeOf))];
    if (inferred.length > 0) return { node, types: inferred };
  }
  const inferred = TYPE_BY_KEYWORD.find(([name]) => raw[name] !== undefined)?.[1];
  if (inferred !== undefined && (raw["anyOf"] === undefined || inferred === "object"))
    return { node, types: [inferred] };
  // The grammar's own null is newer than others: a text that may be null takes it too.
  return { node, types: named.includes("null") && raw["anyOf"] === undefined ? ["string"] : [] };
}

function typeOf(value: JsonValue): string {
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  if (type === "number") return Number.isInteger(value) ? "integer" : "number";
  return type;
}

/** The node as a schema of this type. */
function typed(type: string, node: JsonObject): JsonObject {
  const schema: JsonObject = { type, ...common(node) };
  for (const name of KEYWORDS_OF[type] ?? []) {
    const value = node[name];
    const kept = value === undefined ? undefined : keyword(name, value, type);
    if (kept !== undefined) schema[name] = kept;
  }
  if (type === "array") schema["items"] ??= {};
  if (type === "object") narrowObject(schema);
  if (type !== "string") noteValues(schema, node, type);
  return schema;
}

function keyword(name: string, value: JsonValue, type: string): JsonValue | undefined {
  if (COUNTS.includes(name)) return Number.isSafeInteger(value) && Number(value) >= 0 ? value : undefined;
  switch (name) {
    case "enum":
      return textsOf(value);
    case "format":
      return typeof value === "string" && FORMATS_OF[type]?.includes(value) === true ? value : undefined;
    case "minimum":
    case "maximum":
      return typeof value === "number" && Number.isFinite(value) ? value : undefined;
    case "pattern":
      return typeof value === "string" ? value : undefined;
    case "items":
      return isJsonObject(value) ? inGrammar(value as JsonObject) : undefined;
    case "properties":
      return isJsonObject(value) ? propertiesIn(value as JsonObject) : undefined;
    default:
      return Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
  }
}

function propertiesIn(properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, property]) =>
      isJsonObject(property) ? [[name, inGrammar(property as JsonObject)]] : [],
    ),
  );
}

/** The values that are texts: the API refuses others, empty ones and an empty list. */
function textsOf(value: JsonValue): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const hasTexts = value.some((item) => typeof item === "string");
  // Where none is a text but the type says so, the values are meant as texts.
  const texts = value.flatMap((item): string[] => {
    if (typeof item === "string") return item === "" ? [] : [item];
    return hasTexts || item === null || typeof item === "object" ? [] : [String(item)];
  });
  return texts.length === 0 ? undefined : [...new Set(texts)];
}

/** A longer note is left out, characters. */
const MAX_NOTE = 1_000;

/** Tells the model in words which values a number or a flag may have: the grammar lists only texts. */
function noteValues(schema: JsonObject, node: JsonObject, type: string): void {
  const values = Array.isArray(node["enum"]) ? node["enum"] : [];
  const own = values.filter((value) => value !== null && typeof value !== "object" && fits(value, type));
  if (own.length === 0) return;
  const text = `One of: ${own.map((value) => JSON.stringify(value)).join(", ")}.`;
  if (text.length > MAX_NOTE) return;
  const { description } = schema;
  schema["description"] = typeof description === "string" ? `${description} ${text}` : text;
}

function fits(value: JsonValue, type: string): boolean {
  const own = typeOf(value);
  return own === type || (own === "integer" && type === "number");
}

/** Empty `properties`, and names without a property, are refused. */
function narrowObject(schema: JsonObject): void {
  const { properties } = schema;
  const names = new Set(isJsonObject(properties) ? Object.keys(properties) : []);
  if (names.size === 0) delete schema["properties"];
  for (const list of ["required", "propertyOrdering"]) {
    const value = schema[list];
    const known = Array.isArray(value) ? value.filter((name) => names.has(String(name))) : [];
    if (known.length > 0) schema[list] = [...new Set(known)];
    else delete schema[list];
  }
}

/** Title, description and the like, which any node may have. */
function common(node: JsonObject): JsonObject {
  const kept: JsonObject = {};
  for (const name of COMMON) {
    const value = node[name];
    if (value === undefined) continue;
    if ((name === "title" || name === "description") && typeof value !== "string") continue;
    kept[name] = value;
  }
  return kept;
}

/** The node with the properties of its alternatives, none of which is then required. */
function withProperties(node: JsonObject, branches: readonly JsonObject[]): JsonObject {
  const entries = [...branches, node].flatMap(({ properties }) =>
    isJsonObject(properties) ? Object.entries(properties as JsonObject) : [],
  );
  return { ...node, properties: Object.fromEntries(entries) };
}

/** The alternatives as one node. What stands beside them in the original goes into each. */
function union(branches: readonly JsonObject[], node: JsonObject): JsonObject {
  const forms = new Map<string, JsonObject>();
  for (const branch of branches) {
    const inner =
      Object.keys(branch).length === 1 && Array.isArray(branch["anyOf"]) ? branch["anyOf"] : [branch];
    for (const form of inner) if (isJsonObject(form)) forms.set(JSON.stringify(form), form as JsonObject);
  }
  const outer = common(node);
  const all = [...forms.values()];
  const [only] = all;
  if (only === undefined) return node["nullable"] === true ? { type: "string", ...outer } : outer;
  if (all.length === 1) return { ...only, ...outer };
  // One of them allows anything.
  if (all.some((form) => form["type"] === undefined && form["anyOf"] === undefined)) return outer;
  return { anyOf: all.map((form) => ({ ...form, ...described(form, outer) })) };
}

/** Whether `null` is the only value. */
function isNull({ type, enum: values }: JsonObject): boolean {
  const types = Array.isArray(type) ? type : [type];
  const isOfNull = types.every((name) => typeof name === "string" && name.toLowerCase() === "null");
  return isOfNull || (Array.isArray(values) && values.length > 0 && values.every((value) => value === null));
}

function described(form: JsonObject, outer: JsonObject): JsonObject {
  const [own, whole] = [form["description"], outer["description"]];
  const texts = [whole, own].filter((text) => typeof text === "string");
  const description = texts.length === 0 ? {} : { description: texts.join(" ") };
  return { ...description, ...(outer["nullable"] === true ? { nullable: true } : {}) };
}
