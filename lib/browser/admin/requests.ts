import { numberOf, numberOrNull, textOf, textOrNull } from "#lib/browser/admin/fields.ts";
import { arrayField, field } from "#lib/shared/json.ts";

/** How a request ended; `started` has not. */
export const STATUSES = ["started", "completed", "failed", "cancelled", "interrupted"] as const;
export type RequestStatus = (typeof STATUSES)[number];

/** A request of the log. Times are ISO 8601. */
export type RequestView = {
  id: string;
  createdAt: string;
  settledAt: string | null;
  durationMs: number | null;
  route: string | null;
  mode: string;
  status: RequestStatus;
  delivered: boolean;
  /** `provider/model` of the engine that answered. */
  engine: string | null;
  userId: string | null;
  /** E-mail address, or the id of somebody who has none. */
  user: string | null;
  keyId: string | null;
  /** The key's name, or its id when it is gone. */
  key: string | null;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  costUsd: number | null;
  isEstimated: boolean;
  attemptCount: number;
};

export type AttemptView = {
  engine: string;
  keyIndex: number | null;
  outcome: string;
  httpStatus: number | null;
  problem: string | null;
  reason: string | null;
  startedMs: number | null;
  latencyMs: number;
  firstTokenMs: number | null;
  usage: {
    promptTokens: number;
    cachedTokens: number;
    completionTokens: number;
    reasoningTokens: number;
    billed: boolean;
    costUsd: number | null;
  } | null;
};

export type ToolCallView = {
  tool: string | null;
  source: string;
  outcome: string;
  latencyMs: number;
  reason: string | null;
};

export type RequestDetail = RequestView & { attempts: AttemptView[]; toolCalls: ToolCallView[] };

/** A page of `GET /api/admin/requests`. */
export function readRequestPage(answer: unknown): { rows: RequestView[]; nextCursor: string | null } {
  return {
    rows: arrayField(answer, "requests").map(readRequest),
    nextCursor: textOrNull(answer, "nextCursor"),
  };
}

/** The answer of `GET /api/admin/requests/[id]`. */
export function readRequestDetail(answer: unknown): RequestDetail {
  const attempts = arrayField(answer, "attempts").map(readAttempt);
  return {
    ...readRequest(answer),
    attempts,
    toolCalls: arrayField(answer, "toolCalls").map((call) => ({
      tool: textOrNull(call, "tool"),
      source: textOf(call, "source"),
      outcome: textOf(call, "outcome"),
      latencyMs: numberOf(call, "latencyMs"),
      reason: textOrNull(call, "reason"),
    })),
  };
}

function readRequest(request: unknown): RequestView {
  const [user, key] = [field(request, "user"), field(request, "key")];
  const status = STATUSES.find((one) => one === field(request, "status"));
  return {
    id: textOf(request, "id"),
    createdAt: textOf(request, "createdAt"),
    settledAt: textOrNull(request, "settledAt"),
    durationMs: numberOrNull(request, "durationMs"),
    route: textOrNull(request, "route"),
    mode: textOf(request, "mode"),
    status: status ?? "started",
    delivered: field(request, "delivered") === true,
    engine: textOrNull(request, "provider") === null ? null : engineOf(request),
    userId: textOrNull(user, "id"),
    user: textOrNull(user, "email") ?? textOrNull(user, "id"),
    keyId: textOrNull(key, "id"),
    key: textOrNull(key, "name") ?? textOrNull(key, "id"),
    promptTokens: numberOf(request, "promptTokens"),
    cachedTokens: numberOf(request, "cachedTokens"),
    completionTokens: numberOf(request, "completionTokens"),
    costUsd: numberOrNull(request, "costUsd"),
    isEstimated: field(request, "usageSource") === "estimated",
    attemptCount: numberOf(request, "attemptCount"),
  };
}

function engineOf(value: unknown): string {
  const model = textOf(value, "model");
  return model === "" ? textOf(value, "provider") : `${textOf(value, "provider")}/${model}`;
}

function readAttempt(attempt: unknown): AttemptView {
  const usage = field(attempt, "usage");
  return {
    engine: engineOf(attempt),
    keyIndex: numberOrNull(attempt, "keyIndex"),
    outcome: textOf(attempt, "outcome"),
    httpStatus: numberOrNull(attempt, "httpStatus"),
    problem: textOrNull(attempt, "problem"),
    reason: textOrNull(attempt, "reason"),
    startedMs: numberOrNull(attempt, "startedMs"),
    latencyMs: numberOf(attempt, "latencyMs"),
    firstTokenMs: numberOrNull(attempt, "firstTokenMs"),
    usage:
      usage === null || usage === undefined
        ? null
        : {
            promptTokens: numberOf(usage, "promptTokens"),
            cachedTokens: numberOf(usage, "cachedTokens"),
            completionTokens: numberOf(usage, "completionTokens"),
            reasoningTokens: numberOf(usage, "reasoningTokens"),
            billed: field(usage, "billed") === true,
            costUsd: numberOrNull(usage, "costUsd"),
          },
  };
}
