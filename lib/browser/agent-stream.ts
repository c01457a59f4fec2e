import { type StreamOptions, streamEvents } from "#lib/browser/event-stream.ts";
import { isJsonObject, parseJson } from "#lib/shared/json.ts";
import type { AgentEvent } from "#lib/streaming/agent-events.ts";

/** The body of `POST /api/v1/agent`: docs/AGENT.md. */
export type AgentRequest = {
  goal: string;
  /** MCP servers whose tools the workers may call, by their ids. */
  mcp?: readonly string[];
};

/** Begins a run, and yields its events as they come: `streamEvents` says how it ends. */
export function streamAgent(
  request: AgentRequest,
  options: StreamOptions,
): AsyncGenerator<readonly AgentEvent[]> {
  return streamEvents("/api/v1/agent", request, options, readAgentEvent);
}

function readAgentEvent(data: string): AgentEvent | undefined {
  const event = parseJson(data);
  return isJsonObject(event) && typeof event["type"] === "string" ? (event as AgentEvent) : undefined;
}
