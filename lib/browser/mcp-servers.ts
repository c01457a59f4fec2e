import { arrayField, stringField } from "#lib/shared/json.ts";

/** An MCP server whose tools a model may be given. */
export type McpServerView = { id: string; name: string };

/** An answer of `GET /api/v1/mcp?servers=1`. */
export function readMcpServers(answer: unknown): readonly McpServerView[] {
  return arrayField(answer, "servers").flatMap((server) => {
    const id = stringField(server, "id");
    return id === undefined ? [] : [{ id, name: stringField(server, "name") ?? id }];
  });
}
