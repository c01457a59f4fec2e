import { randomBytes, randomUUID } from "node:crypto";
import { createSupabaseLedgerStore } from "#lib/adapters/supabase/ledger-store.ts";
import { createSupabaseTurnStore, type SupabaseTurnStoreOptions } from "#lib/adapters/supabase/turn-store.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { Conversation, TurnEnd, TurnStart } from "#lib/services/ledger/ledger.ts";
import type { LedgerRow, StartedRow } from "#lib/services/ledger/ledger-row.ts";
import * as rows from "#lib/services/ledger/ledger-row.ts";
import type { BeginTurn, ToolCallRecord, TurnOutcome, TurnStore } from "#lib/services/ledger/turn-store.ts";
import { type ErrorCode, GatewayError } from "#lib/shared/errors.ts";

/** A turn to begin, valid as it stands. */
export function aTurn(caller: Caller, changes: Partial<BeginTurn> = {}): BeginTurn {
  return {
    requestId: randomUUID(),
    settleSecret: randomBytes(32).toString("base64url"),
    caller,
    mode: changes.tier ?? "smart",
    tier: "smart",
    dailyLimit: 100,
    sessionId: undefined,
    title: "A conversation",
    ...changes,
  };
}

/** What became of a turn: completed, delivered, one attempt. */
function anOutcome(): TurnOutcome {
  return {
    status: "completed",
    deliveredContent: true,
    model: "llama-3.3-70b-versatile",
    backend: "groq",
    promptTokens: 11,
    completionTokens: 7,
    cachedTokens: 3,
    costUsd: 0.00012,
    usageSource: "exact",
    attempts: [
      {
        modelId: "llama-3.3-70b-versatile",
        backend: "groq",
        keyIndex: 0,
        status: "ok",
        latencyMs: 123.4,
        tokensOut: 7,
        meta: { attempt: 1 },
      },
    ],
  };
}

/** A call of a live tool, as the ledger stores it. */
export function aToolCall(changes: Partial<ToolCallRecord> = {}): ToolCallRecord {
  return {
    backend: "Frankfurter",
    status: "ok",
    latencyMs: 45,
    meta: { call: 1, tool: "rates" },
    ...changes,
  };
}

/** The row of that turn at its end: completed, delivered, one attempt. */
export function settled(
  turn: BeginTurn,
  changes: Partial<TurnOutcome & Conversation & { settleSecret: string }> = {},
): LedgerRow {
  const {
    userMessage = "question",
    assistantMessage = "answer",
    sessionId,
    settleSecret,
    ...outcome
  } = changes;
  const start = rows.startedRow(
    { ...turn, ...(settleSecret === undefined ? {} : { settleSecret }) },
    Date.now(),
  );
  return rows.ledgerRow(start, {
    ...anOutcome(),
    ...outcome,
    conversation: { userMessage, assistantMessage, sessionId },
  });
}

export type BothStores = TurnStore & {
  /** Stores one row; what the database refuses is thrown. */
  settle(row: LedgerRow): Promise<void>;
};

/** Where turns begin, and where they end. */
export function turnStores(options: SupabaseTurnStoreOptions): BothStores {
  const ledger = createSupabaseLedgerStore({ clients: options.clients });
  return {
    ...createSupabaseTurnStore(options),
    async settle(row) {
      const [refused] = await ledger.record([row]);
      if (refused === undefined) return;
      const code: ErrorCode = refused.code === "rejected" ? "internal_error" : refused.code;
      throw new GatewayError(code, refused.reason);
    },
  };
}

/** A whole turn for the ledger, its start and its end. */
export type LedgerEntry = TurnStart & TurnEnd & { startedAt: number; tier: string };

export function startedRow({ startedAt, ...start }: LedgerEntry): StartedRow {
  return rows.startedRow(start, startedAt);
}

export function ledgerRow(entry: LedgerEntry): LedgerRow {
  return rows.ledgerRow(startedRow(entry), entry);
}

/** A finished turn for the ledger, of nobody in particular, valid as it stands. */
export function aLedgerEntry(changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    requestId: randomUUID(),
    caller: { kind: "open" },
    tier: "smart",
    startedAt: Date.now(),
    ...anOutcome(),
    ...changes,
  };
}
