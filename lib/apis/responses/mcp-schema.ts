import { z } from "zod";
import { idText, jsonObject, list, shortText } from "#lib/apis/schemas.ts";

const MAX_NAMES = 1_000;
const label = z.string().min(1).max(256);
const toolName = z.string().min(1).max(256);
const text = z.string();

const filter = z.looseObject({
  tool_names: list(toolName, MAX_NAMES).nullish(),
  read_only: z.boolean().nullish(),
});

/** Tools of an MCP server that the gateway calls. */
export const mcpTool = z.looseObject({
  type: z.literal("mcp"),
  server_label: label,
  server_url: shortText.nullish(),
  connector_id: shortText.nullish(),
  tunnel_id: shortText.nullish(),
  allowed_tools: z.union([list(toolName, MAX_NAMES), filter]).nullish(),
  require_approval: z
    .union([
      z.enum(["always", "never"]),
      z.looseObject({ always: filter.nullish(), never: filter.nullish() }),
    ])
    .nullish(),
});

export const mcpChoice = z.looseObject({
  type: z.literal("mcp"),
  server_label: label,
  name: toolName.nullish(),
});

const mcpListTools = z.looseObject({
  type: z.literal("mcp_list_tools"),
  server_label: label,
  error: z.union([text, jsonObject]).nullish(),
});
const mcpCall = z.looseObject({
  type: z.literal("mcp_call"),
  id: idText,
  server_label: label,
  name: toolName,
  arguments: text.nullish(),
  output: text.nullish(),
  error: z.union([text, jsonObject]).nullish(),
  approval_request_id: idText.nullish(),
});
const mcpApprovalRequest = z.looseObject({
  type: z.literal("mcp_approval_request"),
  id: idText,
  server_label: label,
  name: toolName,
  arguments: text.nullish(),
});
const mcpApprovalResponse = z.looseObject({
  type: z.literal("mcp_approval_response"),
  approval_request_id: idText,
  approve: z.boolean(),
  reason: text.nullish(),
});

export const mcpItems = [mcpListTools, mcpCall, mcpApprovalRequest, mcpApprovalResponse] as const;
export const MCP_ITEM_TYPES = [
  "mcp_list_tools",
  "mcp_call",
  "mcp_approval_request",
  "mcp_approval_response",
] as const;

export type McpToolBody = z.output<typeof mcpTool>;
export type McpFilterBody = z.output<typeof filter>;
export type McpCallItem = z.output<typeof mcpCall>;
export type McpApprovalResponse = z.output<typeof mcpApprovalResponse>;
