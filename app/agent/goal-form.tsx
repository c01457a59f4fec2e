"use client";

import { type FormEvent, type KeyboardEvent, useRef } from "react";
import type { McpServerView } from "#lib/browser/mcp-servers.ts";
import { agentStrings } from "../_strings/agent.ts";
import { Button } from "../_ui/button.tsx";
import { TextArea } from "../_ui/field.tsx";
import { McpMenu } from "../_ui/mcp-menu.tsx";

/** `goal` of the contract. */
const MIN_LENGTH = 3;
const MAX_LENGTH = 2_000;

type FormProps = {
  goal: string;
  setGoal: (goal: string) => void;
  isRunning: boolean;
  run: () => void;
  stop: () => void;
  servers: readonly McpServerView[];
  mcp: readonly string[];
  setMcp: (ids: readonly string[]) => void;
};

/** The goal, and the buttons that begin and end a run. */
export function GoalForm({ goal, setGoal, isRunning, run, stop, servers, mcp, setMcp }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const canRun = !isRunning && goal.trim().length >= MIN_LENGTH;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (canRun) run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.current?.requestSubmit();
  };
  return (
    <form ref={form} onSubmit={submit} className="space-y-3">
      <TextArea
        label={agentStrings.goal}
        hint={agentStrings.hint}
        placeholder={agentStrings.placeholder}
        maxLength={MAX_LENGTH}
        rows={3}
        value={goal}
        onChange={(event) => setGoal(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="flex items-center justify-end gap-2">
        <McpMenu servers={servers} chosen={mcp} choose={setMcp} />
        {isRunning ? (
          <Button key="stop" icon="stop" onClick={stop}>
            {agentStrings.stop}
          </Button>
        ) : (
          <Button key="run" type="submit" variant="primary" icon="bolt" disabled={!canRun}>
            {agentStrings.run}
          </Button>
        )}
      </div>
    </form>
  );
}
