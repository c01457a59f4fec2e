import { arrayField, field, stringField } from "#lib/shared/json.ts";

/** A long task that works elsewhere (Manus), as `GET /api/v1/manus` lists it. */
export type TaskView = {
  id: string;
  title: string;
  status: TaskStatus;
  /** Where it is shown by whoever works on it. */
  url: string | undefined;
  error: string | undefined;
  /** ISO 8601. */
  createdAt: string;
};

export type TaskStatus = "pending" | "running" | "waiting" | "completed" | "failed" | "stopped";

/** A task with what it has made: `GET /api/v1/manus/tasks/{id}`. */
export type TaskResult = { output: string | undefined; artifacts: readonly { name: string; url: string }[] };

const STATUSES: readonly string[] = ["pending", "running", "waiting", "completed", "failed", "stopped"];

export function readTasks(answer: unknown): TaskView[] {
  return arrayField(answer, "tasks").map((task) => {
    const status = stringField(task, "status") ?? "";
    return {
      id: stringField(task, "id") ?? "",
      title: stringField(task, "title") ?? "",
      status: STATUSES.includes(status) ? (status as TaskStatus) : "running",
      url: stringField(task, "url"),
      error: stringField(task, "error"),
      createdAt: stringField(task, "createdAt") ?? "",
    };
  });
}

export function readTaskResult(answer: unknown): TaskResult {
  const artifacts = arrayField(answer, "artifacts").flatMap((artifact) => {
    const url = stringField(artifact, "url");
    return url === undefined ? [] : [{ name: stringField(artifact, "name") ?? url, url }];
  });
  const output = field(answer, "output");
  return { output: typeof output === "string" && output !== "" ? output : undefined, artifacts };
}
