import { abortError } from "#lib/providers/failures/run-errors.ts";
import { buildRequest } from "#lib/services/chat/build-request.ts";
import type { Contribution, Contributor } from "#lib/services/chat/contributor.ts";
import { EventQueue } from "#lib/services/chat/event-queue.ts";
import type { PreparedTurn, Turn } from "#lib/services/chat/turn.ts";
import type { QuestionRecord } from "#lib/services/ledger/run-outcome.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import { linkAbort } from "#lib/shared/abort.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

export type PrepareContext = {
  contributors: readonly Contributor[];
  /** Aborts when the client disconnects. */
  signal: AbortSignal;
  clock: Clock;
  logger: Logger;
  logFields: LogFields;
  /** Bills what contributors asked of engines to the turn. */
  onAsked(question: QuestionRecord): void;
  /** Records a call of a tool with the turn. */
  onToolCall(call: ToolCallRecord): void;
};

const NOTHING: Contribution = {};

/**
 * Runs all contributors that want the turn, in parallel, and yields their events. Contributions keep the order
 * of their rows, whichever is done first. Throws if the client has disconnected, and what a required contributor
 * throws.
 */
export async function* prepare(
  turn: Turn,
  context: PrepareContext,
): AsyncGenerator<readonly NativeEvent[], PreparedTurn> {
  const events = new EventQueue<NativeEvent>();
  const asked = context.contributors.map((contributor) => contribute(contributor, turn, events, context));
  // The prompt returns without a promise, so most turns wait for nothing.
  if (asked.some((contribution) => contribution instanceof Promise)) {
    void Promise.allSettled(asked).then(() => events.close());
    const onAbort = (): void => events.close();
    context.signal.addEventListener("abort", onAbort, { once: true });
    for (let batch = await events.next(); batch !== undefined; batch = await events.next()) yield batch;
    context.signal.removeEventListener("abort", onAbort);
  } else {
    const told = events.take();
    if (told.length > 0) yield told;
  }
  if (context.signal.aborted) throw abortError(context.signal);
  const contributions = await Promise.all(asked);
  const engines = contributions.find((one) => one.engines !== undefined)?.engines;
  const decision = engines === undefined ? turn.decision : { ...turn.decision, engines };
  const offered = contributions.flatMap(({ tools = [] }) => tools);
  return {
    ...turn,
    decision,
    request: buildRequest(turn, contributions),
    offered,
    onToolCall: context.onToolCall,
  };
}

/**
 * What one contributor adds; nothing, when it does not want the turn, fails or takes too long. Throws, or rejects,
 * only if it is required.
 */
function contribute(
  contributor: Contributor,
  turn: Turn,
  events: EventQueue<NativeEvent>,
  context: PrepareContext,
): Contribution | Promise<Contribution> {
  const { controller, unlink } = linkAbort(context.signal);
  const isOver = (): boolean => controller.signal.aborted;
  const failed = (error: unknown): Contribution => {
    unlink();
    // A contributor may reject with an error of its own after its timeout.
    const { reason: ended } = controller.signal;
    const cause = ended instanceof ContributorTimeout ? ended : error;
    if (contributor.isRequired === true) throw cause;
    if (!context.signal.aborted) reportFailure(contributor, cause, events, context);
    return NOTHING;
  };
  try {
    if (!contributor.wants(turn)) {
      unlink();
      return NOTHING;
    }
    const contribution = contributor.run(turn, {
      signal: controller.signal,
      // Events after the timeout are dropped.
      emit: (event) => {
        if (!isOver()) events.push(event);
      },
      onAsked: context.onAsked,
      onToolCall: context.onToolCall,
    });
    if (!(contribution instanceof Promise)) {
      unlink();
      return contribution;
    }
    const timer = context.clock.after(contributor.timeoutMs, () =>
      controller.abort(new ContributorTimeout()),
    );
    return Promise.race([contribution, rejectOnAbort(controller.signal)])
      .catch(failed)
      .finally(() => {
        timer.cancel();
        unlink();
      });
  } catch (error) {
    return failed(error);
  }
}

/** Logs the failure, and sends it to the client as a `tool` event. */
function reportFailure(
  { name }: Contributor,
  cause: unknown,
  events: EventQueue<NativeEvent>,
  { logger, logFields }: PrepareContext,
): void {
  logger.warn("A contributor failed; the turn goes on without it.", {
    ...logFields,
    contributor: name,
    reason: cause instanceof Error ? cause.message : String(cause),
  });
  // Only the operator sees what went wrong inside of it.
  const detail = cause instanceof ContributorTimeout ? { detail: cause.message } : {};
  events.push({ type: "tool", name, status: "failed", ...detail });
}

/** Lets a turn go on although a contributor ignores its signal. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

class ContributorTimeout extends GatewayError {
  override readonly name = "ContributorTimeout";

  constructor() {
    super("internal_error", "It did not answer in time.");
  }
}
