import { z } from "zod";
import type { CatalogueTool } from "#lib/tools/catalogue.ts";

/** In place of a tool's name: asks which there are. */
const LIST_TOOLS = "list_tools";
const MAX_NAME = 100;

/** The body of `POST /api/v1/mcp/catalog`. */
export const catalogBodySchema = z.strictObject({
  tool: z.string().min(1).max(MAX_NAME).describe("A tool's name, or `list_tools`."),
  args: z.record(z.string(), z.unknown()).nullish().describe("The tool's input."),
});

export type CatalogRequest = { kind: "list" } | { kind: "call"; tool: string; args: Record<string, unknown> };

export function readCatalogRequest({ tool, args }: z.output<typeof catalogBodySchema>): CatalogRequest {
  return tool === LIST_TOOLS ? { kind: "list" } : { kind: "call", tool, args: args ?? {} };
}

export function catalogList(tools: readonly CatalogueTool[]): object {
  return {
    ok: true,
    tools: tools.map(({ tool }) => ({
      name: tool.name,
      description: tool.description,
      inputSchema: tool.inputSchema(),
    })),
  };
}
