"use client";

import type { AgentStep, AgentView } from "#lib/browser/agent-view.ts";
import { agentStrings } from "../_strings/agent.ts";
import { AnswerText } from "../_ui/answer-text.tsx";
import { CopyButton } from "../_ui/copy-button.tsx";
import { FailureAlert } from "../_ui/failure-alert.tsx";
import { Icon } from "../_ui/icon.tsx";
import { Alert, Card } from "../_ui/surfaces.tsx";
import { usageInWords } from "../_ui/usage-words.ts";
import { StepCard } from "./step-card.tsx";

type RunProps = { view: AgentView; isRunning: boolean; retry: (() => void) | undefined };

/** A run as it happens: its steps, and what came of them. */
export function RunView({ view, isRunning, retry }: RunProps) {
  const { state, steps, notices, usage, failure } = view;
  return (
    <div className="space-y-6">
      <p role="status" className="sr-only">
        {announcementOf(view)}
      </p>
      {state === "planning" ? <Working text={agentStrings.states.planning} /> : null}
      {notices.map((notice) => (
        <Alert key={notice} tone="warn">
          {notice}
        </Alert>
      ))}
      {steps.length === 0 ? null : (
        <section>
          <div className="mb-3 flex flex-wrap items-baseline justify-between gap-2">
            <h2 className="text-lg font-semibold">{agentStrings.steps}</h2>
            <p className="text-sm text-muted tabular-nums">
              {agentStrings.progress(endedOf(steps).length, steps.length)}
            </p>
          </div>
          <ol className="space-y-3">
            {steps.map((step, index) => (
              <li key={step.index}>
                <StepCard step={step} number={index + 1} isShown={state === "working"} />
              </li>
            ))}
          </ol>
        </section>
      )}
      {state === "working" && steps.length > 0 && endedOf(steps).length === steps.length ? (
        <Working text={agentStrings.summing} />
      ) : null}
      {state === "stopped" ? <Alert tone="neutral">{agentStrings.stoppedText}</Alert> : null}
      <Summary view={view} />
      <FailureAlert title={agentStrings.failedTitle} failure={failure} retry={retry} />
      {usage === undefined || isRunning ? null : (
        <p className="text-xs text-muted tabular-nums">{usageInWords(usage)}</p>
      )}
    </div>
  );
}

function Summary({ view: { state, summary } }: { view: AgentView }) {
  if (summary === "") return null;
  return (
    <Card
      title={<span className="text-lg">{agentStrings.summary}</span>}
      actions={state === "done" ? <CopyButton text={summary} label={agentStrings.copySummary} /> : null}
    >
      <AnswerText text={summary} isGrowing={state === "summarising"} />
    </Card>
  );
}

function Working({ text }: { text: string }) {
  return (
    <p className="flex items-center gap-2 text-sm text-muted">
      <Icon name="refresh" size={16} className="animate-spin" />
      {text}
    </p>
  );
}

function endedOf(steps: readonly AgentStep[]): readonly AgentStep[] {
  return steps.filter(({ state }) => state !== "waiting" && state !== "running");
}

/** What screen readers are told: states, not words of the answer. */
function announcementOf({ state, steps }: AgentView): string {
  const ended = endedOf(steps);
  if (state !== "working" || ended.length === 0) return agentStrings.states[state];
  const failed = ended.find((step) => step.state === "failed");
  const progress = agentStrings.progress(ended.length, steps.length);
  if (failed === undefined) return progress;
  const number = steps.indexOf(failed) + 1;
  return `${progress}. ${agentStrings.stepEnded(number, failed.title, agentStrings.stepStates.failed)}`;
}
