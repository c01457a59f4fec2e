import { randomBytes, randomUUID } from "node:crypto";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { BeginTurn, SettleTurn, TurnOutcome } from "#lib/services/ledger/turn-store.ts";
import type { LedgerEntry } from "#lib/services/ledger/usage-ledger.ts";

/** A turn to begin, valid as it stands. */
export function aTurn(caller: Caller, changes: Partial<BeginTurn> = {}): BeginTurn {
  return {
    requestId: randomUUID(),
    settleSecret: randomBytes(32).toString("base64url"),
    caller,
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

/** The settling of that turn: completed, delivered, one attempt. */
export function settled(turn: BeginTurn, changes: Partial<SettleTurn> = {}): SettleTurn {
  return {
    requestId: turn.requestId,
    settleSecret: turn.settleSecret,
    caller: turn.caller,
    ...anOutcome(),
    userMessage: "question",
    assistantMessage: "answer",
    ...changes,
  };
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
