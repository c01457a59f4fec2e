import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import type { TurnOutcome } from "#lib/services/ledger/turn-store.ts";

/** A turn about to be asked of a provider. */
export type TurnStart = {
  /** Identity of the turn (UUID); what makes writing it twice harmless. */
  requestId: string;
  caller: ProxyCaller;
  /** The mode, or `named` where the client named engines. */
  tier: string;
  /** Of a turn of native chat, which `begin_turn` begins in the database: the secret that settles it. */
  settleSecret?: string | undefined;
};

/** What the session of a native turn keeps. */
export type Conversation = { userMessage: string; assistantMessage: string };

/** How a turn ended. */
export type TurnEnd = TurnOutcome & {
  /** By which the answer came about, if that was open at the start. */
  tier?: string | undefined;
  conversation?: Conversation | undefined;
};

/** One turn in the ledger. What is called first of its methods holds; later calls change nothing. */
export type LedgerTurn = {
  readonly requestId: string;
  /**
   * Takes the finished turn; resolves when its row is stored. Never rejects: what fails is tried again. It also
   * resolves when nothing more can be done here: the ledger was closed, or too many turns wait.
   */
  end(end: TurnEnd): Promise<void>;
  /** Nothing was begun after all, and nothing will be written. */
  forget(): void;
  /** Nobody knows whether the turn was begun in the database: if it was, it is closed as failed. */
  abandon(): void;
};

/**
 * Where all turns are written down, those of native chat and those of the OpenAI-compatible routes: noted
 * before a provider is asked, stored once when they have ended.
 */
export type Ledger = {
  /** Notes the turn, so that it is known even if the process dies. Never throws. */
  begin(start: TurnStart): LedgerTurn;
  /** Writes what is waiting, for as long as the database lets it, and stops. */
  close(): Promise<void>;
};
