import type { AttemptView } from "#lib/browser/admin/requests.ts";

/** Where an attempt lies on the time line of its request, in percent of the whole. */
export type TimelineBar = {
  attempt: AttemptView;
  startMs: number;
  left: number;
  width: number;
  /** Where its first content came; null without one. */
  firstToken: number | null;
};

/** The narrowest bar that can be seen, percent. */
const MIN_WIDTH = 0.6;

/**
 * Attempts in the order in which they were made, each as a bar. One that does not say when it began (from before
 * the ledger kept it) begins where the one before it ended.
 */
export function timelineOf(attempts: readonly AttemptView[]): { totalMs: number; bars: TimelineBar[] } {
  let end = 0;
  const placed = attempts.map((attempt) => {
    const startMs = attempt.startedMs ?? end;
    end = startMs + attempt.latencyMs;
    return { attempt, startMs, endMs: end };
  });
  const totalMs = Math.max(1, ...placed.map(({ endMs }) => endMs));
  const share = (ms: number): number => Math.min(100, (ms / totalMs) * 100);
  const bars = placed.map(({ attempt, startMs, endMs }) => {
    const width = Math.max(MIN_WIDTH, share(endMs) - share(startMs));
    const { firstTokenMs } = attempt;
    return {
      ...{ attempt, startMs, width },
      left: Math.min(share(startMs), 100 - width),
      firstToken: firstTokenMs === null ? null : share(startMs + firstTokenMs),
    };
  });
  return { totalMs, bars };
}
