import type { ToolCallState } from "#lib/browser/tool-calls.ts";

/** Words about calls of tools, in the chat and on the agent's page. */
export const toolsStrings = {
  names: {
    web_search: "Web search",
    exchange_rates: "Exchange rates",
    weather: "Weather",
    container_tracking: "Container tracking",
    news: "News",
  } as Readonly<Record<string, string>>,
  states: {
    asks: "waits for you",
    allowed: "allowed",
    refused: "not allowed",
    declined: "not allowed",
    running: "running…",
    done: "done",
    failed: "failed",
    stopped: "stopped",
  } satisfies Readonly<Record<ToolCallState, string>>,
  calls: "Calls of tools",
  arguments: "Arguments",
  noArguments: "It is called without arguments.",
  result: "What came back",
  mcp: {
    choose: "MCP servers",
    none: "Choose MCP servers, whose tools the model may call",
    chosen: (names: string): string => `The model may call tools of ${names}`,
  },
} as const;
