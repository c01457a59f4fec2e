import { z } from "zod";
import { anthropicErrorSchema, nativeErrorSchema, openAiErrorSchema } from "#lib/server/openapi/errors.ts";
import type { AnswerDocs, Operation, PathDocs } from "#lib/server/openapi/operation.ts";
import { API_DOCS } from "#lib/server/openapi/paths.ts";
import { VERSION } from "#lib/shared/version.ts";

type JsonSchema = Record<string, unknown>;

/** The OpenAPI 3.1 document of the whole API, from the schemas that the routes themselves check with. */
export function openApiDocument(): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "SarmaLink-AI",
      version: VERSION,
      description:
        "One endpoint in front of ten LLM providers. Native chat under /api/ai-chat; the APIs of OpenAI and Anthropic under /api/v1.",
      license: { name: "MIT", identifier: "MIT" },
    },
    paths: Object.fromEntries(
      Object.entries(API_DOCS).map(([path, docs]) => [openApiPath(path), pathItem(path, docs)]),
    ),
    components: {
      securitySchemes: {
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
          description: "A Supabase session cookie, of this site's own pages.",
        },
      },
      schemas: {
        NativeError: jsonSchema(nativeErrorSchema),
        OpenAiError: jsonSchema(openAiErrorSchema),
        AnthropicError: jsonSchema(anthropicErrorSchema),
      },
    },
  };
}

/** Next's notation of a path in OpenAPI's. */
function openApiPath(path: string): string {
  return path.replace(/\[(?:\.\.\.)?(\w+)\]/g, "{$1}");
}

function pathItem(path: string, docs: PathDocs): JsonSchema {
  const parameters = [...path.matchAll(/\[(?:\.\.\.)?(\w+)\]/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const operations = Object.entries(docs).map(([method, docsOf]) => [
    method,
    operation(path, method, docsOf),
  ]);
  return { ...(parameters.length > 0 ? { parameters } : {}), ...Object.fromEntries(operations) };
}

const ERROR_SCHEMAS = { native: "NativeError", openai: "OpenAiError", anthropic: "AnthropicError" } as const;
const SECURITY: Record<Operation["access"], JsonSchema[]> = {
  public: [],
  caller: [{ bearer: [] }, { apiKey: [] }, { session: [] }],
  user: [{ bearer: [] }, { session: [] }],
  proxy: [{ bearer: [] }, { apiKey: [] }],
};

function operation(path: string, method: string, docs: Operation): JsonSchema {
  const error = { $ref: `#/components/schemas/${ERROR_SCHEMAS[docs.errors]}` };
  return {
    operationId: `${method}_${path
      .replace(/^\/api\//, "")
      .replace(/[^a-z0-9]+/gi, "_")
      .replace(/_$/, "")}`,
    summary: docs.summary,
    ...(docs.description === undefined ? {} : { description: docs.description }),
    security: SECURITY[docs.access],
    ...(docs.body === undefined
      ? {}
      : {
          requestBody: { required: true, content: { "application/json": { schema: jsonSchema(docs.body) } } },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(docs.answers).map(([status, answer]) => [status, response(answer)]),
      ),
      default: {
        description: "An error. 429 and 503 come with `Retry-After`.",
        content: { "application/json": { schema: error } },
      },
    },
  };
}

function response({ description, json, events }: AnswerDocs): JsonSchema {
  const content: JsonSchema = {};
  if (json !== undefined) content["application/json"] = { schema: jsonSchema(json) };
  if (events !== undefined) content["text/event-stream"] = { schema: jsonSchema(events) };
  return { description, headers: HEADERS, ...(Object.keys(content).length > 0 ? { content } : {}) };
}

const HEADERS = { "x-request-id": { schema: { type: "string", format: "uuid" } } };

/** What clients may send; refinements that JSON Schema has no words for are left out. */
function jsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return rest;
}
