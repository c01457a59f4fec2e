import { describe, expect, test } from "vitest";
import type { ChatRequest, FunctionTool, ResponseFormat } from "#lib/chat/request.ts";
import { chatPowerOf } from "#lib/providers/protocols/index.ts";
import type { EncodedRequest } from "#lib/providers/protocols/protocol.ts";
import { createRegistry, type Engine } from "#lib/providers/registry.ts";
import { isJsonObject, type JsonObject } from "#lib/shared/json.ts";
import { fc } from "../../../support/properties.ts";

type Json = Record<string, unknown>;

const registry = createRegistry((name) => (name.endsWith("_KEY") ? "k" : undefined), []);

function engine(provider: string, model: string): Engine {
  const [found] = registry.resolve([{ provider, model, label: model }]);
  if (found === undefined) throw new Error(`There is no ${provider}.`);
  return found;
}

const GEMINI = engine("gemini-grounded", "gemini-3.8-flash");
const CLAUDE = engine("anthropic", "claude-haiku-4-5");
const OPENAI = engine("openai", "gpt-4o");

function encoded(target: Engine, request: Partial<ChatRequest>): EncodedRequest {
  const whole: ChatRequest = { messages: [{ role: "user", content: "Hi" }], stream: true, ...request };
  return chatPowerOf(target).encode(whole, target, { promptCache: true });
}

const wire = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const tool = (parameters: JsonObject, changes: Partial<FunctionTool> = {}): FunctionTool => ({
  type: "function",
  name: "f",
  parameters,
  ...changes,
});

function geminiParameters(parameters: JsonObject): Json | undefined {
  const body = wire(encoded(GEMINI, { tools: [tool(parameters)] }).body);
  const [tools] = list(body["tools"]) as { functionDeclarations: { parameters?: Json }[] }[];
  return tools?.functionDeclarations[0]?.parameters;
}

/** Google's `Schema`, from its reference and the errors that reports quote. */
const GEMINI_KEYWORDS: Record<string, string[]> = {
  string: ["enum", "format", "minLength", "maxLength", "pattern"],
  number: ["format", "minimum", "maximum"],
  integer: ["format", "minimum", "maximum"],
  boolean: [],
  array: ["items", "minItems", "maxItems"],
  object: ["properties", "required", "propertyOrdering", "minProperties", "maxProperties"],
};
const GEMINI_ANY = ["type", "title", "description", "nullable", "default", "example"];

function checkGemini(schema: unknown, path: string, wrong: string[]): void {
  if (!isJsonObject(schema)) {
    wrong.push(`${path}: no schema`);
    return;
  }
  const { type, anyOf } = schema;
  if (anyOf !== undefined) {
    if (Object.keys(schema).length > 1) wrong.push(`${path}: anyOf must be the only field set`);
    if (list(anyOf).length === 0) wrong.push(`${path}: empty anyOf`);
    list(anyOf).forEach((branch, index) => checkGemini(branch, `${path}.anyOf[${index}]`, wrong));
    return;
  }
  const own = typeof type === "string" ? GEMINI_KEYWORDS[type] : [];
  if (own === undefined || (type !== undefined && typeof type !== "string")) wrong.push(`${path}: type`);
  for (const [name, value] of Object.entries(schema)) {
    if (!GEMINI_ANY.includes(name) && own?.includes(name) !== true)
      wrong.push(`${path}.${name}: not with ${String(type)}`);
    if (["title", "description", "pattern"].includes(name) && typeof value !== "string")
      wrong.push(`${path}.${name}: no text`);
    if (/^(?:min|max)[A-Z]/.test(name) && !(Number.isInteger(value) && Number(value) >= 0))
      wrong.push(`${path}.${name}: no count`);
    if (name === "nullable" && value !== true) wrong.push(`${path}: nullable`);
  }
  if (
    schema["format"] !== undefined &&
    !/^(?:enum|date-time|float|double|int32|int64)$/.test(String(schema["format"]))
  )
    wrong.push(`${path}.format`);
  const values = schema["enum"];
  if (values !== undefined) {
    if (list(values).length === 0) wrong.push(`${path}.enum: empty`);
    if (!list(values).every((value) => typeof value === "string" && value !== ""))
      wrong.push(`${path}.enum: cannot be empty, texts only`);
  }
  if (type === "array") checkGemini(schema["items"], `${path}.items`, wrong);
  if (type !== "object") return;
  const properties = schema["properties"];
  const names = isJsonObject(properties) ? Object.keys(properties) : [];
  if (properties !== undefined && names.length === 0) wrong.push(`${path}.properties: should be non-empty`);
  for (const name of [...list(schema["required"]), ...list(schema["propertyOrdering"])])
    if (!names.includes(String(name))) wrong.push(`${path}.required: ${String(name)} is not defined`);
  if (isJsonObject(properties))
    for (const [name, child] of Object.entries(properties)) checkGemini(child, `${path}.${name}`, wrong);
}

/** A schema that JSON Schema 2020-12 and OpenAI accept as parameters of a function. */
function checkFunction(schema: unknown, path: string, wrong: string[], needsItems: boolean): void {
  if (typeof schema === "boolean") return;
  if (!isJsonObject(schema)) {
    wrong.push(`${path}: no schema`);
    return;
  }
  if (path === "#") {
    if (schema["type"] !== "object") wrong.push('schema must be of type "object"');
    if (!isJsonObject(schema["properties"])) wrong.push("object schema missing properties");
    for (const name of ["oneOf", "anyOf", "allOf", "enum", "not"])
      if (schema[name] !== undefined) wrong.push(`${name} at the top level`);
  }
  const types = schema["type"] === undefined ? [] : [schema["type"]].flat();
  for (const type of types)
    if (!/^(?:string|number|integer|boolean|array|object|null)$/.test(String(type)))
      wrong.push(`${path}.type`);
  if (needsItems && types.includes("array") && schema["items"] === undefined)
    wrong.push(`${path}: array schema missing items`);
  if (Array.isArray(schema["items"])) wrong.push(`${path}.items: not of type object, boolean`);
  for (const name of ["exclusiveMinimum", "exclusiveMaximum", "minimum", "maximum"])
    if (schema[name] !== undefined && typeof schema[name] !== "number") wrong.push(`${path}.${name}`);
  for (const name of ["enum", "anyOf", "oneOf", "allOf", "prefixItems"])
    if (schema[name] !== undefined && list(schema[name]).length === 0) wrong.push(`${path}.${name}`);
  if (!list(schema["required"]).every((name) => typeof name === "string")) wrong.push(`${path}.required`);
  for (const name of ["title", "description", "format", "pattern"])
    if (schema[name] !== undefined && typeof schema[name] !== "string") wrong.push(`${path}.${name}`);
  for (const name of ["items", "not", "additionalProperties", "contains", "if", "then", "else"])
    if (schema[name] !== undefined) checkFunction(schema[name], `${path}.${name}`, wrong, needsItems);
  for (const name of ["anyOf", "oneOf", "allOf", "prefixItems"])
    for (const part of list(schema[name])) checkFunction(part, `${path}.${name}`, wrong, needsItems);
  for (const name of ["properties", "$defs", "definitions", "patternProperties"]) {
    const named = schema[name];
    if (named === undefined) continue;
    if (!isJsonObject(named)) wrong.push(`${path}.${name}`);
    else
      for (const [key, part] of Object.entries(named))
        checkFunction(part, `${path}/${key}`, wrong, needsItems);
  }
}

function checkKeys(schema: unknown, wrong: string[]): void {
  if (Array.isArray(schema)) for (const part of schema) checkKeys(part, wrong);
  if (!isJsonObject(schema)) return;
  for (const [name, part] of Object.entries(schema)) {
    if (name === "properties" && isJsonObject(part))
      for (const key of Object.keys(part))
        if (!/^[a-zA-Z0-9_.-]{1,64}$/.test(key)) wrong.push(`Property keys should match pattern: ${key}`);
    if (name !== "enum" && name !== "const" && name !== "default" && name !== "examples")
      checkKeys(part, wrong);
  }
}

/** Anthropic's grammar for answers, as its SDK writes it. */
function checkClosed(schema: unknown, path: string, wrong: string[]): void {
  if (!isJsonObject(schema)) {
    wrong.push(`${path}: no schema`);
    return;
  }
  const known =
    "type title description enum const anyOf allOf properties required additionalProperties items minItems format";
  for (const name of Object.keys(schema)) if (!known.split(" ").includes(name)) wrong.push(`${path}.${name}`);
  if (schema["type"] === "object" && schema["additionalProperties"] !== false)
    wrong.push(`${path}: additionalProperties must be false`);
  if (schema["minItems"] !== undefined && ![0, 1].includes(Number(schema["minItems"])))
    wrong.push(`${path}.minItems`);
  if (["type", "enum", "const", "anyOf"].every((name) => schema[name] === undefined))
    wrong.push(`${path}: no type`);
  if (schema["items"] !== undefined) checkClosed(schema["items"], `${path}.items`, wrong);
  for (const part of list(schema["anyOf"])) checkClosed(part, `${path}.anyOf`, wrong);
  if (isJsonObject(schema["properties"]))
    for (const [name, part] of Object.entries(schema["properties"]))
      checkClosed(part, `${path}.${name}`, wrong);
}

const NAMES = ["a", "b", "filter[id]", "$top", "__proto__", "type", "x".repeat(80), "ünï", "user name"];
const TYPES = ["string", "number", "integer", "boolean", "array", "object", "null", "STRING", "any"];
const VALUES = ["", "x", "y", 0, 1, 1.5, -3, true, false, null, [], {}, ["a"], "true"];

/** JSON Schemas of every draft, valid and not quite. */
const { schema } = fc.letrec<{ schema: unknown; sub: unknown }>((tie) => {
  const sub = tie("sub");
  /** A keyword is there once in four times. */
  const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
  const values = fc.constantFrom(...VALUES);
  const named = fc.dictionary(fc.constantFrom(...NAMES), sub, { maxKeys: 3 });
  const subs = fc.array(sub, { maxLength: 3 });
  return {
    sub: fc.oneof(
      { maxDepth: 3, depthIdentifier: "schema", withCrossShrink: true },
      fc.constantFrom<unknown>(true, false, {}),
      tie("schema"),
    ),
    schema: fc
      .record({
        type: fc.oneof(fc.constant(undefined), fc.constantFrom(...TYPES), fc.subarray(TYPES)),
        properties: some(named),
        required: some(fc.oneof(fc.subarray(NAMES), fc.boolean())),
        items: some(fc.oneof(sub, subs)),
        prefixItems: some(subs),
        additionalProperties: some(fc.oneof(fc.boolean(), sub)),
        anyOf: some(subs),
        oneOf: some(subs),
        allOf: some(subs),
        not: some(sub),
        if: some(sub),
        enum: some(fc.array(values, { maxLength: 4 })),
        const: some(values),
        $ref: some(
          fc.constantFrom(
            "#",
            "#/$defs/a",
            "#/$defs/b",
            "#/definitions/a",
            "#/nowhere",
            "https://a.example/x",
          ),
        ),
        $defs: some(named),
        definitions: some(named),
        description: some(fc.oneof(fc.constant("Some words."), values)),
        title: some(fc.constantFrom<unknown>("T", null)),
        default: some(values),
        format: some(fc.constantFrom<unknown>("date-time", "uri", "int32", 3)),
        pattern: some(fc.constantFrom<unknown>("^a+$", "(?<bad", 1)),
        minimum: some(values),
        exclusiveMinimum: some(fc.constantFrom<unknown>(true, false, 3)),
        minLength: some(fc.constantFrom<unknown>(1, -1, 1.5, "2")),
        maxItems: some(fc.constantFrom<unknown>(2, -2)),
        minItems: some(fc.constantFrom<unknown>(0, 1, 5)),
        nullable: some(fc.boolean()),
        patternProperties: some(named),
        $schema: some(fc.constant("http://json-schema.org/draft-07/schema#")),
      })
      .map((record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))),
  };
});
const schemas = schema as fc.Arbitrary<JsonObject>;
const RUNS = { numRuns: 1_000 };

describe("W17, W18: any JSON Schema comes out in the grammar of the API", () => {
  test("Gemini's parameters", () => {
    fc.assert(
      fc.property(schemas, (parameters) => {
        const inProperty = {
          type: "object",
          properties: { p: parameters },
          $defs: parameters["$defs"] ?? {},
        };
        for (const sent of [geminiParameters(parameters), geminiParameters(inProperty)]) {
          if (sent === undefined) continue;
          const wrong: string[] = [];
          if (sent["type"] !== "object" || sent["properties"] === undefined)
            wrong.push("the root is no object");
          checkGemini(sent, "#", wrong);
          expect(wrong).toEqual([]);
        }
      }),
      RUNS,
    );
  });

  test("OpenAI's parameters, strict only if the schema qualifies", () => {
    fc.assert(
      fc.property(schemas, (parameters) => {
        const wrong: string[] = [];
        const body = wire(encoded(OPENAI, { tools: [tool(parameters, { strict: true })] }).body);
        const [sent] = list(body["tools"]) as { function: Json }[];
        checkFunction(sent?.function["parameters"], "#", wrong, true);
        expect(wrong).toEqual([]);
        if (sent?.function["strict"] === true)
          expect((sent.function["parameters"] as Json)["additionalProperties"]).toBe(false);
      }),
      RUNS,
    );
  });

  test("Anthropic's input_schema", () => {
    fc.assert(
      fc.property(schemas, (parameters) => {
        const wrong: string[] = [];
        const body = wire(encoded(CLAUDE, { tools: [tool(parameters)] }).body);
        const [sent] = list(body["tools"]) as { input_schema: Json }[];
        checkFunction(sent?.input_schema, "#", wrong, false);
        checkKeys(sent?.input_schema, wrong);
        expect(wrong).toEqual([]);
      }),
      RUNS,
    );
  });

  test("Anthropic's format of an answer, or words where its grammar cannot say it", () => {
    fc.assert(
      fc.property(schemas, (answer) => {
        const responseFormat: ResponseFormat = { type: "json_schema", name: "n", schema: answer };
        const { body, dropped } = encoded(CLAUDE, { responseFormat });
        const sent = wire(body);
        const format = (sent["output_config"] as Json | undefined)?.["format"] as Json | undefined;
        if (format === undefined) {
          expect(dropped).toContain("response_format");
          expect(JSON.stringify(sent["system"])).toContain("JSON Schema");
          return;
        }
        const wrong: string[] = [];
        checkClosed(format["schema"], "#", wrong);
        expect(wrong).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe("W17, W18: what can be kept is kept", () => {
  const leaves = fc.constantFrom<JsonObject>(
    { type: "string", description: "A text." },
    { type: "integer", minimum: 1, description: "A number." },
    { type: ["string", "null"], description: "Perhaps." },
    { type: "string", enum: ["x", "y"], description: "One." },
    { type: "array", items: { type: "string" }, description: "Some." },
    { type: "object", properties: { inner: { type: "boolean", description: "Deep." } }, description: "All." },
  );
  const ordinary = fc.dictionary(fc.constantFrom("a", "b", "c_d", "e-f"), leaves, { minKeys: 1 }).map(
    (properties): JsonObject => ({
      type: "object",
      properties,
      required: Object.keys(properties).slice(0, 1),
      additionalProperties: false,
    }),
  );

  test("ordinary parameters reach OpenAI and Anthropic unchanged", () => {
    fc.assert(
      fc.property(ordinary, (parameters) => {
        for (const target of [OPENAI, CLAUDE]) {
          const { body, dropped, restorations } = encoded(target, { tools: [tool(parameters)] });
          const [sent] = list(wire(body)["tools"]) as { input_schema?: Json; function?: Json }[];
          expect(sent?.input_schema ?? sent?.function?.["parameters"]).toEqual(wire(parameters));
          expect(dropped).toEqual([]);
          expect(restorations).toBeUndefined();
        }
      }),
    );
  });

  test("Gemini gets every property with its description and what is required", () => {
    fc.assert(
      fc.property(ordinary, (parameters) => {
        const sent = geminiParameters(parameters) ?? {};
        const properties = parameters["properties"] as Record<string, Json>;
        expect(sent["required"]).toEqual(parameters["required"]);
        for (const [name, property] of Object.entries(properties))
          expect((sent["properties"] as Record<string, Json>)[name]?.["description"]).toBe(
            property["description"],
          );
      }),
    );
  });

  const ANY = { description: "d" };
  test.each<[string, JsonObject, unknown]>([
    ["an array without items", { type: "array" }, { type: "array", items: {} }],
    [
      "a tuple",
      { type: "array", prefixItems: [{ type: "string" }, { type: "number" }] },
      { type: "array", items: { anyOf: [{ type: "string" }, { type: "number" }] } },
    ],
    [
      "a tuple of draft 7 of one type",
      { type: "array", items: [{ type: "string" }, { type: "string" }] },
      { type: "array", items: { type: "string" } },
    ],
    ["an empty value", { type: "string", enum: ["", "x"] }, { type: "string", enum: ["x"] }],
    ["values without a type", { enum: ["x", "y"] }, { type: "string", enum: ["x", "y"] }],
    [
      "values of several types",
      { enum: ["x", 1, null] },
      {
        anyOf: [
          { type: "string", nullable: true, enum: ["x"] },
          { type: "integer", nullable: true, description: "One of: 1." },
        ],
      },
    ],
    [
      "an optional object",
      { type: ["object", "null"], properties: { p: { type: "string" } }, required: ["p"], ...ANY },
      { type: "object", properties: { p: { type: "string" } }, required: ["p"], nullable: true, ...ANY },
    ],
    [
      "pydantic's optional",
      { anyOf: [{ type: "string" }, { type: "null" }], default: null, ...ANY },
      { type: "string", nullable: true, default: null, ...ANY },
    ],
    [
      "an array or null with items beside",
      { type: ["null", "object", "array"], items: { type: "string" }, properties: { p: {} } },
      {
        anyOf: [
          { type: "object", nullable: true, properties: { p: {} } },
          { type: "array", nullable: true, items: { type: "string" } },
        ],
      },
    ],
    ["items beside a text", { type: "string", items: { type: "string" } }, { type: "string" }],
    ["null alone", { type: "null" }, { type: "string", nullable: true }],
    ["a number as a constant", { const: 3 }, { type: "integer", description: "One of: 3." }],
  ])("Gemini: %s", (_name, property, sent) => {
    expect(geminiParameters({ type: "object", properties: { p: property } })?.["properties"]).toEqual({
      p: sent,
    });
  });

  test.each<[string, JsonObject, JsonObject]>([
    [
      "no type",
      { properties: { a: { type: "string" } } },
      { type: "object", properties: { a: { type: "string" } } },
    ],
    ["no properties", { type: "object" }, { type: "object", properties: {} }],
    ["nothing", {}, { type: "object", properties: {} }],
    [
      "alternatives at the root",
      {
        anyOf: [
          { type: "object", properties: { a: { type: "string" }, k: { const: 1 } }, required: ["a", "k"] },
          { type: "object", properties: { b: { type: "number" }, k: { const: 2 } }, required: ["b", "k"] },
        ],
      },
      {
        type: "object",
        properties: {
          a: { type: "string" },
          k: { anyOf: [{ const: 1 }, { const: 2 }] },
          b: { type: "number" },
        },
        required: ["k"],
      },
    ],
    [
      "a root that refers",
      {
        $ref: "#/$defs/A",
        $defs: { A: { type: "object", properties: { a: { type: "string" } }, required: ["a"] } },
      },
      {
        type: "object",
        properties: { a: { type: "string" } },
        required: ["a"],
        $defs: { A: { type: "object", properties: { a: { type: "string" } }, required: ["a"] } },
      },
    ],
  ])("OpenAI and Anthropic: %s at the root", (_name, parameters, sent) => {
    const [own] = list(wire(encoded(OPENAI, { tools: [tool(parameters)] }).body)["tools"]) as {
      function: Json;
    }[];
    expect(own?.function["parameters"]).toEqual(sent);
    const [other] = list(wire(encoded(CLAUDE, { tools: [tool(parameters)] }).body)["tools"]) as Json[];
    expect(other?.["input_schema"]).toEqual(sent);
  });

  test("Cerebras gets strict for all tools or for none", () => {
    const closed: JsonObject = { type: "object", properties: {}, required: [], additionalProperties: false };
    const strictOf = (tools: FunctionTool[]): unknown[] =>
      (
        list(wire(encoded(engine("cerebras", "gpt-oss-120b"), { tools }).body)["tools"]) as {
          function: Json;
        }[]
      ).map((sent) => sent.function["strict"]);
    const strict = tool(closed, { name: "a", strict: true });
    expect(strictOf([strict, tool(closed, { name: "b", strict: true })])).toEqual([true, true]);
    expect(strictOf([strict, tool(closed, { name: "b" })])).toEqual([false, false]);
    expect(strictOf([strict, tool({ type: "object" }, { name: "b", strict: true })])).toEqual([false, false]);
  });

  test.each([
    ["o3", undefined, ["stop"]],
    ["gpt-5", undefined, ["stop"]],
    ["gpt-5.6-sol", undefined, ["stop"]],
    ["gpt-5-chat-latest", ["a", "b"], []],
    ["gpt-4o", ["a", "b"], []],
  ] as const)("stop at %s: %j", (model, sent, dropped) => {
    const result = encoded(engine("openai", model), { stop: ["a", "", "b"] });
    expect(wire(result.body)["stop"]).toEqual(sent);
    expect(result.dropped).toEqual(dropped);
  });
});
