import type { Artifact, TaskNews, TaskStatus } from "#lib/manus/task.ts";
import type { Caller } from "#lib/services/identity/caller.ts";

/** A task as a list shows it. Times are ISO 8601. */
export type TaskSummary = {
  /** The gateway's own id, a UUID. */
  id: string;
  title: string;
  url: string | undefined;
  status: TaskStatus;
  error: string | undefined;
  sessionId: string | undefined;
  createdAt: string;
  updatedAt: string;
};

export type Task = TaskSummary & {
  manusId: string;
  prompt: string;
  output: string | undefined;
  artifacts: readonly Artifact[];
  /** When Manus was last asked for the state. */
  checkedAt: string;
};

export type NewTask = {
  userId: string;
  manusId: string;
  sessionId: string | undefined;
  prompt: string;
  title: string;
  url: string | undefined;
};

/** News of a task, as it is to be stored. */
export type DatedNews = TaskNews & {
  /** Of when it is, milliseconds since the epoch; undefined if nobody knows. */
  at: number | undefined;
  /** Of the delivery that it came with; undefined if Manus was asked. */
  bodyHash?: string;
};

/** Where tasks are kept. Everything but reading needs the service role. */
export type TaskStore = {
  /** Throws `not_configured`, naming the variable, if tasks cannot be written. */
  assertWritable(): void;
  /** The owner's tasks, the newest first; there are so few that these are all. */
  list(owner: Caller): Promise<TaskSummary[]>;
  find(owner: Caller, id: string): Promise<Task | undefined>;
  add(task: NewTask): Promise<Task>;
  /** The task as it is then, whether or not the news had an effect; undefined if there is none. */
  apply(news: DatedNews): Promise<Task | undefined>;
  /** Another message has been sent to the task at this time. */
  continue(userId: string, id: string, from: number): Promise<Task | undefined>;
  /** Whether the user had the task. */
  remove(userId: string, id: string): Promise<boolean>;
};
