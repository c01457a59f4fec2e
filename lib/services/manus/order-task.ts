import { costsNothing } from "#lib/services/admission/cost-estimate.ts";
import { mayUseMode } from "#lib/services/admission/key-admission.ts";
import type { RateLimit } from "#lib/services/admission/rate-limit.ts";
import { type Caller, NAMED_MODE } from "#lib/services/identity/caller.ts";
import { type ManusDependencies, usableApi } from "#lib/services/manus/manus-dependencies.ts";
import type { Task } from "#lib/services/manus/task-store.ts";
import { continueTask, createTask } from "#lib/services/manus/tasks.ts";
import type { WaitUntil } from "#lib/services/ports.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** With `taskId`, a task of before goes on. */
export type TaskOrder = { prompt: string; taskId: string | undefined };

export type OrderContext = {
  requestId: string;
  caller: Caller;
  waitUntil: WaitUntil;
  /** Takes what is left of the caller's requests. */
  onRateLimit?: ((limit: RateLimit) => void) | undefined;
};

/**
 * A client's order of a task. Throws `forbidden` and `rate_limited` (gateway key), `not_configured`, `not_found`, and
 * what the API of Manus throws.
 */
export async function orderTask(
  { prompt, taskId }: TaskOrder,
  { requestId, caller, waitUntil, onRateLimit }: OrderContext,
  dependencies: ManusDependencies,
): Promise<Task> {
  if (!mayUseMode(caller, NAMED_MODE)) {
    throw new GatewayError(
      "forbidden",
      "This gateway key is limited to modes and may not give tasks to Manus.",
    );
  }
  usableApi(dependencies);
  const { admission } = dependencies;
  await admission.admit(caller, { requestId, maxCostUsd: costsNothing, onRateLimit });
  try {
    return taskId === undefined
      ? await createTask({ userId: caller.userId, prompt }, dependencies)
      : await continueTask(caller, { id: taskId, prompt }, dependencies);
  } finally {
    waitUntil(admission.release(requestId));
  }
}
