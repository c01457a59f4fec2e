import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import type { Conversation, TurnEnd, TurnStart } from "#lib/services/ledger/ledger.ts";
import type { TurnOutcome, TurnStatus } from "#lib/services/ledger/turn-store.ts";

/** Whose turn it is; both null for a turn of an open deployment. Ids only: no token, no address. */
export type LedgerOwner = { userId: string | null; keyId: string | null };

/** A turn that has begun, as it may be written down anywhere. */
export type StartedRow = LedgerOwner & {
  requestId: string;
  tier: string;
  /** Wall clock, epoch milliseconds. */
  startedAt: number;
  /** Only a turn of native chat has one: `begin_turn` knows its digest. */
  settleSecret?: string | undefined;
};

/** A turn that has ended, as it is stored. */
export type LedgerRow = StartedRow & TurnOutcome & { conversation?: Conversation | undefined };

export function startedRow(
  { requestId, caller, tier, settleSecret }: TurnStart,
  startedAt: number,
): StartedRow {
  const row: StartedRow = { requestId, tier, startedAt, ...ownerOf(caller) };
  if (settleSecret !== undefined) row.settleSecret = settleSecret;
  return row;
}

export function ledgerRow(start: StartedRow, end: TurnEnd): LedgerRow {
  const { conversation } = end;
  // By name, so that nothing else a caller knows of the turn is written down.
  const row: LedgerRow = {
    ...start,
    tier: end.tier ?? start.tier,
    status: end.status,
    deliveredContent: end.deliveredContent,
    model: end.model,
    backend: end.backend,
    promptTokens: end.promptTokens,
    completionTokens: end.completionTokens,
    cachedTokens: end.cachedTokens,
    costUsd: end.costUsd,
    usageSource: end.usageSource,
    attempts: end.attempts,
  };
  // Of a turn that delivered nothing no message is kept.
  if (conversation !== undefined && end.deliveredContent) row.conversation = conversation;
  return row;
}

/** What is left of a turn whose process died: it was begun, and nobody knows how it went. */
export function interruptedRow(start: StartedRow): LedgerRow {
  return emptyRow(start, "interrupted");
}

/** A turn of which nothing is known but how it ended. */
export function emptyRow(start: StartedRow, status: TurnStatus): LedgerRow {
  return {
    ...start,
    status,
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

/** The row without what can be of any size or form. Undefined if there is nothing of that in it. */
export function rowWithoutContent(row: LedgerRow): LedgerRow | undefined {
  if (row.attempts.length === 0 && row.conversation === undefined) return undefined;
  const { conversation: _, ...rest } = row;
  return { ...rest, attempts: [] };
}

/** Nothing was billed and nothing was said, as far as anybody knows: nothing is lost with this row. */
export function isEmptyRow(row: LedgerRow): boolean {
  return !row.deliveredContent && row.attempts.length === 0 && !(row.costUsd !== null && row.costUsd > 0);
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
