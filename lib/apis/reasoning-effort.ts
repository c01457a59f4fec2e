import type { ReasoningEffort } from "#lib/chat/request.ts";

/** The effort that corresponds to a thinking budget in tokens. */
export function effortOfBudget(tokens: number | undefined): ReasoningEffort | undefined {
  if (tokens === undefined) return undefined;
  if (tokens === 0) return "none";
  if (tokens <= 2_048) return "low";
  return tokens <= 8_192 ? "medium" : "high";
}
