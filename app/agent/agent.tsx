"use client";

import { useRef, useState } from "react";
import { agentStrings } from "../_strings/agent.ts";
import { tasksStrings } from "../_strings/tasks.ts";
import { LinkButton } from "../_ui/button.tsx";
import { Icon } from "../_ui/icon.tsx";
import { useMcpServers } from "../_ui/use-mcp-servers.ts";
import { GoalForm } from "./goal-form.tsx";
import { RunView } from "./run-view.tsx";
import { useAgentRun } from "./use-agent-run.ts";

/** A goal, and the run that works on it. */
export function Agent() {
  const [goal, setGoal] = useState("");
  const [mcp, setMcp] = useState<readonly string[]>([]);
  const servers = useMcpServers();
  const { view, isRunning, start, stop } = useAgentRun();
  const result = useRef<HTMLElement>(null);
  // The button that was pressed is gone, and the focus with it.
  const toResult = (): void => result.current?.focus({ preventScroll: true });
  const run = (): void => {
    start({ goal: goal.trim(), ...(mcp.length === 0 ? {} : { mcp }) });
    toResult();
  };
  const end = (): void => {
    stop();
    toResult();
  };
  return (
    <div className="space-y-8">
      <GoalForm {...{ goal, setGoal, isRunning, run, stop: end, servers, mcp, setMcp }} />
      <section ref={result} tabIndex={-1} aria-label={agentStrings.result} className="outline-none">
        {view === undefined ? (
          <Examples choose={setGoal} />
        ) : (
          <RunView view={view} isRunning={isRunning} retry={isRunning ? undefined : run} />
        )}
      </section>
    </div>
  );
}

function Examples({ choose }: { choose: (goal: string) => void }) {
  return (
    <div>
      <h2 className="text-sm font-medium text-muted">{agentStrings.examplesTitle}</h2>
      <ul className="mt-3 grid gap-2 sm:grid-cols-3">
        {agentStrings.examples.map((example) => (
          <li key={example} className="flex">
            <button
              type="button"
              onClick={() => choose(example)}
              className="flex w-full items-start justify-between gap-2 rounded-xl border border-line bg-raised p-3 text-left text-sm hover:border-strong-line hover:bg-panel"
            >
              {example}
              <Icon name="chevron-right" size={16} className="mt-0.5 text-muted" />
            </button>
          </li>
        ))}
      </ul>
      <LinkButton href="/tasks" icon="clock" variant="ghost" size="sm" className="mt-6">
        {tasksStrings.link}
      </LinkButton>
    </div>
  );
}
