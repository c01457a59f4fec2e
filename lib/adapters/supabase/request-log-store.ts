import { z } from "zod";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { serviceError } from "#lib/adapters/supabase/database-error.ts";
import type { LoggedAttempt, LoggedRequest } from "#lib/apis/native/admin-requests-answer-schema.ts";
import type { RequestFilter, RequestLogStore } from "#lib/services/admin/request-log.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type RequestLogStoreOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 6000 by default. The database gives up before. */
  timeoutMs?: number | undefined;
};

const text = z.string().nullable();
const count = z.number();
const number = z.number().nullable();
const source = z.enum(["exact", "estimated"]);

const requestSchema = z.object({
  id: z.string(),
  createdAt: z.string(),
  settledAt: text,
  durationMs: number,
  route: text,
  mode: z.string(),
  status: z.enum(["started", "completed", "failed", "cancelled", "interrupted"]),
  delivered: z.boolean(),
  provider: text,
  model: text,
  promptTokens: count,
  cachedTokens: count,
  completionTokens: count,
  servedTokens: number,
  billableTokens: number,
  costUsd: number,
  usageSource: source.nullable(),
  user: z.object({ id: z.string(), email: text }).nullable(),
  key: z.object({ id: z.string(), name: text }).nullable(),
});
const listedSchema = requestSchema.extend({ attempts: count });
const pageSchema = z.object({ requests: z.array(listedSchema), nextCursor: text });

// Attempts and calls of tools are stored as they were sent, by gateways of all ages, and by users where there is no
// service role: what is not of its kind is left out, and the rest is shown.
const sentText = text.catch(null);
const sentNumber = number.catch(null);
const usageSchema: z.ZodType<NonNullable<LoggedAttempt["usage"]>> = z.object({
  promptTokens: count,
  cachedTokens: count,
  cacheWriteTokens: count,
  completionTokens: count,
  reasoningTokens: count,
  source,
  billed: z.boolean(),
  costUsd: sentNumber,
  listUsd: sentNumber,
  cachedSavingsUsd: sentNumber,
});
const attemptSchema = z.object({
  provider: sentText,
  model: sentText,
  keyIndex: sentNumber,
  outcome: sentText,
  httpStatus: sentNumber,
  problem: sentText,
  reason: sentText,
  startedMs: sentNumber,
  latencyMs: sentNumber,
  firstTokenMs: sentNumber,
  tokensOut: sentNumber,
  usage: usageSchema.nullable().catch(null),
});
const toolCallSchema = z.object({
  source: sentText,
  status: sentText,
  latencyMs: sentNumber,
  tool: sentText,
  reason: sentText,
  httpStatus: sentNumber,
});
const recordSchema = requestSchema.extend({
  attempts: z.array(attemptSchema),
  toolCalls: z.array(toolCallSchema),
});

/** The log of requests on Supabase, read through the service role. Nothing that was said is in it. */
export function createRequestLogStore({
  clients,
  timeoutMs = 6_000,
}: RequestLogStoreOptions): RequestLogStore {
  return {
    async list(filter, { limit, cursor }) {
      const answer = await clients
        .asService()
        .rpc("admin_requests", { p_filter: filterRow(filter), p_cursor: cursor ?? null, p_limit: limit })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      // Filters are checked before: what the database does not understand is the cursor.
      if (answer.error?.code?.startsWith("22") === true) {
        const message = '"cursor": is not a nextCursor of this list.';
        throw new GatewayError("invalid_request", message, { cause: answer.error });
      }
      if (answer.error) throw serviceError(answer);
      const { requests, nextCursor } = pageSchema.parse(answer.data);
      return {
        requests: requests.map(({ attempts, ...request }) => loggedRequest(request, attempts)),
        ...(nextCursor === null ? {} : { nextCursor }),
      };
    },
    async find(id) {
      const answer = await clients
        .asService()
        .rpc("admin_request", { p_id: id })
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error) throw serviceError(answer);
      if (answer.data === null) return undefined;
      const { attempts, toolCalls, ...request } = recordSchema.parse(answer.data);
      return {
        ...loggedRequest(request, attempts.length),
        attempts: attempts.map(({ provider, model, outcome, latencyMs, ...attempt }) => {
          const engine = { provider: provider ?? "", model: model ?? "" };
          return { ...attempt, ...engine, outcome: outcome ?? "", latencyMs: latencyMs ?? 0 };
        }),
        toolCalls: toolCalls.map(({ source, status, latencyMs, ...call }) => {
          return { ...call, source: source ?? "", outcome: status ?? "", latencyMs: latencyMs ?? 0 };
        }),
      };
    },
  };
}

/** Only what is to limit: an absent name and null are not the same to the function. */
function filterRow(filter: RequestFilter): Record<string, unknown> {
  const { status, mode, provider, model, userId, keyId, route, from, to } = filter;
  const { minCostUsd, maxCostUsd, unknownCost } = filter;
  const row = {
    ...{ status, mode, provider, model, user: userId, key: keyId, route, from, to },
    ...{ minCost: minCostUsd, maxCost: maxCostUsd, unknownCost },
  };
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
}

function loggedRequest(request: z.infer<typeof requestSchema>, attemptCount: number): LoggedRequest {
  const { createdAt, settledAt } = request;
  return {
    ...request,
    createdAt: isoTime(createdAt),
    settledAt: settledAt === null ? null : isoTime(settledAt),
    attemptCount,
  };
}

/** Hosted PostgREST and the embedded one write times differently. */
function isoTime(text: string): string {
  return new Date(text).toISOString();
}
