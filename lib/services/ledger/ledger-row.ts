import { stripInvisible } from "#lib/prompts/sanitize.ts";
import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import type { Conversation, TurnEnd, TurnStart } from "#lib/services/ledger/ledger.ts";
import type { ToolCallRecord, TurnOutcome, TurnStatus } from "#lib/services/ledger/turn-store.ts";

/** Whose turn it is; both null for an anonymous caller. Ids only: no token, no address. */
export type LedgerOwner = { userId: string | null; keyId: string | null };

/** A turn that has begun, without anything that must not be written to disk. */
export type StartedRow = LedgerOwner & {
  requestId: string;
  tier: string;
  /** Wall clock, epoch milliseconds. */
  startedAt: number;
  /** The path of the route that was called; absent for a turn of the gateway's own. */
  route?: string | undefined;
  /** Only a turn of native chat has one: `begin_turn` knows its digest. */
  settleSecret?: string | undefined;
  /** Calls of tools so far; absent if there was none. */
  toolCalls?: readonly ToolCallRecord[] | undefined;
};

/** A turn that has ended, as it is stored. */
export type LedgerRow = StartedRow & TurnOutcome & { conversation?: Conversation | undefined };

export function startedRow(
  { requestId, caller, tier, route, settleSecret }: TurnStart,
  startedAt: number,
): StartedRow {
  const row: StartedRow = { requestId, tier, startedAt, ...ownerOf(caller) };
  if (route !== undefined) row.route = route;
  if (settleSecret !== undefined) row.settleSecret = settleSecret;
  return row;
}

export function ledgerRow(start: StartedRow, end: TurnEnd): LedgerRow {
  const { conversation } = end;
  // Field by field, so that nothing else that a caller passes is written down.
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
    servedTokens: end.servedTokens,
    billableTokens: end.billableTokens,
    attempts: end.attempts,
  };
  // No message is kept of a turn that delivered nothing.
  if (conversation !== undefined && end.deliveredContent) row.conversation = readable(conversation);
  return row;
}

/** As people see it: what is saved is shown again, and sent to engines with every later message. */
function readable({ userMessage, assistantMessage, sessionId }: Conversation): Conversation {
  const conversation: Conversation = {
    userMessage: stripInvisible(userMessage),
    assistantMessage: stripInvisible(assistantMessage),
  };
  // Where they belong if Postgres has lost the turn's begin.
  if (sessionId !== undefined) conversation.sessionId = sessionId;
  return conversation;
}

/** The row of a turn whose process died: it was begun, and its outcome is unknown. */
export function interruptedRow(start: StartedRow): LedgerRow {
  return emptyRow(start, "interrupted");
}

/** A turn of which only the status is known. */
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

/** The row without its messages, attempts and tool calls. Undefined if it has none of them. */
export function rowWithoutContent(row: LedgerRow): LedgerRow | undefined {
  const { conversation, toolCalls, ...rest } = row;
  if (row.attempts.length === 0 && conversation === undefined && toolCalls === undefined) return undefined;
  return { ...rest, attempts: [] };
}

/** As far as is known, nothing was billed or delivered: nothing is lost with this row. */
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
