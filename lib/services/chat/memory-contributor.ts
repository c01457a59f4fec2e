import { memoryText, type WishOutcome } from "#lib/memory/memory-text.ts";
import { memoryWish } from "#lib/memory/wish.ts";
import type { Contribution, Contributor, ContributorContext } from "#lib/services/chat/contributor.ts";
import type { Turn } from "#lib/services/chat/turn.ts";
import type { FindChanges } from "#lib/services/memory/find-changes.ts";
import { grantWish } from "#lib/services/memory/grant-wish.ts";
import type { Memories } from "#lib/services/memory/memories.ts";
import type { Logger } from "#lib/services/ports.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

const NAME = "memory";
const NONCE_BYTES = 8;
/** More than what a wish waits for, so that it ends with a reason of its own; milliseconds. */
const TIMEOUT_MS = 12_000;

export type MemoryContributorOptions = {
  memories: Memories;
  findChanges: FindChanges;
  /** A random hexadecimal string of this many bytes. */
  randomHex(bytes: number): string;
  logger: Pick<Logger, "error">;
};

/**
 * What is remembered of the user, beside the message. A message that asks in plain words to remember or to forget
 * waits until that is done, so that the answer can say what has become of it; no other message waits for anything.
 */
export function memoryContributor(options: MemoryContributorOptions): Contributor {
  return {
    name: NAME,
    timeoutMs: TIMEOUT_MS,
    wants: ({ input }) => input.memory !== false,
    run(turn, context) {
      const wish = memoryWish(turn.input.message);
      if (wish !== undefined) return granted(wish, turn, context, options);
      return beside(turn.begun.memories ?? [], undefined, options);
    },
  };
}

async function granted(
  wish: NonNullable<ReturnType<typeof memoryWish>>,
  { requestId, caller, input, begun }: Turn,
  { signal, emit, onAsked }: ContributorContext,
  options: MemoryContributorOptions,
): Promise<Contribution> {
  emit({ type: "tool", name: NAME, status: "running" });
  const query = { requestId, caller, message: input.message, signal, onAsked };
  try {
    const { outcome, facts } = await grantWish(wish, query, options);
    emit(endEvent(outcome));
    return beside(facts, outcome, options);
  } catch (error) {
    if (signal.aborted) throw error;
    const isKnown = error instanceof GatewayError;
    if (!isKnown) options.logger.error("A wish to remember or to forget has failed.", error, { requestId });
    const outcome: WishOutcome = {
      status: "failed",
      reason: isKnown ? error.message : "It failed on our side.",
    };
    emit(endEvent(outcome));
    return beside(begun.memories ?? [], outcome, options);
  }
}

function beside(
  facts: readonly string[],
  outcome: WishOutcome | undefined,
  { randomHex }: Pick<MemoryContributorOptions, "randomHex">,
): Contribution {
  if (facts.length === 0 && outcome === undefined) return {};
  const text = memoryText(facts, outcome, randomHex(NONCE_BYTES));
  return text === undefined ? {} : { beside: [{ type: "text", text }] };
}

/** What the client is told. */
function endEvent(outcome: WishOutcome): NativeEvent {
  switch (outcome.status) {
    case "done": {
      const { saved, forgotten, dropped } = outcome;
      const isDone = saved.length + forgotten.length > 0;
      const details = [
        saved.length === 0 ? [] : `${counted(saved)} remembered.`,
        forgotten.length === 0 ? [] : `${counted(forgotten)} forgotten.`,
        dropped.length === 0 ? [] : `There was no room for ${counted(dropped)}: delete some first.`,
      ].flat();
      return { type: "tool", name: NAME, status: isDone ? "done" : "failed", detail: details.join(" ") };
    }
    case "forgot_all":
      return { type: "tool", name: NAME, status: "done", detail: "All facts forgotten." };
    case "nothing":
      return { type: "tool", name: NAME, status: "done", detail: "Nothing was changed." };
    case "failed":
      return { type: "tool", name: NAME, status: "failed", detail: outcome.reason };
  }
}

function counted({ length }: readonly string[]): string {
  return length === 1 ? "1 fact" : `${length} facts`;
}
