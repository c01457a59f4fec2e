import type { RunRecord } from "#lib/providers/chat/run.ts";
import { abortError } from "#lib/providers/failures/run-errors.ts";
import type { PreparedTurn } from "#lib/services/chat/turn.ts";
import type { TrackableRun } from "#lib/services/run/tracked-run.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

/** An answer under way: its events for the client, and the record that the ledger is written from. */
export type Answering = TrackableRun<readonly NativeEvent[], RunRecord>;

/**
 * Something that can answer a turn: the engines, later plugins, image generation, long tasks. Answerers are
 * tried in the order of their rows, and the first one that takes the turn answers it.
 */
export type Answerer = {
  /** The name in logs. */
  name: string;
  /**
   * Undefined to let the next one try. Rejects if the turn must fail. Must end soon after `signal` aborts: the
   * turn is recorded only then, with what the answer has cost so far.
   */
  answer(turn: PreparedTurn, signal: AbortSignal): Answering | undefined | Promise<Answering | undefined>;
};

/** The answer of the first one that takes the turn. */
export async function findAnswerer(
  prepared: PreparedTurn,
  signal: AbortSignal,
  answerers: readonly Answerer[],
): Promise<Answering> {
  for (const answerer of answerers) {
    // An answerer may spend money as soon as it is asked.
    if (signal.aborted) throw abortError(signal);
    const answering = await answerer.answer(prepared, signal);
    if (answering !== undefined) return answering;
  }
  throw new GatewayError("internal_error", "No answerer took the turn.");
}
