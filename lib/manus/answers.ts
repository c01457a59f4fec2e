import { z } from "zod";
import type { Artifact, TaskNews, TaskStatus } from "#lib/manus/task.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { arrayField, field, stringField } from "#lib/shared/json.ts";
import { truncate } from "#lib/shared/text.ts";

/** What is kept, as the database bounds it. */
const MAX_OUTPUT = 200_000;
export const MAX_TITLE = 200;
const MAX_URL = 2_000;
const MAX_ERROR = 1_000;
const MAX_ARTIFACTS = 50;

/** The words for a state, in both versions of the API. What is not among them says nothing. */
const STATUSES: Readonly<Record<string, TaskStatus>> = {
  created: "pending",
  pending: "pending",
  queued: "pending",
  running: "running",
  in_progress: "running",
  waiting: "waiting",
  ask: "waiting",
  stopped: "completed",
  finish: "completed",
  finished: "completed",
  completed: "completed",
  error: "failed",
  failed: "failed",
};

export function taskStatus(word: string | undefined): TaskStatus | undefined {
  return word !== undefined && Object.hasOwn(STATUSES, word) ? STATUSES[word] : undefined;
}

/** A new task, as `task.create` answers; undefined if the answer names none. */
export function createdTask(answer: unknown): Pick<TaskNews, "manusId" | "title" | "url"> | undefined {
  const manusId = stringField(answer, "task_id");
  if (manusId === undefined || manusId === "" || manusId.length > 200) return undefined;
  return { manusId, title: titleIn(answer, "task_title"), url: webAddress(field(answer, "task_url")) };
}

/**
 * The state of a task, by `task.detail` and by `task.listMessages`, whose newest message comes first. Undefined if
 * neither says it.
 */
export function taskState(manusId: string, detail: unknown, list: unknown): TaskNews | undefined {
  const task = field(detail, "task") ?? detail;
  const messages = arrayField(list, "messages");
  const update = messages.find((message) => field(message, "status_update") !== undefined);
  const status =
    taskStatus(stringField(field(update, "status_update"), "agent_status")) ??
    taskStatus(stringField(task, "status"));
  if (status === undefined) return undefined;
  const answer = newestAnswer(messages);
  const failure = messages.find((message) => field(message, "error_message") !== undefined);
  const error = stringField(field(failure, "error_message"), "content");
  return {
    manusId,
    status,
    title: titleIn(task, "title"),
    url: webAddress(field(task, "task_url")),
    ...(answer.length === 0
      ? {}
      : { output: outputText(answer.map((message) => stringField(message, "content") ?? "").join("\n\n")) }),
    artifacts: artifactsIn(answer.flatMap((message) => arrayField(message, "attachments"))),
    error: status === "failed" ? truncate(error ?? "The task failed.", MAX_ERROR) : undefined,
  };
}

/** What Manus has said since the user's last message, the oldest first. */
function newestAnswer(messages: readonly unknown[]): unknown[] {
  const asked = messages.findIndex((message) => field(message, "user_message") !== undefined);
  const since = asked === -1 ? messages : messages.slice(0, asked);
  return since.flatMap((message) => field(message, "assistant_message") ?? []).reverse();
}

const artifactSchema = z
  .object({
    filename: z.string().optional(),
    file_name: z.string().optional(),
    name: z.string().optional(),
    url: z.string(),
    content_type: z.string().optional(),
    size_bytes: z.number().int().nonnegative().optional(),
  })
  .transform(({ filename, file_name, name, url, content_type, size_bytes }): Artifact | undefined => {
    const address = webAddress(url);
    if (address === undefined) return undefined;
    return {
      name: oneLine(filename ?? file_name ?? name ?? "") || "file",
      url: address,
      type: content_type === undefined ? undefined : oneLine(content_type),
      bytes: size_bytes,
    };
  });

/** The files of a list; one without an address of the web is left out. */
export function artifactsIn(list: readonly unknown[]): Artifact[] {
  return list
    .slice(0, MAX_ARTIFACTS)
    .flatMap((item) => artifactSchema.safeParse(typeof item === "string" ? { url: item } : item).data ?? []);
}

/** A title in one line; undefined if there is none. */
export function titleIn(value: unknown, name: string): string | undefined {
  return oneLine(stringField(value, name) ?? "") || undefined;
}

/** The text of a task as it is stored. It is somebody else's: data, for whoever reads it. */
export function outputText(text: string): string {
  return truncate(stripInvisible(text).trim(), MAX_OUTPUT);
}

export function webAddress(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > MAX_URL) return undefined;
  return /^https?:\/\/[^\s<>"]+$/i.test(value) && URL.canParse(value) ? value : undefined;
}

function oneLine(text: string): string {
  return truncate(stripInvisible(text.slice(0, 1_000)).replace(/\s+/g, " ").trim(), MAX_TITLE);
}
