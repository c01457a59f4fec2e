/** A call of a tool by the model, as a page shows it. */
export type ToolCall = {
  id: string;
  name: string;
  /** The MCP server that has the tool; undefined for one of the gateway's own. */
  server: string | undefined;
  state: ToolCallState;
  /** JSON text; it may be cut, except for a call that asks. */
  arguments: string | undefined;
  /** What the model was told. A stranger's text. */
  result: string | undefined;
  /** Where in the answer's text it was called, UTF-16 units. */
  offset: number;
};

export type ToolCallState =
  /** It waits for the user's consent. */
  | "asks"
  /** The user has decided; the gateway has not been told yet. */
  | "allowed"
  | "refused"
  /** The gateway was told that the user refuses. */
  | "declined"
  | "running"
  | "done"
  | "failed"
  /** The answer ended before it did. */
  | "stopped";

/** What the user says to a call that asks, as `POST /api/ai-chat` takes it. */
export type Decision = { id: string; plugin: string; tool: string; arguments: string; approve: boolean };

type ToolEvent = {
  name: string;
  status: string;
  id: string;
  plugin?: string | undefined;
  arguments?: string | undefined;
  result?: string | undefined;
};

/** After an event of a call: its beginning, or its end in the place of its beginning. */
export function withCall(calls: readonly ToolCall[], event: ToolEvent, offset: number): readonly ToolCall[] {
  const at = calls.findIndex(({ id }) => id === event.id);
  const known = calls[at];
  const call: ToolCall = {
    id: event.id,
    name: event.name,
    server: event.plugin ?? known?.server,
    // The gateway tells of a call that the user has declined as of one that failed.
    state: known?.state === "declined" ? "declined" : stateOf(event.status),
    arguments: known?.arguments ?? event.arguments,
    result: event.result ?? known?.result,
    offset: known?.offset ?? offset,
  };
  return known === undefined ? [...calls, call] : calls.with(at, call);
}

function stateOf(status: string): ToolCallState {
  if (status === "running") return "running";
  return status === "failed" ? "failed" : "done";
}

type ApprovalEvent = { id: string; plugin: string; tool: string; arguments: string };

/** After a call that needs the user's consent. */
export function withQuestion(
  calls: readonly ToolCall[],
  { id, plugin, tool, arguments: args }: ApprovalEvent,
  offset: number,
): readonly ToolCall[] {
  const call: ToolCall = {
    id,
    name: tool,
    server: plugin,
    state: "asks",
    arguments: args,
    result: undefined,
    offset,
  };
  return [...calls.filter((known) => known.id !== id), call];
}

/** After the user has decided about a call. */
export function withDecision(calls: readonly ToolCall[], id: string, approve: boolean): readonly ToolCall[] {
  const state = approve ? "allowed" : "refused";
  return calls.map((call) => (call.id === id && call.state === "asks" ? { ...call, state } : call));
}

/** What the gateway has not been told yet; undefined while a call still asks, or when there is nothing to tell. */
export function decisionsOf(calls: readonly ToolCall[]): readonly Decision[] | undefined {
  if (calls.some(({ state }) => state === "asks")) return undefined;
  const decisions = calls.flatMap((call): Decision[] => {
    if (call.state !== "allowed" && call.state !== "refused") return [];
    const { id, name, server = "", arguments: args = "{}", state } = call;
    return [{ id, plugin: server, tool: name, arguments: args, approve: state === "allowed" }];
  });
  return decisions.length === 0 ? undefined : decisions;
}

/** The gateway is being told what the user has decided. */
export function afterDecisions(calls: readonly ToolCall[]): readonly ToolCall[] {
  return calls.map((call) => {
    if (call.state === "allowed") return { ...call, state: "running" };
    return call.state === "refused" ? { ...call, state: "declined" } : call;
  });
}

/** The answer has ended: nothing is running any more. */
export function ended(calls: readonly ToolCall[]): readonly ToolCall[] {
  if (!calls.some(({ state }) => state === "running")) return calls;
  return calls.map((call) => (call.state === "running" ? { ...call, state: "stopped" } : call));
}
