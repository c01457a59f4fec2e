import type { TaskStatus } from "#lib/browser/tasks.ts";

/** Words of /tasks. */
export const tasksStrings = {
  title: "Tasks",
  lead: "Long research that Manus works on for you: minutes, not seconds. It goes on when you leave this page.",
  link: "Longer research: tasks of Manus",
  howItWorks: "How it works",
  emptyTitle: "No task yet",
  emptyText:
    "A message of the chat that asks for long research can become one, where the operator has allowed that.",
  offTitle: "Manus is not set up",
  offText: "An operator sets MANUS_API_KEY; then tasks appear here.",
  statuses: {
    pending: "begins",
    running: "works",
    waiting: "asks you something",
    completed: "done",
    failed: "failed",
    stopped: "stopped",
  } satisfies Readonly<Record<TaskStatus, string>>,
  begun: (ago: string): string => `Given ${ago}`,
  open: "Open at Manus",
  showResult: (title: string): string => `Show what came of “${title}”`,
  result: "What came of it",
  noResult: "Nothing yet.",
  files: "Files",
  remove: (title: string): string => `Stop and remove “${title}”`,
  removeTitle: "Stop and remove this task?",
  removeText: "What has come of it goes with it. What Manus keeps stays in the operator’s account there.",
  removeAction: "Stop and remove",
} as const;
