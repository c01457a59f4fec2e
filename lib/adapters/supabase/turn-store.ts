import { createHash } from "node:crypto";
import { z } from "zod";
import { type Acting, accountGone, lacksOwner } from "#lib/adapters/supabase/acting-for.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import {
  type DatabaseAnswer,
  isMissing,
  serviceError,
  userError,
} from "#lib/adapters/supabase/database-error.ts";
import { sanitizeTextForPostgres } from "#lib/adapters/supabase/sanitize-for-postgres.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import {
  type BeginTurn,
  type BegunTurn,
  type StoredMessage,
  type TurnLimits,
  TurnNotBegun,
  type TurnStore,
} from "#lib/services/ledger/turn-store.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type SupabaseTurnStoreOptions = {
  clients: SupabaseClients;
  /** Wall clock, epoch milliseconds. */
  now: () => number;
  /** The process that begins turns: what it leaves when it dies is settled by its lease. */
  instanceId?: string | undefined;
  /** How long a begin or a move may take, milliseconds; 2000 by default. */
  beginTimeoutMs?: number | undefined;
};

const DAY_MS = 86_400_000;
const MAX_POSTGRES_INTEGER = 2_147_483_647;
/** Of the time for a begin the database gets this part: its call and its answer need some as well. */
const DATABASE_PART = 0.75;
/**
 * The transaction was rolled back: by begin_turn itself, because it was too late, or because it would have had to
 * wait too long for a lock, was cancelled, or stood in the way of another one.
 */
const NOT_BEGUN: ReadonlySet<string> = new Set(["PT503", "55P03", "57014", "40P01", "40001"]);

// Loose: hosted PostgREST and the embedded one differ in how they write numbers.
const begunSchema = z.object({
  session_id: z.string(),
  session_created: z.boolean(),
  messages: z.array(z.unknown()),
  used_today: z.coerce.number(),
  // A database of before 014 keeps no modes.
  last_mode: z.string().nullish(),
  // A database of before 016 says neither.
  memories: z.array(z.unknown()).nullish(),
  has_files: z.boolean().nullish(),
});
const movedSchema = begunSchema.pick({ used_today: true });
const messageSchema = z.object({ role: z.enum(["user", "assistant"]), content: z.string() });

/**
 * The turn store on Supabase: one round trip, or two on a database that lacks 014_session_mode.sql.
 *
 * With a service role key, the service role begins all turns on behalf of the authenticated user. Without one,
 * users begin turns as themselves, and callers with a gateway key cannot.
 *
 * Beyond the port's errors, `begin` throws `not_configured` if it needs the service role and there is none,
 * `unauthorized` if the database refuses the caller's token or the caller's account is gone, and `conflict`
 * if the request id belongs to another turn.
 */
export function createSupabaseTurnStore(options: SupabaseTurnStoreOptions): TurnStore {
  const { clients, now, instanceId, beginTimeoutMs = 2000 } = options;
  return {
    async begin(turn, { signal: clientSignal, timeoutMs = beginTimeoutMs } = {}) {
      const { client, userId, failure } = writingFor(clients, turn.caller);
      const limitMs = Math.max(Math.ceil(Math.min(timeoutMs, beginTimeoutMs)), 1);
      const timeout = AbortSignal.timeout(limitMs);
      const signal = clientSignal === undefined ? timeout : AbortSignal.any([clientSignal, timeout]);
      const fields = {
        ...turnFields(turn, userId),
        instance_id: instanceId,
        timeout_ms: databaseTimeout(limitMs),
      };
      let answer = await client.rpc("begin_turn", { p_turn: fields }).abortSignal(signal);
      if (isMissing(answer))
        answer = await client.rpc("begin_turn", oldArguments(fields)).abortSignal(signal);
      if (answer.error?.code === "PT429") throw quotaExceeded(turn, answer.error, now());
      if (lacksOwner(answer)) throw accountGone(answer.error);
      if (answer.error && clientSignal?.aborted) {
        throw new GatewayError("client_closed_request", "The client closed the request.", {
          cause: answer.error,
        });
      }
      if (NOT_BEGUN.has(answer.error?.code ?? "")) throw notBegun(failure(answer));
      if (answer.error) throw failure(answer);
      return begunTurn(answer.data);
    },
    async move(turn) {
      const { client, failure } = writingFor(clients, turn.caller);
      const fields = {
        request_id: turn.requestId,
        settle_secret: turn.settleSecret,
        ...limitFields(turn),
        timeout_ms: databaseTimeout(beginTimeoutMs),
      };
      const answer = await client
        .rpc("begin_turn", { p_turn: fields })
        .abortSignal(AbortSignal.timeout(beginTimeoutMs));
      if (answer.error?.code === "PT429") throw quotaExceeded(turn, answer.error, now());
      if (answer.error) throw failure(answer);
      return { usedToday: parsed(movedSchema, answer.data).used_today };
    },
  };
}

function asService(clients: SupabaseClients): Acting {
  return { client: clients.asService(), failure: serviceError };
}

/** The service role names the user. Without it users act as themselves, so that row level security holds. */
function writingFor(clients: SupabaseClients, caller: Caller): Acting & { userId: string | null } {
  if (caller.kind === "key" || clients.hasServiceRole) {
    return { ...asService(clients), userId: caller.userId };
  }
  return { client: clients.asUser(caller.accessToken), userId: null, failure: userError };
}

/** The turn as `begin_turn` takes it. */
function turnFields(turn: BeginTurn, userId: string | null) {
  const { byLastMode } = turn;
  return {
    request_id: turn.requestId,
    route: turn.route,
    settle_hash: createHash("sha256").update(turn.settleSecret, "utf8").digest("hex"),
    mode: turn.mode,
    ...limitFields(turn),
    session_id: turn.sessionId ?? null,
    title: sanitizeTextForPostgres(turn.title),
    user_id: userId,
    ...(byLastMode === undefined ? {} : { by_last_mode: lastModeFields(byLastMode) }),
  };
}

function lastModeFields(rows: NonNullable<BeginTurn["byLastMode"]>) {
  return Object.fromEntries(Array.from(rows, ([mode, limits]) => [mode, limitFields(limits)]));
}

function limitFields({ tier, dailyLimit, dailyCapacity }: TurnLimits) {
  return {
    tier,
    daily_limit: postgresLimit(dailyLimit),
    ...(dailyCapacity === undefined ? {} : { daily_capacity: postgresLimit(dailyCapacity) }),
  };
}

/** The turn as `begin_turn` takes it in a database of before 014. */
function oldArguments(fields: ReturnType<typeof turnFields>): Record<string, unknown> {
  const { request_id, settle_hash, tier, daily_limit, session_id, title, user_id } = fields;
  const known = { request_id, settle_hash, tier, daily_limit, session_id, title, user_id };
  return Object.fromEntries(Object.entries(known).map(([name, value]) => [`p_${name}`, value]));
}

/** What the database gets of this time. Milliseconds. */
function databaseTimeout(timeoutMs: number): number {
  return Math.ceil(timeoutMs * DATABASE_PART);
}

function postgresLimit(limit: number): number {
  return Math.min(Math.max(Math.trunc(limit), 0), MAX_POSTGRES_INTEGER);
}

/** The database names the mode whose limit is reached, because it may have kept the session's, and whose limit it is. */
function quotaExceeded(
  turn: TurnLimits & Pick<BeginTurn, "byLastMode">,
  cause: NonNullable<DatabaseAnswer["error"]>,
  nowMs: number,
): GatewayError {
  const kept = Array.from(turn.byLastMode?.values() ?? []).find(({ tier }) => tier === cause.details);
  const { tier, dailyLimit, dailyCapacity } = turn.tier === cause.details ? turn : (kept ?? turn);
  const isCompany = cause.hint === "company";
  const message = isCompany
    ? `Today's capacity for "${tier}", which all users share, is used up.`
    : `Today's quota for "${tier}" is used up.`;
  return new GatewayError("quota_exceeded", `${message} It is new at midnight UTC.`, {
    retryAfterSeconds: secondsUntilUtcMidnight(nowMs),
    details: {
      ...{ tier, limit: isCompany ? dailyCapacity : dailyLimit, remaining: 0 },
      scope: isCompany ? "company" : "user",
    },
    cause,
  });
}

function notBegun({ code, message, retryAfterSeconds, cause }: GatewayError): TurnNotBegun {
  return new TurnNotBegun(code, message, { retryAfterSeconds, cause });
}

function begunTurn(data: unknown): BegunTurn {
  const begun = parsed(begunSchema, data);
  return {
    sessionId: begun.session_id,
    sessionCreated: begun.session_created,
    messages: begun.messages.flatMap(storedMessage),
    usedToday: begun.used_today,
    lastMode: begun.last_mode ?? undefined,
    memories: (begun.memories ?? []).filter((fact) => typeof fact === "string"),
    hasFiles: begun.has_files ?? false,
  };
}

function parsed<Schema extends z.ZodType>(schema: Schema, data: unknown): z.output<Schema> {
  const answer = schema.safeParse(data);
  if (answer.success) return answer.data;
  throw new GatewayError("internal_error", "The database answered in an unknown form.", {
    cause: answer.error,
  });
}

/** A message that cannot be read is left out; the conversation goes on without it. */
function storedMessage(value: unknown): StoredMessage[] {
  const parsed = messageSchema.safeParse(value);
  return parsed.success ? [parsed.data] : [];
}

function secondsUntilUtcMidnight(epochMs: number): number {
  return Math.ceil((DAY_MS - (epochMs % DAY_MS)) / 1000);
}
