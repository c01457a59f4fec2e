import type { Tool, ToolChoice } from "#lib/chat/request.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/**
 * Refuses a choice that makes the model call a tool which is not among the tools: it would be answered
 * without a call, and nobody would know why. `param` is the client's word for the choice.
 */
export function assertForcedTool(
  choice: ToolChoice | undefined,
  tools: readonly Tool[],
  param = "tool_choice",
): void {
  if (typeof choice !== "object" || (choice.type === "allowed" && !choice.required)) return;
  const known = new Set(tools.map(nameOf));
  const forced = choice.type === "tool" ? [choice.name] : choice.names;
  if (forced.some((name) => known.has(name))) return;
  const what = choice.type === "tool" ? `a tool, "${choice.name.slice(0, 64)}",` : "only tools";
  throw new GatewayError(
    "invalid_request",
    `\`${param}\` asks for ${what} not to be found among the tools.`,
    {
      details: { param },
    },
  );
}

/** Tools that a provider runs itself may have a name as well. */
function nameOf(tool: Tool): unknown {
  return tool.type === "opaque" ? tool.value["name"] : tool.name;
}
