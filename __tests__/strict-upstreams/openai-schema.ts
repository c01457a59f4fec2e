import { field, isJsonObject } from "#lib/shared/json.ts";

const TOP_LEVEL = ["oneOf", "anyOf", "allOf", "enum", "not"];

/**
 * What OpenAI refuses in a schema of a function's parameters (langchainjs#9804, spring-ai#4776,
 * GPT_API_free#403); with `strict`, what it asks of every object.
 */
export function schemaFault(schema: unknown, isStrict: boolean): string | undefined {
  if (schema === undefined || schema === null) return undefined;
  const type = field(schema, "type");
  if (!isJsonObject(schema) || type !== "object") {
    if (isJsonObject(schema) && TOP_LEVEL.some((key) => key in schema)) return TOP_LEVEL_TEXT;
    return `schema must be a JSON Schema of 'type: "object"', got 'type: "${type === undefined ? "None" : String(type)}"'.`;
  }
  if (TOP_LEVEL.some((key) => key in schema)) return TOP_LEVEL_TEXT;
  return nestedFault(schema, [], isStrict);
}

const TOP_LEVEL_TEXT =
  "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.";

/** Keywords that a strict schema may not have. */
const NOT_STRICT = ["oneOf", "allOf", "not", "patternProperties", "prefixItems", "propertyNames"];

function nestedFault(schema: unknown, path: readonly string[], isStrict: boolean): string | undefined {
  if (!isJsonObject(schema)) return undefined;
  const context = `In context=(${path.map((step) => `'${step}'`).join(", ")}${path.length === 1 ? "," : ""}), `;
  const types = [schema["type"]].flat();
  const properties = schema["properties"];
  if (types.includes("object") && !isJsonObject(properties) && path.length === 0)
    return `${context}object schema missing properties.`;
  if (types.includes("array") && schema["items"] === undefined && schema["prefixItems"] === undefined)
    return `${context}array schema missing items.`;
  if (isStrict) {
    const fault = strictFault(schema);
    if (fault !== undefined) return context + fault;
  }
  for (const [key, inner] of Object.entries(isJsonObject(properties) ? properties : {})) {
    const fault = nestedFault(inner, [...path, "properties", key], isStrict);
    if (fault !== undefined) return fault;
  }
  return nestedFault(schema["items"], [...path, "items"], isStrict);
}

function strictFault(schema: Record<string, unknown>): string | undefined {
  const unknown = NOT_STRICT.find((key) => key in schema);
  if (unknown !== undefined) return `'${unknown}' is not permitted.`;
  if (![schema["type"]].flat().includes("object")) return undefined;
  if (schema["additionalProperties"] !== false)
    return "'additionalProperties' is required to be supplied and to be false.";
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const properties = isJsonObject(schema["properties"]) ? Object.keys(schema["properties"]) : [];
  const missing = properties.find((key) => !required.includes(key));
  return missing === undefined
    ? undefined
    : `'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`;
}
