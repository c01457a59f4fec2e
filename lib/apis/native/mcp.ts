import { z } from "zod";
import type { JsonObject } from "#lib/shared/json.ts";

const MAX_ID = 200;
const MAX_TOOL = 128;

const yes = z
  .enum(["1", "true", "0", "false"])
  .transform((text) => text === "1" || text === "true")
  .optional();

/** The query of `GET /api/v1/mcp`. */
export const mcpQuerySchema = z.object({
  plugin: z
    .string()
    .min(1)
    .max(MAX_ID)
    .optional()
    .describe("The id of an MCP server. Without it, the plugin mcp-server-toolkit is meant."),
  servers: yes.describe("1: the MCP servers that are set up, in place of the tools of one."),
});

/** The query of `GET /api/admin/mcp`. */
export const adminMcpQuerySchema = z.object({
  refresh: yes.describe(
    "1: every server is asked for its tools now. Otherwise the answer says what is known.",
  ),
});

/** The body of `POST /api/v1/mcp`. */
export const mcpCallSchema = z.strictObject({
  /** The id of an MCP server. Without it, the plugin `mcp-server-toolkit` is meant. */
  plugin: z.string().min(1).max(MAX_ID).nullish(),
  /** As the server names it. */
  tool: z.string().min(1).max(MAX_TOOL),
  /** Checked by the server. */
  args: z.record(z.string(), z.unknown()).nullish(),
});

/** The body as the call needs it. */
export function readMcpCall({ plugin, tool, args }: z.output<typeof mcpCallSchema>) {
  return { plugin: plugin ?? undefined, tool, args: (args ?? {}) as JsonObject };
}
