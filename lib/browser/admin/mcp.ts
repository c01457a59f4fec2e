import { textOf, textOrNull, textsOf } from "#lib/browser/admin/fields.ts";
import { arrayField, field } from "#lib/shared/json.ts";

/** An MCP server as administrators see it. */
export type McpServerState = {
  id: string;
  name: string;
  /** The revision of the protocol that is spoken with it; null before the first connection. */
  protocolVersion: string | null;
  /** `connected`, or another word of the gateway's. */
  state: string;
  /** Why it could not be reached when it was last tried. */
  lastError: string | null;
  /** ISO 8601: when the state began. */
  since: string | null;
  tools: { name: string; description: string | null; needsApproval: boolean }[];
  /** Tools that were left out, and why. */
  problems: string[];
};

/** The answer of `GET /api/admin/mcp`. */
export function readMcpStates(answer: unknown): McpServerState[] {
  return arrayField(answer, "servers").map((server) => ({
    id: textOf(server, "id"),
    name: textOrNull(server, "name") ?? textOf(server, "id"),
    protocolVersion: textOrNull(server, "protocolVersion"),
    state: textOf(server, "state"),
    lastError: textOrNull(server, "lastError"),
    since: textOrNull(server, "since"),
    tools: arrayField(server, "tools").map((tool) => ({
      name: textOf(tool, "name"),
      description: textOrNull(tool, "description"),
      needsApproval: field(tool, "needsApproval") === true,
    })),
    problems: textsOf(server, "problems"),
  }));
}
