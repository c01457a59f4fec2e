/** `waiting`: Manus has asked something, which the user has to answer. */
export const TASK_STATUSES = ["pending", "running", "waiting", "completed", "failed", "stopped"] as const;

export type TaskStatus = (typeof TASK_STATUSES)[number];

/** A file that a task has made. Its address is data: the gateway never opens it. */
export type Artifact = { name: string; url: string; type?: string | undefined; bytes?: number | undefined };

/** What is said about a task: by Manus when it is asked, or by one of its webhooks. */
export type TaskNews = {
  /** The task's id at Manus. */
  manusId: string;
  status: TaskStatus;
  title?: string | undefined;
  /** Where Manus shows the task. */
  url?: string | undefined;
  output?: string | undefined;
  artifacts?: readonly Artifact[] | undefined;
  error?: string | undefined;
};

/** Whether nothing more comes by itself. */
export function hasEnded(status: TaskStatus): boolean {
  switch (status) {
    case "pending":
    case "running":
    case "waiting":
      return false;
    case "completed":
    case "failed":
    case "stopped":
      return true;
  }
}
