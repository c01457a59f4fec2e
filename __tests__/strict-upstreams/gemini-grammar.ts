import { isJsonObject } from "#lib/shared/json.ts";
import { type Grammar, list, map, object, type Violation, violations } from "./grammar.ts";

/** The proto `Schema` of v1beta. */
const SCHEMA: Grammar = {
  kind: "later",
  of: () =>
    object(
      "type format title description nullable enum maxItems minItems required minProperties maxProperties minLength maxLength pattern example propertyOrdering default minimum maximum",
      { items: SCHEMA, properties: map(SCHEMA), anyOf: list(SCHEMA) },
    ),
};
const BLOB = object("mimeType data displayName");
const PART = object("text thought thoughtSignature executableCode codeExecutionResult mediaResolution", {
  inlineData: BLOB,
  fileData: object("mimeType fileUri displayName"),
  functionCall: object("id name args"),
  functionResponse: object("id name response willContinue scheduling", {
    parts: list(object("", { inlineData: BLOB })),
  }),
  videoMetadata: object("startOffset endOffset fps"),
});
const CONTENT = object("role", { parts: list(PART) });
const REQUEST: Record<string, Grammar> = {
  contents: list(CONTENT),
  systemInstruction: CONTENT,
  tools: list(
    object("googleSearch googleSearchRetrieval codeExecution urlContext fileSearch computerUse googleMaps", {
      functionDeclarations: list(
        object("name description behavior parametersJsonSchema responseJsonSchema", {
          parameters: SCHEMA,
          response: SCHEMA,
        }),
      ),
    }),
  ),
  toolConfig: object("retrievalConfig includeServerSideToolInvocations", {
    functionCallingConfig: object("mode allowedFunctionNames streamFunctionCallArguments"),
  }),
  safetySettings: list(object("category threshold")),
  generationConfig: object(
    "stopSequences responseMimeType responseJsonSchema responseModalities candidateCount maxOutputTokens temperature topP topK seed presencePenalty frequencyPenalty responseLogprobs logprobs enableEnhancedCivicAnswers speechConfig imageConfig mediaResolution",
    { responseSchema: SCHEMA, thinkingConfig: object("includeThoughts thinkingBudget thinkingLevel") },
  ),
  cachedContent: "any",
  serviceTier: "any",
  store: "any",
};
const GENERATE = object("", REQUEST);
const COUNT = object("", { contents: list(CONTENT), generateContentRequest: object("model", REQUEST) });

/** Names in either spelling that proto JSON takes: `functionDeclarations`, `function_declarations`. */
function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

/** Holders of names or values that are the client's own. */
const OPAQUE = new Set([
  "args",
  "response",
  "properties",
  "parametersJsonSchema",
  "responseJsonSchema",
  "default",
  "example",
  "enum",
]);

/** The body with camel-case names; what is the client's own data stays. */
export function camelCased(value: unknown, isOwn = false): unknown {
  if (Array.isArray(value)) return value.map((item) => camelCased(item, isOwn));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const name = isOwn ? key : camel(key);
      if (name === "properties" && isJsonObject(inner))
        return [
          name,
          Object.fromEntries(Object.entries(inner).map(([own, schema]) => [own, camelCased(schema)])),
        ];
      return [name, OPAQUE.has(name) ? inner : camelCased(inner)];
    }),
  );
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function placeOf(path: Violation["path"]): string {
  return path.reduce((text, { step }, at) => {
    if (typeof step === "number") return `${text}[${step}]`;
    // A proto map is a list of entries; which one it is stands in the words of real errors only.
    if (path[at - 1]?.step === "properties") return `${text}[0].value`;
    return text === "" ? snake(step) : `${text}.${snake(step)}`;
  }, "");
}

/** What proto JSON refuses before the API sees it: unknown names, and values of another kind. */
export function protoFault(api: "generateContent" | "countTokens", body: unknown): string | undefined {
  const cased = camelCased(body);
  const unknown = violations(api === "generateContent" ? GENERATE : COUNT, cased);
  const names = unknown.map(({ path, name }) =>
    path.length === 0
      ? `Invalid JSON payload received. Unknown name "${name}": Cannot find field.`
      : `Invalid JSON payload received. Unknown name "${name}" at '${placeOf(path)}': Cannot find field.`,
  );
  const values = schemasOf(cased).flatMap(({ schema, place }) => valueFaults(schema, place));
  const faults = [...names, ...values];
  return faults.length === 0 ? undefined : faults.join("\n");
}

const TYPES = /^(?:TYPE_UNSPECIFIED|STRING|NUMBER|INTEGER|BOOLEAN|ARRAY|OBJECT|NULL)$/i;
const TYPE = "type.googleapis.com/google.ai.generativelanguage.v1beta";

function valueFaults(schema: unknown, place: string): string[] {
  if (!isJsonObject(schema))
    return [`Invalid value at '${place}' (${TYPE}.Schema), ${JSON.stringify(schema)}`];
  const faults: string[] = [];
  const type = schema["type"];
  if (Array.isArray(type))
    faults.push(
      `Invalid JSON payload received. Unknown name "type" at '${place}': Proto field is not repeating, cannot start list.`,
    );
  else if (type !== undefined && !TYPES.test(String(type)))
    faults.push(`Invalid value at '${place}.type' (${TYPE}.Type), "${String(type)}"`);
  for (const [index, value] of (Array.isArray(schema["enum"]) ? schema["enum"] : []).entries())
    if (typeof value !== "string")
      faults.push(`Invalid value at '${place}.enum[${index}]' (TYPE_STRING), ${JSON.stringify(value)}`);
  if (Array.isArray(schema["items"]))
    faults.push(
      `Invalid JSON payload received. Unknown name "items" at '${place}': Proto field is not repeating, cannot start list.`,
    );
  return faults;
}

export type PlacedSchema = { schema: unknown; place: string; label: string };

/** All schemas of a request, each with its place in proto's words and in the API's own. */
export function schemasOf(body: unknown): PlacedSchema[] {
  if (!isJsonObject(body)) return [];
  const found: PlacedSchema[] = [];
  const tools = Array.isArray(body["tools"]) ? body["tools"] : [];
  for (const [at, tool] of tools.entries()) {
    const declarations =
      isJsonObject(tool) && Array.isArray(tool["functionDeclarations"]) ? tool["functionDeclarations"] : [];
    for (const [index, declaration] of declarations.entries()) {
      const place = `tools[${at}].function_declarations[${index}].parameters`;
      if (isJsonObject(declaration) && declaration["parameters"] !== undefined)
        found.push(...nested(declaration["parameters"], place, `GenerateContentRequest.${place}`));
    }
  }
  const config = body["generationConfig"];
  if (isJsonObject(config) && config["responseSchema"] !== undefined) {
    const place = "generation_config.response_schema";
    found.push(...nested(config["responseSchema"], place, `GenerateContentRequest.${place}`));
  }
  return found;
}

function nested(schema: unknown, place: string, label: string): PlacedSchema[] {
  const own: PlacedSchema[] = [{ schema, place, label }];
  if (!isJsonObject(schema)) return own;
  const properties = isJsonObject(schema["properties"]) ? Object.entries(schema["properties"]) : [];
  const items = schema["items"] === undefined || Array.isArray(schema["items"]) ? [] : [schema["items"]];
  const any = Array.isArray(schema["anyOf"]) ? schema["anyOf"] : [];
  return [
    ...own,
    ...properties.flatMap(([key, inner], at) =>
      nested(inner, `${place}.properties[${at}].value`, `${label}.properties[${key}]`),
    ),
    ...items.flatMap((inner) => nested(inner, `${place}.items`, `${label}.items`)),
    ...any.flatMap((inner, at) => nested(inner, `${place}.any_of[${at}]`, `${label}.any_of[${at}]`)),
  ];
}

/** What the API refuses in a schema that proto has taken (adk-python#4531, cline#7339, langchain-google#416). */
export function schemaFaults(body: unknown): string[] {
  return schemasOf(camelCased(body)).flatMap(({ schema, label }) =>
    isJsonObject(schema) ? oneSchema(schema, label) : [],
  );
}

function oneSchema(schema: Record<string, unknown>, label: string): string[] {
  const faults: string[] = [];
  const type = String(schema["type"] ?? "").toUpperCase();
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : undefined;
  const isParameters = /\.parameters$/.test(label);
  if (isParameters && type !== "OBJECT")
    faults.push(`* ${label}: functionDeclaration parameters schema should be of type OBJECT.`);
  if (type === "ARRAY" && schema["items"] === undefined) faults.push(`* ${label}.items: missing field.`);
  if (type === "OBJECT" && properties !== undefined && Object.keys(properties).length === 0)
    faults.push(`* ${label}.properties: should be non-empty for OBJECT type`);
  if (type === "OBJECT" && isParameters && properties === undefined)
    faults.push(`* ${label}.properties: should be non-empty for OBJECT type`);
  if (type !== "OBJECT" && properties !== undefined)
    faults.push(`* ${label}.properties: only allowed for OBJECT type`);
  if (type !== "ARRAY" && schema["items"] !== undefined)
    faults.push(`* ${label}.items: field predicate failed: $type == Type.ARRAY`);
  const values = Array.isArray(schema["enum"]) ? schema["enum"] : [];
  if (values.length > 0 && type !== "STRING") faults.push(`* ${label}.enum: only allowed for STRING type`);
  for (const [index, value] of values.entries())
    if (value === "") faults.push(`* ${label}.enum[${index}]: cannot be empty`);
  for (const [index, name] of (Array.isArray(schema["required"]) ? schema["required"] : []).entries())
    if (properties === undefined || !Object.hasOwn(properties, String(name)))
      faults.push(`* ${label}.required[${index}]: property is not defined`);
  const format = schema["format"];
  if (type === "STRING" && format !== undefined && format !== "enum" && format !== "date-time")
    faults.push(`* ${label}.format: only 'enum' and 'date-time' are supported for STRING type`);
  return faults;
}
