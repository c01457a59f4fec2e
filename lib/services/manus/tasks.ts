import { MAX_TITLE } from "#lib/manus/answers.ts";
import { hasEnded } from "#lib/manus/task.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { type ManusDependencies, usableApi } from "#lib/services/manus/manus-dependencies.ts";
import type { Task, TaskSummary } from "#lib/services/manus/task-store.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { publicReason } from "#lib/shared/redact.ts";
import { truncate } from "#lib/shared/text.ts";

/** Manus is asked again if it was last asked this long ago, milliseconds. */
const FRESH_MS = 5_000;

export type TaskRequest = {
  userId: string;
  prompt: string;
  /** The conversation that asks for it, if any. */
  sessionId?: string | undefined;
};

type TaskDependencies = Pick<ManusDependencies, "api" | "store" | "clock" | "logger">;

/**
 * Gives a task to Manus and stores it. What was begun is not given up when the client leaves: the task would run on,
 * known to nobody. Throws `not_configured`, and what the API throws.
 */
export async function createTask(request: TaskRequest, dependencies: TaskDependencies): Promise<Task> {
  const { userId, prompt, sessionId } = request;
  const api = usableApi(dependencies);
  const { manusId, title, url } = await api.create(prompt);
  try {
    const known = { title: title ?? truncate(prompt.replace(/\s+/g, " ").trim(), MAX_TITLE), url };
    return await dependencies.store.add({ userId, manusId, sessionId, prompt, ...known });
  } catch (error) {
    await api.stop(manusId).catch((failure: unknown) => {
      dependencies.logger.error("A task of Manus runs that could not be stored.", failure, { manusId });
    });
    throw error;
  }
}

/** Sends one more message to a task: the answer to what it has asked, or another wish. Throws `not_found`. */
export async function continueTask(
  caller: Caller,
  { id, prompt }: { id: string; prompt: string },
  dependencies: TaskDependencies,
): Promise<Task> {
  const api = usableApi(dependencies);
  const task = await dependencies.store.find(caller, id);
  if (task === undefined) throw noSuchTask();
  const from = dependencies.clock.wallNow();
  await api.send(task.manusId, prompt);
  const continued = await dependencies.store.continue(caller.userId, id, from);
  if (continued === undefined) throw noSuchTask();
  return continued;
}

/** The caller's task; Manus is asked how it is, unless it has ended or was asked just now. Throws `not_found`. */
export async function getTask(
  caller: Caller,
  id: string | undefined,
  dependencies: TaskDependencies,
): Promise<Task> {
  const task = id === undefined ? undefined : await dependencies.store.find(caller, id);
  if (task === undefined) throw noSuchTask();
  return refreshed(task, dependencies);
}

/** If Manus does not answer, the task is as it was last known. */
async function refreshed(task: Task, { api, store, clock, logger }: TaskDependencies): Promise<Task> {
  const at = clock.wallNow();
  const isFresh = at - Date.parse(task.checkedAt) < FRESH_MS;
  if (api === undefined || hasEnded(task.status) || isFresh) return task;
  try {
    return (await store.apply({ ...(await api.state(task.manusId)), at })) ?? task;
  } catch (error) {
    const reason = publicReason(error instanceof Error ? error.message : String(error));
    logger.warn("The state of a task of Manus could not be refreshed.", { task: task.id, reason });
    return task;
  }
}

/** A place in the list: behind the task that was made at this time and has this id. */
export type TaskPlace = Pick<TaskSummary, "createdAt" | "id">;

/** The caller's tasks, the newest first, as they were last known. */
export async function listTasks(
  caller: Caller,
  { limit, after }: { limit: number; after: TaskPlace | undefined },
  { store }: Pick<ManusDependencies, "store">,
): Promise<{ tasks: TaskSummary[]; next: TaskPlace | undefined }> {
  const all = (await store.list(caller)).sort((a, b) => (isBehind(a, b) ? 1 : -1));
  const rest = after === undefined ? all : all.filter((task) => isBehind(task, after));
  const tasks = rest.slice(0, limit);
  return { tasks, next: rest.length > limit ? tasks.at(-1) : undefined };
}

/** Whether the task comes later in a list whose newest is first. */
function isBehind(task: TaskPlace, place: TaskPlace): boolean {
  return task.createdAt === place.createdAt ? task.id < place.id : task.createdAt < place.createdAt;
}

/**
 * Stops a task, unless it has ended, and forgets it. What Manus keeps of it stays in the operator's account. Throws
 * `not_found`, and what the API throws: a task that may still run stays known.
 */
export async function removeTask(caller: Caller, id: string, dependencies: TaskDependencies): Promise<void> {
  const { store } = dependencies;
  store.assertWritable();
  const task = await store.find(caller, id);
  if (task === undefined) throw noSuchTask();
  if (!hasEnded(task.status)) await usableApi(dependencies).stop(task.manusId);
  if (!(await store.remove(caller.userId, id))) throw noSuchTask();
}

function noSuchTask(): GatewayError {
  return new GatewayError("not_found", "You have no such task.");
}
