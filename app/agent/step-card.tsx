"use client";

import { memo, useState } from "react";
import type { AgentStep } from "#lib/browser/agent-view.ts";
import { partsOf } from "#lib/browser/answer-parts.ts";
import { agentStrings } from "../_strings/agent.ts";
import { toolsStrings } from "../_strings/tools.ts";
import { AnswerText } from "../_ui/answer-text.tsx";
import { classes } from "../_ui/classes.ts";
import { Icon, type IconName } from "../_ui/icon.tsx";
import { ToolCallView } from "../_ui/tool-call.tsx";

type StepState = AgentStep["state"];

type CardProps = {
  step: AgentStep;
  /** From 1. */
  number: number;
  /** Its text is open, unless the reader has folded it; when the summary comes, it makes room. */
  isShown: boolean;
};

/** One step: its title, how far it is, the tools that it called, and what it has found out. */
export const StepCard = memo(function StepCard({ step, number, isShown }: CardProps) {
  const { title, state, text, calls, error } = step;
  const [chosen, setChosen] = useState<boolean>();
  const hasBody = text !== "" || calls.length > 0 || error !== undefined;
  const isOpen = hasBody && (chosen ?? (isShown || state === "failed"));
  const head = (
    <>
      <StepIcon state={state} />
      <span className="min-w-0 grow wrap-anywhere">
        <span className="text-muted tabular-nums">{number}. </span>
        <span className="font-medium">{title}</span>
      </span>
      <span className="mt-0.5 shrink-0 text-sm text-muted">{agentStrings.stepStates[state]}</span>
    </>
  );
  const line = "flex w-full items-start gap-2.5 px-4 py-3 text-left";
  return (
    <div className="min-w-0 rounded-xl border border-line bg-raised">
      {hasBody ? (
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setChosen(!isOpen)}
          className={`${line} rounded-xl hover:bg-panel`}
        >
          {head}
          <Icon name="chevron-down" className={classes("mt-0.5 text-muted", isOpen && "rotate-180")} />
        </button>
      ) : (
        <div className={line}>{head}</div>
      )}
      {isOpen ? <StepBody step={step} /> : null}
    </div>
  );
});

function StepBody({ step }: { step: AgentStep }) {
  const parts = partsOf(step);
  return (
    <div className="space-y-3 border-t border-line px-4 py-4">
      {parts.map((part, index) =>
        part.kind === "text" ? (
          <AnswerText
            key={`text ${part.offset}`}
            text={part.text}
            isGrowing={step.state === "running" && index === parts.length - 1}
            headingBase={4}
          />
        ) : (
          <ul key={`calls ${part.offset}`} aria-label={toolsStrings.calls} className="space-y-2">
            {part.calls.map((call) => (
              <li key={call.id}>
                <ToolCallView call={call} />
              </li>
            ))}
          </ul>
        ),
      )}
      {step.error === undefined ? null : (
        <p className="text-sm">
          <span className="font-medium text-bad">{agentStrings.stepFailed}</span>{" "}
          <span className="wrap-anywhere text-muted">{step.error}</span>
        </p>
      )}
    </div>
  );
}

const ICONS: Readonly<Record<StepState, { name: IconName; className: string }>> = {
  waiting: { name: "clock", className: "text-muted" },
  running: { name: "refresh", className: "animate-spin text-accent" },
  done: { name: "check", className: "text-good" },
  failed: { name: "warning", className: "text-bad" },
  stopped: { name: "stop", className: "text-muted" },
};

function StepIcon({ state }: { state: StepState }) {
  const { name, className } = ICONS[state];
  return <Icon name={name} className={classes("mt-0.5", className)} />;
}
