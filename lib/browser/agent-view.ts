import { ended, type ToolCall, withCall } from "#lib/browser/tool-calls.ts";
import type { Failure, Usage } from "#lib/browser/turn-view.ts";
import type { AgentEvent } from "#lib/streaming/agent-events.ts";

/** What a page shows of an agent's run, built up event by event. */
export type AgentView = {
  state: AgentState;
  steps: readonly AgentStep[];
  /** What was asked for and is not there. */
  notices: readonly string[];
  /** What came of it all, as it is written. */
  summary: string;
  /** Of the whole run. */
  usage: Usage | undefined;
  failure: Failure | undefined;
};

export type AgentState = "planning" | "working" | "summarising" | "done" | "failed" | "stopped";

export type AgentStep = {
  index: number;
  title: string;
  state: "waiting" | "running" | "done" | "failed" | "stopped";
  text: string;
  calls: readonly ToolCall[];
  /** Why it failed. */
  error: string | undefined;
};

export const NEW_RUN: AgentView = {
  state: "planning",
  steps: [],
  notices: [],
  summary: "",
  usage: undefined,
  failure: undefined,
};

/** What the page shows after these events. */
export function withAgentEvents(view: AgentView, events: readonly AgentEvent[]): AgentView {
  return events.reduce(withEvent, view);
}

function withEvent(view: AgentView, event: AgentEvent): AgentView {
  switch (event.type) {
    case "notice":
      return { ...view, notices: [...view.notices, event.message] };
    case "step":
      return { ...view, state: "working", steps: withStep(view.steps, event.index, event.title) };
    case "token":
      if (event.index === null) return { ...view, state: "summarising", summary: view.summary + event.text };
      return change(view, event.index, (step) => ({
        ...{ ...step, state: "running", text: step.text + event.text },
      }));
    case "tool":
      return change(view, event.index, (step) => ({
        ...{ ...step, state: "running", calls: withCall(step.calls, event, step.text.length) },
      }));
    case "step_done":
      return change(view, event.index, (step) => finished(step, event));
    case "usage": {
      const { promptTokens, completionTokens, cachedTokens, costUsd } = event;
      return { ...view, usage: { promptTokens, completionTokens, cachedTokens, costUsd } };
    }
    case "done":
      return { ...view, state: "done", summary: event.summary };
    case "error":
      return failedRun(view, { retryAfter: undefined, requestId: undefined, ...event });
    default:
      // A newer gateway may send types that this page does not know.
      return view;
  }
}

/** A step that is planned; its title is told again when it changes. */
function withStep(steps: readonly AgentStep[], index: number, title: string): readonly AgentStep[] {
  const at = steps.findIndex((step) => step.index === index);
  const known = steps[at];
  if (known !== undefined) return steps.with(at, { ...known, title });
  const step: AgentStep = { index, title, state: "waiting", text: "", calls: [], error: undefined };
  return [...steps, step].sort((one, other) => one.index - other.index);
}

function change(view: AgentView, index: number, to: (step: AgentStep) => AgentStep): AgentView {
  const at = view.steps.findIndex((step) => step.index === index);
  const step = view.steps[at];
  return step === undefined ? view : { ...view, steps: view.steps.with(at, to(step)) };
}

type StepDone = Extract<AgentEvent, { type: "step_done" }>;

function finished(step: AgentStep, { output, error }: StepDone): AgentStep {
  const calls = ended(step.calls);
  if (error !== undefined) return { ...step, calls, state: "failed", error: error.message };
  // What has been shown as it was written stays, with its calls where they were made.
  if (step.text.includes(output.trim())) return { ...step, calls, state: "done" };
  return { ...step, state: "done", text: output, calls: calls.map((call) => ({ ...call, offset: 0 })) };
}

/** The run ended without success; what came of it stays. */
export function failedRun(view: AgentView, { code, message, retryAfter, requestId }: Failure): AgentView {
  return { ...halted(view), state: "failed", failure: { code, message, retryAfter, requestId } };
}

/** The reader stopped it. */
export function stoppedRun(view: AgentView): AgentView {
  return { ...halted(view), state: "stopped" };
}

function halted(view: AgentView): AgentView {
  const steps = view.steps.map((step): AgentStep => {
    if (step.state !== "waiting" && step.state !== "running") return step;
    return { ...step, state: "stopped", calls: ended(step.calls) };
  });
  return { ...view, steps };
}
