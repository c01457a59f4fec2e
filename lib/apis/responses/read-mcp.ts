import { otherFields } from "#lib/apis/fields.ts";
import { type McpFilterBody, type McpToolBody, mcpTool } from "#lib/apis/responses/mcp-schema.ts";
import type { ResponsesBody, ToolBody } from "#lib/apis/responses/schema.ts";
import type { McpConsent, McpServerRequest, McpToolFilter } from "#lib/plugins/mcp-request.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const READ_FIELDS: ReadonlySet<string> = new Set(Object.keys(mcpTool.shape));
/** Ways to a server that only OpenAI has. */
const OPENAIS_OWN = ["connector_id", "tunnel_id"] as const;

/**
 * The MCP servers among the tools. What would change how the gateway calls a server (`headers`, `authorization`) is
 * left out and added to `dropped`.
 *
 * @param own the list of tools in the body, in which clients look for a mistake.
 */
export function readMcpServers(
  tools: readonly ToolBody[],
  own: ResponsesBody["tools"],
  dropped: Set<string>,
): McpServerRequest[] {
  return tools.flatMap((tool) => {
    if (tool.type !== "mcp") return [];
    const index = own?.indexOf(tool) ?? -1;
    const path = index < 0 ? "input" : `tools[${index}]`;
    const elsewhere = OPENAIS_OWN.find((field) => tool[field] != null);
    if (elsewhere !== undefined) {
      throw new GatewayError(
        "invalid_request",
        `\`${path}.${elsewhere}\` belongs to OpenAI. Name one of the gateway's own MCP servers in \`server_label\`.`,
        { details: { param: `${path}.${elsewhere}` } },
      );
    }
    for (const field of Object.keys(otherFields(tool, READ_FIELDS))) dropped.add(`tools.mcp.${field}`);
    return [
      {
        label: tool.server_label,
        url: tool.server_url ?? undefined,
        allowed: allowedTools(tool.allowed_tools),
        consent: consentOf(tool.require_approval),
        path,
      },
    ];
  });
}

function allowedTools(allowed: McpToolBody["allowed_tools"]): McpToolFilter | undefined {
  return Array.isArray(allowed) ? { names: allowed, readOnly: undefined } : filterOf(allowed);
}

/** As in OpenAI's API, the client is asked about every call unless it says otherwise. */
function consentOf(approval: McpToolBody["require_approval"]): McpConsent {
  if (approval === null || approval === undefined) return "always";
  if (typeof approval === "string") return approval;
  return { always: filterOf(approval.always), never: filterOf(approval.never) };
}

/** A filter that names nothing filters nothing. */
function filterOf(filter: McpFilterBody | null | undefined): McpToolFilter | undefined {
  const names = filter?.tool_names ?? undefined;
  const readOnly = filter?.read_only ?? undefined;
  return names === undefined && readOnly === undefined ? undefined : { names, readOnly };
}

/** The labels of the servers that a tool choice names, all of whose tools it means where it names none. */
export function chosenServers(choice: ResponsesBody["tool_choice"]): { label: string; isWhole: boolean }[] {
  if (choice === null || choice === undefined || typeof choice === "string") return [];
  const tools = choice.type === "allowed_tools" ? choice.tools : [choice];
  return tools.flatMap((tool) =>
    tool.type === "mcp" ? [{ label: tool.server_label, isWhole: tool.name == null }] : [],
  );
}

/** Throws `invalid_request` for a choice of a server that is not among the tools. */
export function assertChosenServers(
  chosen: readonly { label: string }[],
  servers: readonly McpServerRequest[],
): void {
  const unknown = chosen.find(({ label }) => !servers.some((server) => server.label === label));
  if (unknown === undefined) return;
  throw new GatewayError(
    "invalid_request",
    `\`tool_choice\` names the MCP server "${unknown.label.slice(0, 64)}", which is not in the list of tools.`,
    { details: { param: "tool_choice" } },
  );
}
