import { field } from "#lib/shared/json.ts";

/**
 * How many tools a body calls: one, none, or several in a batch (which revisions of the protocol before 2025-06-18
 * have).
 */
export function countToolCalls(body: unknown): number {
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body];
  return messages.filter((message) => field(message, "method") === "tools/call").length;
}
