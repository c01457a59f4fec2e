import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import type { ToolCallRecord, TurnOutcome } from "#lib/services/ledger/turn-store.ts";

/** A turn before the first call of a provider. */
export type TurnStart = {
  /** Identity of the turn (UUID), which makes writing it twice harmless. */
  requestId: string;
  caller: ProxyCaller;
  /** The mode, or `named` if the client named engines. */
  tier: string;
  /** The path of the route that was called, such as `/api/ai-chat`; absent for a turn of the gateway's own. */
  route?: string | undefined;
  /** Only of a turn of native chat, which `begin_turn` begins in the database: the secret that settles it. */
  settleSecret?: string | undefined;
};

/** The messages that a native turn adds to its session. */
export type Conversation = {
  userMessage: string;
  assistantMessage: string;
  /** Where they belong if the database has lost the begin of the turn. */
  sessionId?: string | undefined;
};

/** How a turn ended. */
export type TurnEnd = TurnOutcome & {
  /** The mode that answered, if that was open at the start. */
  tier?: string | undefined;
  conversation?: Conversation | undefined;
};

/** One turn in the ledger. Only the first call of a method counts. */
export type LedgerTurn = {
  readonly requestId: string;
  /** When it began, wall clock, epoch milliseconds. */
  readonly startedAt: number;
  /** A tool was called for the turn. It is stored with the turn, however that ends, also if the process dies. */
  noteToolCall(call: ToolCallRecord): void;
  /**
   * Takes the finished turn; resolves when its row is stored. Never rejects: failures are tried again. It also
   * resolves if nothing more can be done in this process: the ledger was closed, or too many turns wait.
   */
  end(end: TurnEnd): Promise<void>;
  /** The turn was not begun after all, and nothing is written. */
  forget(): void;
  /** It is unknown whether the turn was begun in the database: if it was, it is closed as failed. */
  abandon(): void;
};

/** What has ended and is not in the database. */
export type LedgerGauges = {
  /** Turns that wait for the database. */
  waiting: number;
  /** Turns that the database has refused for good: they are kept for an operator. */
  parked: number;
  /** The age of the oldest of both, seconds; 0 without any. */
  oldestSeconds: number;
};

/**
 * Where all turns are written down, those of native chat and those of the OpenAI-compatible routes: noted
 * before a provider is called, stored once when they have ended.
 */
export type Ledger = {
  /** Notes the turn, so that it is known even if the process dies. Never throws. */
  begin(start: TurnStart): LedgerTurn;
  /** What has ended and is not in the database, at this moment and of this process. */
  gauges(): LedgerGauges;
  /** Stores what is waiting until that fails, and stops. */
  close(): Promise<void>;
};
