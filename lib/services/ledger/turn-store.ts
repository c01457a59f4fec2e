import type { Caller } from "#lib/services/identity/caller.ts";

/** One stored conversation message, as clients send and sessions keep it. */
export type StoredMessage = { role: "user" | "assistant"; content: string };

export type BeginTurn = {
  /** Identity of the turn (UUID); makes begin and settle idempotent. */
  requestId: string;
  /** Random secret of the turn: only who knows it may settle. The database keeps its SHA-256. */
  settleSecret: string;
  caller: Caller;
  /** The mode, e.g. `smart`. */
  tier: string;
  /** Turns the caller may use in this mode per UTC day. */
  dailyLimit: number;
  /** Existing session to continue, or undefined to make one. */
  sessionId: string | undefined;
  /** Title of the session, should one be made. */
  title: string;
};

export type BegunTurn = {
  sessionId: string;
  /** True when this turn made the session. */
  sessionCreated: boolean;
  /** The newest messages of the session, oldest first: at least those that an engine gets to read. */
  messages: StoredMessage[];
  /** Turns used today in this mode, this one included. */
  usedToday: number;
};

export type TurnStatus = "completed" | "failed" | "cancelled" | "interrupted";

/** One upstream attempt, as the attempt log keeps it. */
export type AttemptRecord = {
  modelId: string;
  backend: string;
  keyIndex: number | null;
  /** `ok` or the failure kind. */
  status: string;
  latencyMs: number;
  tokensOut: number | null;
  meta: Record<string, unknown>;
};

/** What became of a turn, wherever it is written down. */
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
  attempts: AttemptRecord[];
};

/**
 * Begins turns of native chat in the database; the ledger ends them.
 * Throws `quota_exceeded`, `not_found` (somebody else's session) or `database_unavailable`.
 */
export type TurnStore = {
  begin(turn: BeginTurn): Promise<BegunTurn>;
};
