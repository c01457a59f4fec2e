import { z } from "zod";
import { chatCompletionChunkSchema, chatCompletionSchema } from "#lib/apis/chat-completions/answer-schema.ts";
import { chatCompletionsSchema } from "#lib/apis/chat-completions/schema.ts";
import { embeddingsAnswerSchema, embeddingsSchema } from "#lib/apis/embeddings/embeddings.ts";
import { messageEventSchema, messageSchema, tokenCountSchema } from "#lib/apis/messages/answer-schema.ts";
import { messagesSchema } from "#lib/apis/messages/schema.ts";
import { modelListSchema, modelSchema } from "#lib/apis/models.ts";
import { responseEventSchema, responseSchema } from "#lib/apis/responses/answer-schema.ts";
import { responsesSchema } from "#lib/apis/responses/schema.ts";
import type { Operation, PathDocs } from "#lib/server/openapi/operation.ts";
import { aiChatBodySchema } from "#lib/server/routes/ai-chat.ts";
import { gatewayKeyBodySchema } from "#lib/server/routes/keys.ts";
import { nativeEventSchema } from "#lib/streaming/events.ts";

const PROXY_NOTE = "404 unless ENABLE_OPENAI_PROXY is set.";

const model: Operation = {
  summary: "One model",
  description: PROXY_NOTE,
  access: "proxy",
  errors: "openai",
  answers: { 200: { description: "The model.", json: modelSchema } },
};

const gatewayKey = z.object({
  id: z.uuid(),
  name: z.string(),
  prefix: z.string(),
  requestsPerMinute: z.int().nullable(),
  usdPerMonth: z.number().nullable(),
  modes: z.array(z.string()).nullable(),
  createdAt: z.string(),
});

const budget = z.object({
  countedProviders: z.array(z.string()),
  freeProviders: z.array(z.string()),
  countedModels: z.array(z.string()),
  note: z.string(),
});

/** What every API route does, by the same paths as the table of routes; a test holds the two together. */
export const API_DOCS: Readonly<Record<string, PathDocs>> = {
  "/api/ai-chat": {
    post: {
      summary: "Native chat",
      description: "One message in; the typed event stream out. It always ends with `done` or `error`.",
      access: "caller",
      errors: "native",
      body: aiChatBodySchema,
      answers: { 200: { description: "One event a frame, as JSON.", events: nativeEventSchema } },
    },
  },
  "/api/health": {
    get: {
      summary: "Whether the process answers",
      access: "public",
      errors: "native",
      answers: {
        200: {
          description: "It does.",
          json: z.object({
            status: z.literal("ok"),
            version: z.string(),
            engines: z.enum(["sandbox", "providers", "none"]),
          }),
        },
        503: {
          description: "It is shutting down: send nothing more here.",
          json: z.object({
            status: z.literal("stopping"),
            version: z.string(),
            engines: z.enum(["sandbox", "providers", "none"]),
          }),
        },
      },
    },
  },
  "/api/openapi.json": {
    get: {
      summary: "This document",
      access: "public",
      errors: "native",
      answers: { 200: { description: "OpenAPI 3.1.", json: z.looseObject({}) } },
    },
  },
  "/api/keys": {
    get: {
      summary: "The user's gateway keys",
      access: "user",
      errors: "native",
      answers: {
        200: {
          description: "Live keys first.",
          json: z.object({
            keys: z.array(
              gatewayKey.extend({
                spentUsdThisMonth: z.number(),
                lastUsedAt: z.string().nullable(),
                revokedAt: z.string().nullable(),
              }),
            ),
          }),
        },
      },
    },
    post: {
      summary: "Make a gateway key",
      description:
        "The key is shown in this answer and never again. With `usdPerMonth`, `budget` says which configured " +
        "providers count against it and which are taken to be free.",
      access: "user",
      errors: "native",
      body: gatewayKeyBodySchema,
      answers: {
        201: {
          description: "The key.",
          json: gatewayKey.extend({ key: z.string(), budget: budget.optional() }),
        },
      },
    },
  },
  "/api/keys/[id]": {
    delete: {
      summary: "Revoke a gateway key",
      access: "user",
      errors: "native",
      answers: { 204: { description: "It is no good from now on." } },
    },
  },
  "/api/v1/chat/completions": {
    post: {
      summary: "Chat completions, as OpenAI's",
      description: `${PROXY_NOTE} \`model\` is a mode, \`auto\`, a name that stands for a mode, or \`provider/model\`. With \`stream\`, a stream ends with \`data: [DONE]\` when the answer is complete.`,
      access: "proxy",
      errors: "openai",
      body: chatCompletionsSchema,
      answers: {
        200: { description: "The answer.", json: chatCompletionSchema, events: chatCompletionChunkSchema },
      },
    },
  },
  "/api/v1/embeddings": {
    post: {
      summary: "Embeddings, as OpenAI's",
      description: PROXY_NOTE,
      access: "proxy",
      errors: "openai",
      body: embeddingsSchema,
      answers: { 200: { description: "The vectors.", json: embeddingsAnswerSchema } },
    },
  },
  "/api/v1/messages": {
    post: {
      summary: "Messages, as Anthropic's",
      description: `${PROXY_NOTE} With \`stream\`, the last event is \`message_stop\`, or \`error\`.`,
      access: "proxy",
      errors: "anthropic",
      body: messagesSchema,
      answers: { 200: { description: "The answer.", json: messageSchema, events: messageEventSchema } },
    },
  },
  "/api/v1/messages/count_tokens": {
    post: {
      summary: "How long a prompt is, as Anthropic's",
      description: `${PROXY_NOTE} Counted by the engine where it can, else estimated.`,
      access: "proxy",
      errors: "anthropic",
      body: messagesSchema,
      answers: { 200: { description: "The count.", json: tokenCountSchema } },
    },
  },
  "/api/v1/models": {
    get: {
      summary: "Modes and configured engines",
      description: PROXY_NOTE,
      access: "proxy",
      errors: "openai",
      answers: { 200: { description: "One page with all of them.", json: modelListSchema } },
    },
  },
  "/api/v1/models/[...id]": { get: model },
  "/api/v1/responses": {
    post: {
      summary: "Responses, as OpenAI's",
      description: `${PROXY_NOTE} Nothing is stored: the whole conversation is in \`input\`. With \`stream\`, the last event is \`response.completed\`, \`response.incomplete\` or \`response.failed\`.`,
      access: "proxy",
      errors: "openai",
      body: responsesSchema,
      answers: { 200: { description: "The answer.", json: responseSchema, events: responseEventSchema } },
    },
  },
};
