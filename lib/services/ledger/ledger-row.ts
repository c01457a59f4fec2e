import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import type { LedgerEntry, LedgerStart } from "#lib/services/ledger/usage-ledger.ts";

/** Whose turn it is; both null for a turn of an open deployment. Ids only: no token, no address. */
export type LedgerOwner = { userId: string | null; keyId: string | null };

/** A turn that has begun, as it may be written down anywhere. */
export type StartedRow = Omit<LedgerStart, "caller"> & LedgerOwner;

/** A turn that has ended, as it is stored. */
export type LedgerRow = Omit<LedgerEntry, "caller"> & LedgerOwner;

export function startedRow({ requestId, caller, tier, startedAt }: LedgerStart): StartedRow {
  return { requestId, tier, startedAt, ...ownerOf(caller) };
}

export function ledgerRow({ caller, ...entry }: LedgerEntry): LedgerRow {
  return { ...entry, ...ownerOf(caller) };
}

/** What is left of a turn whose process died: it was begun, and nobody knows how it went. */
export function interruptedRow(start: StartedRow): LedgerRow {
  return {
    ...start,
    status: "interrupted",
    deliveredContent: false,
    model: null,
    backend: null,
    promptTokens: 0,
    completionTokens: 0,
    cachedTokens: 0,
    costUsd: null,
    usageSource: "estimated",
    attempts: [],
  };
}

function ownerOf(caller: ProxyCaller): LedgerOwner {
  switch (caller.kind) {
    case "open":
      return { userId: null, keyId: null };
    case "user":
      return { userId: caller.userId, keyId: null };
    case "key":
      return { userId: caller.userId, keyId: caller.keyId };
  }
}
