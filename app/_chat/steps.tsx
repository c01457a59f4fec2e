"use client";

import type { Step, TurnView } from "#lib/browser/turn-view.ts";
import { chatStrings } from "../_strings/chat.ts";
import { duration } from "../_ui/format.ts";
import { Icon } from "../_ui/icon.tsx";
import { Badge } from "../_ui/surfaces.tsx";

type StepsProps = { view: TurnView; isRunning: boolean };

/** Which engines were asked, as it happens: who failed, how and after how long, and who answers. */
export function Steps({ view: { steps, route, state, calls }, isRunning }: StepsProps) {
  const isCalling = calls.some((call) => call.state === "running");
  return (
    <div className="space-y-1.5 text-sm">
      {route === undefined ? null : (
        <p className="flex flex-wrap items-center gap-2 text-muted">
          <Badge tone="accent">{chatStrings.route(route.label)}</Badge>
          {route.reason === undefined ? null : (chatStrings.routeReasons[route.reason] ?? route.reason)}
        </p>
      )}
      {steps.length === 0 ? null : (
        <ol aria-label={chatStrings.steps} className="space-y-1">
          {steps.map((step, index) => (
            <StepRow key={index} step={step} />
          ))}
        </ol>
      )}
      {isRunning && !isCalling && (state === "waiting" || steps.at(-1)?.kind === "attempt") ? (
        <p className="flex items-center gap-2 text-muted">
          <Icon name="refresh" size={14} className="animate-spin" />
          {state === "waiting" ? chatStrings.states.waiting : chatStrings.findingNext}
        </p>
      ) : null}
    </div>
  );
}

function StepRow({ step }: { step: Step }) {
  if (step.kind === "answer") {
    return (
      <li className="flex items-center gap-2 text-muted">
        <Icon name={step.continues ? "bolt" : "check"} size={14} className="text-good" />
        <span className="min-w-0 wrap-anywhere">
          {step.continues ? chatStrings.continues(step.label) : chatStrings.answers(step.label)}
        </span>
      </li>
    );
  }
  return (
    <li className="flex items-center gap-2 text-muted">
      <Icon name="close" size={14} className="text-bad" />
      <span className="min-w-0 grow wrap-anywhere">
        <span className="font-mono text-xs text-text">{step.engine}</span> {outcomeOf(step)}
      </span>
      {step.latencyMs === undefined ? null : (
        <span className="shrink-0 text-xs tabular-nums">{duration(step.latencyMs)}</span>
      )}
    </li>
  );
}

function outcomeOf({ outcome, midAnswer }: Extract<Step, { kind: "attempt" }>): string {
  if (midAnswer) return chatStrings.midAnswer;
  return chatStrings.outcomes[outcome] ?? chatStrings.otherOutcome(outcome);
}
