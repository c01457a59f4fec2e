import type { Tool, ToolChoice } from "#lib/chat/request.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/**
 * Throws `invalid_request` if the choice forces a tool that is not among the tools: the answer would come
 * without a call, for no apparent reason.
 * @param param the client's name of the field.
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
  const what =
    choice.type === "tool" ? `the tool "${choice.name.slice(0, 64)}", which is` : "only tools that are";
  throw new GatewayError("invalid_request", `\`${param}\` requires ${what} not in the list of tools.`, {
    details: { param },
  });
}

/** Tools that a provider runs itself may have a name as well. */
function nameOf(tool: Tool): unknown {
  return tool.type === "opaque" ? tool.value["name"] : tool.name;
}
