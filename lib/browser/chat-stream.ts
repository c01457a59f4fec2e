import { type StreamOptions, streamEvents } from "#lib/browser/event-stream.ts";
import { type BrowserEvent, readEvent } from "#lib/browser/events.ts";
import type { Decision } from "#lib/browser/tool-calls.ts";

/** The body of `POST /api/ai-chat`, as far as pages use it: docs/HOW-IT-WORKS.md. */
export type ChatRequest = {
  /** Empty when an answer goes on after `approvals`. */
  message: string;
  /** A mode, or `auto`. */
  model: string;
  sessionId?: string;
  /** Files that were uploaded before. */
  files?: readonly { id: string }[];
  /** MCP servers whose tools the model may call, by their ids. */
  mcp?: readonly string[];
  /** What the user has said to calls that an answer asked about. */
  approvals?: readonly Decision[];
};

/** Asks, and yields the events of the answer as they come: `streamEvents` says how it ends. */
export function streamChat(
  request: ChatRequest,
  options: StreamOptions,
): AsyncGenerator<readonly BrowserEvent[]> {
  return streamEvents("/api/ai-chat", request, options, readEvent);
}
