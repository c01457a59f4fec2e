import { z } from "zod";
import { REQUEST_STATUSES } from "#lib/apis/native/admin-requests.ts";

const count = z.int().min(0);
const milliseconds = z.number().min(0);
const usd = z.number().nullable().describe("USD; null if it is unknown.");
const ofNewer = "Null for a request from before it was recorded.";

const loggedRequest = z.object({
  id: z.uuid().describe("The `x-request-id` of its answer."),
  createdAt: z.iso.datetime().describe("When it began."),
  settledAt: z.iso.datetime().nullable().describe("When its end was stored; null while it runs."),
  route: z.string().nullable().describe(`The path that was called. ${ofNewer}`),
  mode: z.string(),
  status: z.enum(REQUEST_STATUSES),
  delivered: z.boolean().describe("Something of the answer reached the client."),
  provider: z
    .string()
    .nullable()
    .describe("Of the engine that answered, also if its answer broke off; null if none did."),
  model: z.string().nullable(),
  user: z.object({ id: z.uuid(), email: z.string().nullable() }).nullable(),
  key: z.object({ id: z.uuid(), name: z.string().nullable() }).nullable(),
  promptTokens: count,
  cachedTokens: count,
  completionTokens: count,
  servedTokens: count.nullable().describe(`Tokens that the client got. ${ofNewer}`),
  billableTokens: count.nullable().describe(`Tokens that are billed. ${ofNewer}`),
  costUsd: usd,
  usageSource: z.enum(["exact", "estimated"]).nullable(),
  attemptCount: count.describe("Calls of providers."),
  durationMs: milliseconds
    .nullable()
    .describe(
      "Until its last call of an engine ended; without such a call, until its end was stored. Null while it runs.",
    ),
});

/** The answer of `GET /api/admin/requests`. */
export const requestPageSchema = z.object({
  requests: z.array(loggedRequest),
  nextCursor: z
    .string()
    .optional()
    .describe("Absent on the last page. A page may be short, or empty, though there are more."),
});

const attempt = z.object({
  provider: z.string(),
  model: z.string(),
  keyIndex: count.nullable().describe("The place of the key in the provider's pool, from 0."),
  outcome: z.string().describe("`ok`, or the kind of failure."),
  httpStatus: z.int().nullable(),
  problem: z.string().nullable().describe("What an operator has to mend, such as `no_credit`."),
  reason: z.string().nullable().describe("What the provider said."),
  startedMs: milliseconds.nullable().describe(`After the request began. ${ofNewer}`),
  latencyMs: milliseconds,
  firstTokenMs: milliseconds.nullable(),
  tokensOut: count.nullable(),
  usage: z
    .object({
      promptTokens: count,
      cachedTokens: count,
      cacheWriteTokens: count,
      completionTokens: count,
      reasoningTokens: count,
      source: z.enum(["exact", "estimated"]),
      billed: z.boolean(),
      costUsd: usd,
      listUsd: usd,
      cachedSavingsUsd: usd,
    })
    .nullable()
    .describe("Null if nothing is known of it."),
});

const toolCall = z.object({
  tool: z.string().nullable(),
  source: z.string().describe("The source of the data, or the tool's name if none answered."),
  outcome: z.string().describe("`ok`, `failed`, `timeout` or `cancelled`."),
  latencyMs: milliseconds,
  reason: z.string().nullable(),
  httpStatus: z.int().nullable(),
});

/** The answer of `GET /api/admin/requests/[id]`. */
export const requestRecordSchema = loggedRequest.extend({
  attempts: z.array(attempt),
  toolCalls: z.array(toolCall),
});

export type LoggedRequest = z.infer<typeof loggedRequest>;
export type RequestPage = z.infer<typeof requestPageSchema>;
export type RequestRecord = z.infer<typeof requestRecordSchema>;
export type LoggedAttempt = RequestRecord["attempts"][number];
