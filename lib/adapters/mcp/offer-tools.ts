import type { McpServer, StandardSchemaWithJSON } from "@modelcontextprotocol/server";
import { annotationsOf, failedAnswer, toolAnswer } from "#lib/apis/mcp/tool-answer.ts";
import type { ToolSession } from "#lib/services/tools/tool-endpoint.ts";
import { toGatewayError } from "#lib/shared/errors.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** Registers the tools of a session with a server. */
export function offerTools(server: McpServer, { tools, call }: ToolSession): void {
  for (const row of tools) {
    const { name, description, inputSchema } = row.tool;
    const config = {
      title: row.title,
      description,
      inputSchema: uncheckedSchema(inputSchema()),
      annotations: annotationsOf(row),
    };
    server.registerTool(name, config, async (input, { mcpReq }) => {
      try {
        return toolAnswer(await call(row, input, mcpReq.signal));
      } catch (error) {
        return failedAnswer(toGatewayError(error).message);
      }
    });
  }
}

/** The tool checks its input itself, in words of its own. */
function uncheckedSchema(schema: JsonObject): StandardSchemaWithJSON {
  return {
    "~standard": {
      version: 1,
      vendor: "sarmalink-ai",
      validate: (value) => ({ value }),
      jsonSchema: { input: () => schema, output: () => schema },
    },
  };
}
