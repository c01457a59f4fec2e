import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import type { TurnEnd, TurnStart } from "#lib/services/ledger/ledger.ts";
import type { AttemptRecord, TurnOutcome, TurnStatus } from "#lib/services/ledger/turn-store.ts";

/** What may be told of an attempt: how it went, never why in a provider's words. */
export type EndedAttempt = Pick<
  AttemptRecord,
  "modelId" | "backend" | "keyIndex" | "status" | "latencyMs" | "startedMs" | "firstTokenMs" | "usage"
>;

/**
 * A turn that has ended, as metrics, traces and the log tell of it: ids and numbers. There is no room in it for a
 * message, a key or an address.
 */
export type EndedTurn = Pick<
  TurnOutcome,
  "promptTokens" | "completionTokens" | "cachedTokens" | "costUsd" | "usageSource" | "model" | "backend"
> & {
  requestId: string;
  /** The path of the route that was called; undefined for a turn of the gateway's own. */
  route: string | undefined;
  callerKind: ProxyCaller["kind"];
  /** The mode that answered, or `named`. */
  mode: string;
  /** `refused`: the turn was not begun, because of a quota, an unknown session or a crowd. */
  status: TurnStatus | "refused";
  /** Wall clock, epoch milliseconds. */
  startedAt: number;
  endedAt: number;
  attempts: readonly EndedAttempt[];
};

/** Is told of every turn once, when it has ended, however it ended. */
export type TurnObserver = (turn: EndedTurn) => void;

type Times = Pick<EndedTurn, "startedAt" | "endedAt">;

export function endedTurn(start: TurnStart, end: TurnEnd, times: Times): EndedTurn {
  const { status, model, backend, promptTokens, completionTokens, cachedTokens, costUsd, usageSource } = end;
  return {
    ...identityOf(start, times),
    ...{ status, model, backend, promptTokens, completionTokens, cachedTokens, costUsd, usageSource },
    mode: end.tier ?? start.tier,
    attempts: end.attempts,
  };
}

/** A turn of which nothing is known but that it is over. */
export function emptyTurn(start: TurnStart, status: "refused" | "failed", times: Times): EndedTurn {
  return {
    ...identityOf(start, times),
    status,
    mode: start.tier,
    ...{ model: null, backend: null, promptTokens: 0, completionTokens: 0, cachedTokens: 0 },
    // Nothing was called.
    costUsd: 0,
    usageSource: "exact",
    attempts: [],
  };
}

function identityOf({ requestId, route, caller }: TurnStart, times: Times) {
  return { requestId, route, callerKind: caller.kind, ...times };
}
