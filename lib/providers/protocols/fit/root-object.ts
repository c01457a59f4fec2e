import { define, lookUp } from "#lib/providers/protocols/fit/json-schema.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";

/** References at the root that lead to others. */
const MAX_STEPS = 8;
/** Alternatives can refer to each other many times over: how much may be copied for all tools of a request. */
const MAX_COPIED = 30_000;
/** Further forms of one property are left out. */
const MAX_FORMS = 20;
/** Keywords that OpenAI and Anthropic refuse at the root of a tool's parameters. */
const REFUSED_AT_ROOT = ["anyOf", "oneOf", "allOf", "enum", "const", "not", "$ref"] as const;

/** A schema whose root is an object with properties, and whether something of the given one was lost. */
export type RootObject = { schema: JsonObject; isLossy: boolean };

/**
 * The parameters of a tool as an object without alternatives at the root, which the APIs refuse there: the
 * properties of all alternatives are offered, and required is what each of them requires. The same schema if
 * it is such an object.
 */
export function rootObject(schema: JsonObject, budget: CopyBudget): RootObject {
  const isPlain =
    schema["type"] === "object" &&
    isJsonObject(schema["properties"]) &&
    REFUSED_AT_ROOT.every((name) => schema[name] === undefined);
  if (isPlain) return { schema, isLossy: false };
  const parts = new Properties(schema, budget);
  const required = parts.add(schema);
  const { anyOf, oneOf, allOf, enum: values, const: value, not, $ref, ...rest } = schema;
  const isLossy =
    [anyOf, oneOf, values, value, not].some((keyword) => keyword !== undefined) ||
    !takesObjects(rest["type"]);
  const object: JsonObject = { ...rest, type: "object", properties: parts.properties() };
  if (required.length > 0) object["required"] = [...required];
  else delete object["required"];
  return { schema: object, isLossy };
}

function takesObjects(type: JsonValue | undefined): boolean {
  return (Array.isArray(type) ? type : [type ?? "object"]).some(
    (one) => typeof one === "string" && one.toLowerCase() === "object",
  );
}

type Names = readonly string[];

/** How many parts and properties may still be copied for one request. */
export type CopyBudget = { left: number };

export function newCopyBudget(): CopyBudget {
  return { left: MAX_COPIED };
}

/** One form of a property. `alternative`: where it holds; 0 is everywhere. */
type Form = { alternative: number; schema: JsonValue; text: string };

/** Collects the properties of a schema, of what it refers to and of its alternatives. */
class Properties {
  readonly #root: JsonObject;
  readonly #budget: CopyBudget;
  readonly #forms = new Map<string, Form[]>();
  readonly #texts = new WeakMap<JsonObject, string>();
  #alternatives = 0;

  constructor(root: JsonObject, budget: CopyBudget) {
    this.#root = root;
    this.#budget = budget;
  }

  /** Returns what the schema requires. */
  add(schema: JsonObject, alternative = 0, steps = 0): Names {
    const required = new Set(namesOf(schema["required"]));
    if (steps > MAX_STEPS || this.#budget.left < 0) return [...required];
    const { properties, $ref } = schema;
    const entries = isJsonObject(properties) ? Object.entries(properties as JsonObject) : [];
    if (steps > 0) this.#budget.left -= 1 + entries.length;
    for (const [name, property] of entries) this.#addForm(name, property, alternative);
    const target = typeof $ref === "string" ? lookUp($ref, this.#root) : undefined;
    for (const part of [...(target === undefined ? [] : [target]), ...objectsOf(schema["allOf"])]) {
      for (const name of this.add(part, alternative, steps + 1)) required.add(name);
    }
    for (const keyword of ["anyOf", "oneOf"] as const) {
      const [first, ...others] = objectsOf(schema[keyword]).map(
        (part) => new Set(this.add(part, ++this.#alternatives, steps + 1)),
      );
      for (const name of first ?? []) if (others.every((names) => names.has(name))) required.add(name);
    }
    return [...required];
  }

  properties(): JsonObject {
    const properties: JsonObject = {};
    for (const [name, forms] of this.#forms) {
      const all = forms.map(({ schema }) => schema);
      define(properties, name, all.length === 1 ? all[0] : { anyOf: all });
    }
    return properties;
  }

  /** What holds together is merged; what different alternatives say is kept side by side. */
  #addForm(name: string, schema: JsonValue | undefined, alternative: number): void {
    if (schema === undefined) return;
    const forms = this.#forms.get(name);
    const form = { alternative, schema, text: this.#textOf(schema) };
    if (forms === undefined) {
      this.#forms.set(name, [form]);
      return;
    }
    const same = forms.find((known) => known.alternative === alternative);
    if (same !== undefined) {
      if (isJsonObject(same.schema) && isJsonObject(schema))
        same.schema = { ...(schema as JsonObject), ...(same.schema as JsonObject) };
      return;
    }
    const isKnown = forms.some((known) => known.alternative === 0 || known.text === form.text);
    if (!isKnown && forms.length < MAX_FORMS) forms.push(form);
  }

  /** Alternatives often refer to the same schema, which is then written once. */
  #textOf(property: JsonValue): string {
    if (!isJsonObject(property)) return JSON.stringify(property);
    const known = this.#texts.get(property as JsonObject);
    if (known !== undefined) return known;
    const text = JSON.stringify(property);
    this.#texts.set(property as JsonObject, text);
    return text;
  }
}

function objectsOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter((item): item is JsonObject => isJsonObject(item)) : [];
}

function namesOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}
