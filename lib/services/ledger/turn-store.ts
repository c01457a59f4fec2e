import type { Caller } from "#lib/services/identity/caller.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** One message of a conversation, as clients send it and sessions store it. */
export type StoredMessage = { role: "user" | "assistant"; content: string };

export type BeginTurn = {
  /** Identity of the turn (UUID); makes begin and settle idempotent. */
  requestId: string;
  /** The path of the route that was called. */
  route?: string | undefined;
  /** Random secret of the turn, without which it cannot be settled. The database stores its SHA-256. */
  settleSecret: string;
  caller: Caller;
  /** The mode that the turn is for, which the session's next turn may keep. */
  mode: string;
  /** The mode that the turn counts in: another one if `mode` borrows its engines. */
  tier: string;
  /** Turns the caller may use in `tier` per UTC day. */
  dailyLimit: number;
  /** Turns all users together may use in `tier` per UTC day; undefined if that is not limited. */
  dailyCapacity?: number | undefined;
  /**
   * What the turn is instead if the session's last turn had one of these modes: the mode that it is then for,
   * and counts in, with its limits.
   */
  byLastMode?: ReadonlyMap<string, TurnLimits> | undefined;
  /** Existing session to continue, or undefined to create one. */
  sessionId: string | undefined;
  /** Title of a new session. */
  title: string;
};

/** The mode that a turn counts in, and how many turns that has per UTC day. */
export type TurnLimits = Pick<BeginTurn, "tier" | "dailyLimit" | "dailyCapacity">;

export type BegunTurn = {
  sessionId: string;
  /** True if this turn created the session. */
  sessionCreated: boolean;
  /** The newest messages of the session, oldest first: at least those that are sent to an engine. */
  messages: StoredMessage[];
  /** Turns used today in the mode that the turn counts in, this one included. */
  usedToday: number;
  /** The mode of the session's last turn if `byLastMode` has it: that row applies. */
  lastMode?: string | undefined;
  /** What is remembered of the user, the oldest first. */
  memories?: readonly string[] | undefined;
  /** Files belong to the session. */
  hasFiles?: boolean | undefined;
};

export type TurnStatus = "completed" | "failed" | "cancelled" | "interrupted";

/** What one attempt used, and what that costs. Counts are as in `TokenUsage`. */
export type AttemptUsage = {
  promptTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  completionTokens: number;
  reasoningTokens: number;
  source: "exact" | "estimated";
  /** The engine bills; false on a free tier. */
  isBilled: boolean;
  /** USD; null if the engine bills at an unknown price, 0 on a free tier. */
  costUsd: number | null;
  /** USD at list price, whether it is billed or not; null if that is unknown. */
  listUsd: number | null;
  /**
   * USD that the cached tokens would have cost more at the price of plain input, less what cache writes cost more:
   * negative if more was written than read. 0 on a free tier; null if a price is unknown.
   */
  cachedSavingsUsd: number | null;
};

/** One upstream attempt, as the attempt log stores it. */
export type AttemptRecord = {
  modelId: string;
  backend: string;
  keyIndex: number | null;
  /** `ok` or the failure kind. */
  status: string;
  latencyMs: number;
  tokensOut: number | null;
  meta: Record<string, unknown>;
  /** When it was called, milliseconds after the turn began. */
  startedMs?: number | undefined;
  /** From the call to the first content, milliseconds; absent if none came. */
  firstTokenMs?: number | undefined;
  /** Absent if nothing is known of it, and nothing can have been billed. */
  usage?: AttemptUsage | undefined;
};

/** One call of a live tool, as the log of events stores it: how it went, never what was asked. */
export type ToolCallRecord = {
  /** The source of the data, or the tool's name if none answered. */
  backend: string;
  /** `ok`, `failed`, `timeout` or `cancelled`. */
  status: string;
  latencyMs: number;
  meta: Record<string, unknown>;
};

/** The outcome of a turn, wherever it is written down. */
export type TurnOutcome = {
  status: TurnStatus;
  /** Something of the answer reached the client. */
  deliveredContent: boolean;
  model: string | null;
  backend: string | null;
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
  /** USD; null when unknown. */
  costUsd: number | null;
  usageSource: "exact" | "estimated";
  /** Tokens of the answer that the client got, an estimate where no provider counted them. */
  servedTokens?: number | undefined;
  /** Tokens, prompts and answers, of the attempts that are billed. */
  billableTokens?: number | undefined;
  attempts: AttemptRecord[];
};

/** A turn that has begun, and the mode in which it is to count instead. */
export type MoveTurn = Pick<BeginTurn, "requestId" | "settleSecret" | "caller"> & TurnLimits;

/** It is certain that a turn has not begun: nothing was stored or counted, and nothing of it need be closed. */
export class TurnNotBegun extends GatewayError {}

export type BeginLimits = {
  /** Aborts when nobody waits for the turn any more; then `client_closed_request` is thrown. */
  signal?: AbortSignal | undefined;
  /** Milliseconds. The store may have a shorter limit of its own. */
  timeoutMs?: number | undefined;
};

/**
 * Begins turns of native chat in the database; the ledger ends them.
 * Both throw `quota_exceeded`, `not_found` (another user's session, a turn that has ended) or
 * `database_unavailable`.
 */
export type TurnStore = {
  begin(turn: BeginTurn, limits?: BeginLimits): Promise<BegunTurn>;
  /** Moves a turn without an answer to another mode, or leaves it as it is and throws. */
  move(turn: MoveTurn): Promise<Pick<BegunTurn, "usedToday">>;
};
