import { type CacheBreakpoint, type ChatMessage, type ChatRequest, messageParts } from "#lib/chat/request.ts";

/** Whether the client itself set a cache breakpoint. */
export function hasCacheBreakpoint({ messages, tools = [] }: ChatRequest): boolean {
  return (
    tools.some((tool) => tool.type === "function" && isClients(tool.cacheBreakpoint)) ||
    messages.some(isBreakpointMessage)
  );
}

/** Whether the client set a cache breakpoint in this message. */
export function isBreakpointMessage(message: ChatMessage): boolean {
  if (message.role === "tool" && isClients(message.cacheBreakpoint)) return true;
  return messageParts(message).some((part) => "cacheBreakpoint" in part && isClients(part.cacheBreakpoint));
}

function isClients(breakpoint: CacheBreakpoint | undefined): boolean {
  return breakpoint !== undefined && breakpoint !== "ours";
}
