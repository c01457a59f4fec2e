import type { AgentState, AgentStep } from "#lib/browser/agent-view.ts";

/** Words of /agent. */
export const agentStrings = {
  title: "Agent",
  lead: "Give it a goal. A model plans up to five steps, others work on them side by side, and the results become one answer. Each call fails over like any other.",
  howItWorks: "How it works",
  goal: "Goal",
  placeholder: "What should be found out or worked out?",
  hint: "Ctrl and Enter run it. A run ends when you leave this page, and is not saved.",
  run: "Run",
  stop: "Stop",
  examplesTitle: "For example",
  examples: [
    "Compare three open-source vector databases for 10 million documents: speed, licence, operation.",
    "Plan a three-day trip to Lisbon by train, with the weather and a budget in euros and dollars.",
    "List what a small team must do to make a public website accessible, the cheapest things first.",
  ],
  states: {
    planning: "Planning the steps…",
    working: "The steps are being worked on.",
    summarising: "The summary is being written.",
    done: "The run is complete.",
    failed: "The run failed.",
    stopped: "Stopped.",
  } satisfies Readonly<Record<AgentState, string>>,
  steps: "Steps",
  stepStates: {
    waiting: "waiting",
    running: "working…",
    done: "done",
    failed: "failed",
    stopped: "stopped",
  } satisfies Readonly<Record<AgentStep["state"], string>>,
  stepFailed: "This step failed, and the others went on.",
  stepEnded: (number: number, title: string, state: string): string => `Step ${number}, ${title}: ${state}`,
  progress: (ended: number, all: number): string => `${ended} of ${all} steps have ended`,
  summing: "Putting the results together…",
  result: "The run",
  summary: "Summary",
  copySummary: "Copy the summary",
  failedTitle: "The run failed",
  stoppedText: "You stopped this run. What had come until then is here.",
} as const;
