import { artifactsIn, outputText, taskStatus, titleIn, webAddress } from "#lib/manus/answers.ts";
import type { TaskNews } from "#lib/manus/task.ts";
import { arrayField, field, isJsonObject, stringField } from "#lib/shared/json.ts";

/** What the body of a webhook of API v2 says about a task; undefined if it says nothing, as the first test does. */
export function webhookNews(body: unknown): TaskNews | undefined {
  const progress = field(body, "progress_detail");
  const detail = field(body, "task_detail") ?? progress;
  const manusId = stringField(detail, "task_id");
  if (manusId === undefined) return undefined;
  const known = { manusId, title: titleIn(detail, "task_title"), url: webAddress(field(detail, "task_url")) };
  switch (stringField(body, "event_type")) {
    case "task_created":
      return { ...known, status: "pending" };
    case "task_progress":
      return { ...known, status: "running" };
    case "task_stopped": {
      const status = taskStatus(stringField(detail, "stop_reason")) ?? "completed";
      const message = stringField(detail, "message");
      return {
        ...known,
        status,
        output: message === undefined ? undefined : outputText(message),
        artifacts: artifactsIn(arrayField(detail, "attachments")),
        error: status === "failed" ? "The task failed." : undefined,
      };
    }
    default:
      return undefined;
  }
}

/** The same for the older form, `{id, status, output?, artifacts?}`. */
export function olderWebhookNews(body: unknown): TaskNews | undefined {
  const manusId = stringField(body, "id");
  const status = taskStatus(stringField(body, "status"));
  if (manusId === undefined || status === undefined) return undefined;
  const output = field(body, "output");
  const text =
    typeof output === "string" ? output : isJsonObject(output) ? JSON.stringify(output) : undefined;
  const artifacts = field(body, "artifacts");
  return {
    manusId,
    status,
    output: text === undefined ? undefined : outputText(text),
    artifacts: Array.isArray(artifacts) ? artifactsIn(artifacts) : undefined,
    error: status === "failed" ? "The task failed." : undefined,
  };
}
