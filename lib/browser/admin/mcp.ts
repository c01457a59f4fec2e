import { textOf, textOrNull, textsOf } from "#lib/browser/admin/fields.ts";
import { arrayField, field } from "#lib/shared/json.ts";

export type McpToolView = {
  name: string;
  description: string | null;
  /** Clients and models may use it. */
  allowed: boolean;
  needsApproval: boolean;
};

/** An MCP server as administrators see it. */
export type McpServerState = {
  id: string;
  name: string;
  /** `unused`: nothing was asked of it since the start. */
  state: "unused" | "connected" | "failed";
  /** ISO 8601. */
  since: string | null;
  /** Why it failed. */
  error: string | null;
  /** The revision of the protocol that is spoken with it. */
  protocolVersion: string | null;
  /** As it calls itself. */
  software: string | null;
  /** Null until they have been listed. */
  tools: McpToolView[] | null;
  problems: string[];
};

/** The answer of `GET /api/admin/mcp`. */
export function readMcpStates(answer: unknown): McpServerState[] {
  return arrayField(answer, "servers").map((server) => {
    const state = field(server, "state");
    return {
      id: textOf(server, "id"),
      name: textOf(server, "name"),
      state: state === "connected" || state === "failed" ? state : "unused",
      since: textOrNull(server, "since"),
      error: textOrNull(server, "error"),
      protocolVersion: textOrNull(server, "protocolVersion"),
      software: softwareOf(field(server, "server")),
      tools: Array.isArray(field(server, "tools")) ? arrayField(server, "tools").map(readTool) : null,
      problems: textsOf(server, "problems"),
    };
  });
}

function softwareOf(server: unknown): string | null {
  const name = textOrNull(server, "name");
  return name === null ? null : `${name} ${textOf(server, "version")}`.trim();
}

function readTool(tool: unknown): McpToolView {
  return {
    name: textOf(tool, "name"),
    description: textOrNull(tool, "description") ?? textOrNull(tool, "title"),
    allowed: field(tool, "allowed") !== false,
    needsApproval: field(tool, "needsApproval") === true,
  };
}
