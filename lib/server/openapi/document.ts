import { z } from "zod";
import type { Access } from "#lib/server/http/access.ts";
import {
  type AnswerDocs,
  type DeclaredOperation,
  type Method,
  methodsOf,
  type RouteFacts,
} from "#lib/server/http/declaration.ts";
import type { ErrorShape } from "#lib/server/http/http-error.ts";
import {
  anthropicErrorSchema,
  jsonRpcErrorSchema,
  nativeErrorSchema,
  openAiErrorSchema,
} from "#lib/server/openapi/errors.ts";
import { VERSION } from "#lib/shared/version.ts";

type JsonSchema = Record<string, unknown>;

/** The OpenAPI 3.1 document of these routes, from the schemas that they check requests with. */
export async function openApiDocument(routes: readonly RouteFacts[]): Promise<object> {
  const paths = await Promise.all(
    routes.map(async (route) => [openApiPath(route.path), await pathItem(route)] as const),
  );
  return {
    openapi: "3.1.0",
    info: {
      title: "SarmaLink-AI",
      version: VERSION,
      description:
        "One endpoint in front of ten LLM providers. Native chat under /api/ai-chat; the APIs of OpenAI and Anthropic under /api/v1.",
      license: { name: "MIT", identifier: "MIT" },
    },
    paths: Object.fromEntries(paths),
    components: { securitySchemes: SECURITY_SCHEMES, schemas: errorSchemas() },
  };
}

const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "A gateway key (`sk-sarmalink-…`) or a Supabase access token.",
  },
  apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "sb-auth-token",
    description: "A Supabase session cookie, accepted from this site's own pages.",
  },
};

/** For each access, the accepted credentials, and a note for the description. */
const ACCESS_DOCS: Readonly<Record<Access, { security: JsonSchema[]; note?: string }>> = {
  public: { security: [] },
  caller: { security: [{ bearer: [] }, { apiKey: [] }, { session: [] }] },
  user: { security: [{ bearer: [] }, { session: [] }] },
  admin: {
    security: [{ bearer: [] }, { session: [] }],
    note: "For administrators: users whom ADMIN_USER_IDS or ADMIN_EMAILS lists.",
  },
  metrics: {
    security: [{ bearer: [] }, { session: [] }],
    note: "For the holder of METRICS_TOKEN, and for administrators.",
  },
  internal: { security: [{ bearer: [] }], note: "For the holder of MCP_INTERNAL_KEY." },
  proxy: {
    security: [{ bearer: [] }, { apiKey: [] }],
    note: "404 unless ENABLE_OPENAI_PROXY is set.",
  },
};

const ERROR_SCHEMAS: Readonly<Record<ErrorShape, string>> = {
  native: "NativeError",
  openai: "OpenAiError",
  anthropic: "AnthropicError",
  jsonrpc: "JsonRpcError",
};

function errorSchemas(): Record<string, JsonSchema> {
  return {
    [ERROR_SCHEMAS.native]: jsonSchema(nativeErrorSchema),
    [ERROR_SCHEMAS.openai]: jsonSchema(openAiErrorSchema),
    [ERROR_SCHEMAS.anthropic]: jsonSchema(anthropicErrorSchema),
    [ERROR_SCHEMAS.jsonrpc]: jsonSchema(jsonRpcErrorSchema),
  };
}

/** Translates a path from Next's notation to OpenAPI's. */
function openApiPath(path: string): string {
  return path.replace(/\[(?:\.\.\.)?(\w+)\]/g, "{$1}");
}

async function pathItem(route: RouteFacts): Promise<JsonSchema> {
  const parameters = [...route.path.matchAll(/\[(?:\.\.\.)?(\w+)\]/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const operations = await Promise.all(
    methodsOf(route).map(async (method) => [method.toLowerCase(), await operation(route, method)] as const),
  );
  return { ...(parameters.length > 0 ? { parameters } : {}), ...Object.fromEntries(operations) };
}

async function operation(route: RouteFacts, method: Method): Promise<JsonSchema> {
  const docs = route.methods[method];
  if (docs === undefined) return {};
  const { security, note } = ACCESS_DOCS[route.access];
  const description = [note ?? [], docs.description ?? []].flat().join(" ");
  const answers = Object.entries(await docs.answers());
  return {
    operationId: operationId(route.path, method),
    summary: docs.summary,
    ...(description === "" ? {} : { description }),
    security,
    ...(docs.query === undefined ? {} : { parameters: queryParameters(docs.query) }),
    ...(docs.body === undefined ? {} : { requestBody: requestBody(docs.body) }),
    responses: {
      ...Object.fromEntries(answers.map(([status, answer]) => [status, response(answer)])),
      default: {
        description: "An error. 429 and 503 come with `Retry-After`.",
        content: {
          "application/json": { schema: { $ref: `#/components/schemas/${ERROR_SCHEMAS[route.errors]}` } },
        },
      },
    },
  };
}

function operationId(path: string, method: Method): string {
  const name = path
    .replace(/^\/api\//, "")
    .replace(/[^a-z0-9]+/gi, "_")
    .replace(/_$/, "");
  return `${method.toLowerCase()}_${name}`;
}

type DocumentedBody = NonNullable<DeclaredOperation<never>["body"]>;

function requestBody(body: DocumentedBody): JsonSchema {
  const { schema, form } = body;
  const content: JsonSchema = {};
  if (schema !== undefined) content["application/json"] = { schema: jsonSchema(schema) };
  if (form !== undefined) content["multipart/form-data"] = { schema: jsonSchema(form.schema) };
  return { required: !("isOptional" in body && body.isOptional === true), content };
}

function queryParameters(query: z.ZodObject): JsonSchema[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: "input", unrepresentable: "any" });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = typeof property === "boolean" ? {} : property;
    return {
      name,
      in: "query",
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema,
    };
  });
}

function response({ description, json, events, file }: AnswerDocs): JsonSchema {
  const content: JsonSchema = {};
  if (json !== undefined) content["application/json"] = { schema: jsonSchema(json) };
  if (events !== undefined) content["text/event-stream"] = { schema: jsonSchema(events) };
  if (file !== undefined) content[file] = { schema: { type: "string", format: "binary" } };
  return { description, headers: HEADERS, ...(Object.keys(content).length > 0 ? { content } : {}) };
}

const HEADERS = { "x-request-id": { schema: { type: "string", format: "uuid" } } };

/** The input of a schema; refinements that JSON Schema cannot express are left out. */
function jsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return rest;
}
