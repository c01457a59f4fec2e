import { saidIn } from "#lib/memory/prompt.ts";
import { secretIn } from "#lib/memory/secrets.ts";
import { tellsFact } from "#lib/memory/tells-fact.ts";
import { memoryWish } from "#lib/memory/wish.ts";
import type { FollowUp } from "#lib/services/chat/follow-up.ts";
import type { FindChanges } from "#lib/services/memory/find-changes.ts";
import type { Memories } from "#lib/services/memory/memories.ts";
import type { Logger } from "#lib/services/ports.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type MemoryFollowUpOptions = {
  memories: Memories;
  findChanges: FindChanges;
  logger: Pick<Logger, "info">;
};

/**
 * Finds what to remember of a message that may tell something of its user. A wish in plain words has been fulfilled
 * before the answer, by the contributor.
 */
export function memoryFollowUp({ memories, findChanges, logger }: MemoryFollowUpOptions): FollowUp {
  return {
    name: "memory",
    plan({ requestId, caller, input: { message, memory } }) {
      if (memory === false || memoryWish(message) !== undefined || !tellsFact(message)) return undefined;
      // What else it tells is not worth sending a secret to one more engine.
      if (secretIn(saidIn(message)) !== undefined) return undefined;
      return async () => {
        try {
          const since = memories.deletionsOf(caller);
          const known = await memories.list(caller);
          const { signal } = new AbortController();
          const changes = await findChanges({ requestId, caller, message, known, wish: undefined, signal });
          if (changes === undefined)
            return logger.info("A model found no facts in a readable form.", { requestId });
          await memories.apply(caller, changes, { known, since, isWish: false });
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
          logger.info("A message was not searched for facts.", {
            requestId,
            code: error.code,
            reason: error.message,
          });
        }
      };
    },
  };
}
