"use client";

import { useEffect, useRef, useState } from "react";
import { runAgent } from "#lib/browser/agent-run.ts";
import type { AgentRequest } from "#lib/browser/agent-stream.ts";
import type { AgentView } from "#lib/browser/agent-view.ts";

export type AgentRun = {
  /** Undefined before the first run. */
  view: AgentView | undefined;
  isRunning: boolean;
  start: (request: AgentRequest) => void;
  stop: () => void;
};

/** The run that the page shows: one at a time, and none after the page has been left. */
export function useAgentRun(): AgentRun {
  const [view, setView] = useState<AgentView>();
  const current = useRef<AbortController>(undefined);
  useEffect(() => () => current.current?.abort(), []);
  const start = (request: AgentRequest): void => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    const show = (next: AgentView): void => {
      if (current.current === controller) setView(next);
    };
    const nextFrame = (callback: () => void): void => void requestAnimationFrame(callback);
    void runAgent(request, { signal: controller.signal }, show, nextFrame);
  };
  const isRunning = view?.state === "planning" || view?.state === "working" || view?.state === "summarising";
  return { view, isRunning, start, stop: () => current.current?.abort() };
}
