import type { TurnStatus } from "#lib/services/ledger/turn-store.ts";

export type RequestStatus = TurnStatus | "started";

/** Which requests to show; absent fields do not limit. */
export type RequestFilter = {
  status?: RequestStatus | undefined;
  mode?: string | undefined;
  provider?: string | undefined;
  /** Of `provider`. */
  model?: string | undefined;
  userId?: string | undefined;
  keyId?: string | undefined;
  /** The path of the route that was called. */
  route?: string | undefined;
  /** ISO 8601: begun at or after this. */
  from?: string | undefined;
  /** ISO 8601: begun before this. */
  to?: string | undefined;
  /** USD, both inclusive. Requests whose cost is unknown match neither. */
  minCostUsd?: number | undefined;
  maxCostUsd?: number | undefined;
  /** Only requests whose cost is unknown. */
  unknownCost?: boolean | undefined;
};

/** One request as the ledger has it. What was said in it is not part of it. */
export type LoggedRequest = {
  /** The `x-request-id` of its answer. */
  id: string;
  /** When it began, ISO 8601 in UTC. */
  createdAt: string;
  /** When its end was stored; null while it runs. */
  settledAt: string | null;
  route: string | null;
  mode: string;
  status: RequestStatus;
  /** Something of the answer reached the client. */
  delivered: boolean;
  /** The engine that answered, or the last one that was called. */
  provider: string | null;
  model: string | null;
  user: { id: string; email: string | null } | null;
  key: { id: string; name: string | null } | null;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  servedTokens: number | null;
  billableTokens: number | null;
  /** USD; null if unknown. */
  costUsd: number | null;
  usageSource: "exact" | "estimated" | null;
  /** Calls of providers. */
  attemptCount: number;
  /** From its begin to its end; null while it runs. */
  durationMs: number | null;
};

export type LoggedAttempt = {
  provider: string;
  model: string;
  /** The place of the key in the provider's pool, from 0. */
  keyIndex: number | null;
  /** `ok`, or the kind of failure. */
  outcome: string;
  httpStatus: number | null;
  /** What an operator has to mend, such as `no_credit`. */
  problem: string | null;
  /** What the provider said. */
  reason: string | null;
  /** After the request began. */
  startedMs: number | null;
  latencyMs: number;
  firstTokenMs: number | null;
  /** Tokens of its answer. */
  tokensOut: number | null;
  /** Null if nothing is known of it. */
  usage: AttemptUsageView | null;
};

export type AttemptUsageView = {
  promptTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  completionTokens: number;
  reasoningTokens: number;
  source: "exact" | "estimated";
  billed: boolean;
  /** USD; null if unknown. */
  costUsd: number | null;
  listUsd: number | null;
  cachedSavingsUsd: number | null;
};

export type LoggedToolCall = {
  tool: string | null;
  /** The source of the data, or the tool's name if none answered. */
  source: string;
  /** `ok`, `failed`, `timeout` or `cancelled`. */
  outcome: string;
  latencyMs: number;
  reason: string | null;
  httpStatus: number | null;
};

/** A request with everything that was done for it, in order. */
export type RequestRecord = LoggedRequest & {
  attempts: readonly LoggedAttempt[];
  toolCalls: readonly LoggedToolCall[];
};

export type RequestPage = {
  /** The newest first. */
  requests: readonly LoggedRequest[];
  /** Where the next page begins; undefined if there is none. */
  nextCursor: string | undefined;
};

/**
 * The log of all requests. Both throw `database_unavailable`, and `not_configured` without a service role or the
 * migrations.
 */
export type RequestLogStore = {
  /** Throws `invalid_request` for a cursor that is none. */
  list(filter: RequestFilter, page: { limit: number; cursor: string | undefined }): Promise<RequestPage>;
  find(id: string): Promise<RequestRecord | undefined>;
};
