import { define, lookUp } from "#lib/providers/protocols/fit/json-schema.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";

/**
 * Keywords that Anthropic takes in the schema of an answer or of a strict tool. Others are answered with 400;
 * its SDK writes them into the description, and so does this. Source: docs/PROVIDERS.md.
 */
const STRING_FORMATS = new Set([
  "date-time",
  "time",
  "date",
  "duration",
  "email",
  "hostname",
  "uri",
  "ipv4",
  "ipv6",
  "uuid",
]);
/** Keywords that say nothing about a value. */
const SILENT = new Set(["$schema", "$id", "$anchor", "$comment", "definitions", "$defs", "nullable"]);
const ANY_PRIMITIVE: readonly JsonObject[] = ["string", "number", "boolean", "null"].map((type) => ({
  type,
}));
const MAX_SCHEMAS = 5_000;

type Closing = { root: JsonObject; left: number };

/** The grammar cannot express the schema. */
class NotClosable extends Error {}

/**
 * A valid schema in Anthropic's grammar for answers: every object is closed, alternatives are `anyOf`, limits
 * are words. Undefined if the grammar cannot express it: references in a circle, or objects with any keys.
 */
export function closedSchema(schema: JsonObject): JsonObject | undefined {
  if (isCircular(schema)) return undefined;
  try {
    return closed(schema, { root: schema, left: MAX_SCHEMAS });
  } catch (error) {
    if (error instanceof NotClosable) return undefined;
    throw error;
  }
}

function closed(schema: JsonObject, closing: Closing): JsonObject {
  if (closing.left-- <= 0) throw new NotClosable();
  const { $ref, $defs, definitions, ...rest } = schema;
  if (typeof $ref === "string") {
    const target = lookUp($ref, closing.root);
    // A reference takes no neighbours, so it is filled in.
    return closed({ ...target, ...rest }, closing);
  }
  const result: JsonObject = {};
  const words = new Map(Object.entries(rest).filter(([name]) => !SILENT.has(name)));
  const take = (name: string): JsonValue | undefined => {
    const value = words.get(name);
    words.delete(name);
    return value;
  };
  const [title, description] = [take("title"), take("description")];
  if (title !== undefined) result["title"] = title;
  writeShape(result, take, closing);
  const texts = [description, words.size === 0 ? undefined : constraintText(words)];
  const text = texts.filter((part) => typeof part === "string").join("\n\n");
  if (text !== "") result["description"] = text;
  return result;
}

function writeShape(
  result: JsonObject,
  take: (name: string) => JsonValue | undefined,
  closing: Closing,
): void {
  const [anyOf, oneOf, values, constant] = [take("anyOf"), take("oneOf"), take("enum"), take("const")];
  const type = take("type");
  const literals = Array.isArray(values) ? values.filter(isPrimitive) : [];
  const alternatives = Array.isArray(anyOf) ? anyOf : oneOf;
  if (literals.length > 0 || (constant !== undefined && isPrimitive(constant))) {
    if (typeof type === "string" && type !== "object" && type !== "array") result["type"] = type;
    if (literals.length > 0) result["enum"] = literals;
    else result["const"] = constant;
  } else if (Array.isArray(alternatives) && type !== "object")
    result["anyOf"] = closedList(alternatives, closing);
  else if (Array.isArray(type)) {
    const shape = new Map<string, JsonValue | undefined>();
    const again = (name: string): JsonValue | undefined => {
      if (!shape.has(name)) shape.set(name, take(name));
      return shape.get(name);
    };
    result["anyOf"] = type.map((one) => {
      const part: JsonObject = {};
      writeType(part, one, again, closing);
      return part;
    });
  } else writeType(result, type, take, closing);
}

function writeType(
  result: JsonObject,
  type: JsonValue | undefined,
  take: (name: string) => JsonValue | undefined,
  closing: Closing,
): void {
  switch (type) {
    case undefined:
      result["anyOf"] = [...ANY_PRIMITIVE];
      return;
    case "object":
      writeObject(result, take, closing);
      return;
    case "array": {
      const items = take("items");
      const minItems = take("minItems");
      const prefix = take("prefixItems");
      const forms = [...(Array.isArray(prefix) ? prefix : []), ...(items === undefined ? [] : [items])];
      const open = forms.filter((form) => isJsonObject(form) && Object.keys(form).length > 0);
      result["type"] = "array";
      if (open.length === 1) result["items"] = closedList(open, closing)[0];
      else result["items"] = { anyOf: open.length === 0 ? [...ANY_PRIMITIVE] : closedList(open, closing) };
      if (typeof minItems === "number") result["minItems"] = Math.min(minItems, 1);
      return;
    }
    case "string": {
      const format = take("format");
      result["type"] = "string";
      if (typeof format === "string" && STRING_FORMATS.has(format)) result["format"] = format;
      return;
    }
    default:
      result["type"] = type;
  }
}

function writeObject(
  result: JsonObject,
  take: (name: string) => JsonValue | undefined,
  closing: Closing,
): void {
  const properties = take("properties");
  const [required, additional] = [take("required"), take("additionalProperties")];
  const entries = isJsonObject(properties) ? Object.entries(properties as JsonObject) : [];
  // Closed, it would always be empty.
  if (entries.length === 0 && additional !== false) throw new NotClosable();
  const shapes: JsonObject = {};
  for (const [name, property] of entries) {
    if (isJsonObject(property)) define(shapes, name, closed(property as JsonObject, closing));
  }
  result["type"] = "object";
  result["properties"] = shapes;
  result["additionalProperties"] = false;
  if (Array.isArray(required)) {
    result["required"] = required.filter((name) => typeof name === "string" && Object.hasOwn(shapes, name));
  }
}

function closedList(schemas: readonly JsonValue[], closing: Closing): JsonObject[] {
  return schemas.flatMap((part) => (isJsonObject(part) ? [closed(part as JsonObject, closing)] : []));
}

function isPrimitive(value: JsonValue): boolean {
  return value === null || typeof value !== "object";
}

/** Longer constraints are left out, characters. */
const MAX_WORDS = 1_000;

function constraintText(words: ReadonlyMap<string, JsonValue | undefined>): string | undefined {
  const text = `{${[...words].map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ")}}`;
  return text.length > MAX_WORDS ? undefined : text;
}

/** Longer chains of references count as circular. */
const MAX_CHAIN = 64;

/** Whether a reference leads back into itself. */
function isCircular(root: JsonObject): boolean {
  const done = new Set<string>();
  const visit = (value: JsonValue | undefined, following: ReadonlySet<string>): boolean => {
    if (Array.isArray(value)) return value.some((item) => visit(item, following));
    if (!isJsonObject(value)) return false;
    const { $ref, ...rest } = value as JsonObject;
    if (typeof $ref === "string") {
      if ($ref === "#" || following.has($ref) || following.size >= MAX_CHAIN) return true;
      if (!done.has($ref)) {
        if (visit(lookUp($ref, root), new Set([...following, $ref]))) return true;
        done.add($ref);
      }
    }
    return Object.values(rest).some((item) => visit(item, following));
  };
  return visit(root, new Set());
}
