/** The events of `POST /api/v1/agent`, as pages use them: docs/AGENT.md. */
export type AgentEvent =
  /** A step of the plan. */
  | { type: "step"; index: number; title: string }
  /** A piece of a step's text; `index` is null for the summary. */
  | { type: "token"; index: number | null; text: string }
  | AgentToolEvent
  | { type: "step_done"; index: number; output: string; error?: { code: string; message: string } }
  | {
      type: "usage";
      promptTokens?: number;
      completionTokens?: number;
      cachedTokens?: number;
      /** Absent if a call was billed at an unknown price. */
      costUsd?: number;
    }
  | { type: "done"; summary: string }
  | { type: "error"; message: string; code: string; retryAfter?: number };

/** A call of a tool in a step: as the native stream's, with the step's index. */
export type AgentToolEvent = {
  type: "tool";
  index: number;
  name: string;
  status: string;
  id?: string;
  plugin?: string;
  arguments?: string;
  result?: string;
};
