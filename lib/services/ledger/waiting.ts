import type { LedgerGauges } from "#lib/services/ledger/ledger.ts";

/** How many turns wait somewhere, and since when the oldest one does, epoch milliseconds. */
export type Waiting = { readonly turns: number; readonly since: number | undefined };

export const NONE_WAITING: Waiting = { turns: 0, since: undefined };

export function waitingOf(times: readonly number[]): Waiting {
  // Not by spreading: there may be more of them than a call takes arguments.
  const since = times.reduce<number | undefined>((least, time) => Math.min(least ?? time, time), undefined);
  return { turns: times.length, since };
}

/** @param now wall clock, epoch milliseconds; it may have been set back. */
export function gaugesOf(now: number, waiting: readonly Waiting[], parked: Waiting): LedgerGauges {
  const { since = now } = waitingOf([...waiting, parked].flatMap(({ since }) => since ?? []));
  return {
    waiting: waiting.reduce((sum, { turns }) => sum + turns, 0),
    parked: parked.turns,
    oldestSeconds: Math.max(now - since, 0) / 1_000,
  };
}
