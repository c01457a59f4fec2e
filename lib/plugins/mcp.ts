import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/** Which calls of a model wait for the client's consent: none, those that may write, all, or those of these tools. */
export type ApprovalPolicy = "never" | "writes" | "always" | readonly string[];

/** An MCP server that an operator has set up. */
export type McpServer = {
  /** As clients name it. */
  id: string;
  name: string;
  /** The Streamable HTTP endpoint. */
  url: string;
  /** Headers with the operator's credential; empty for none. */
  headers: Readonly<Record<string, string>>;
  /** The only tools that exist for clients and models; undefined for all. */
  allowedTools: readonly string[] | undefined;
  requireApproval: ApprovalPolicy;
  /** For one call, milliseconds. */
  timeoutMs: number;
};

/** The credential with which a server is called; without the word before it in a header (`Bearer`), if there is one. */
export function secretsOf({ headers }: Pick<McpServer, "headers">): string[] {
  return Object.values(headers).map((header) => header.replace(/^[A-Za-z-]{1,20} (?=\S)/, ""));
}

/** What a server says of the effects of a tool. These are hints: the gateway cannot check them. */
export type McpToolAnnotations = {
  title?: string;
  readOnlyHint?: boolean;
} & PassedHints;

/** Passed on to clients. */
type PassedHints = Partial<Record<"destructiveHint" | "idempotentHint" | "openWorldHint", boolean>>;

export type McpTool = {
  name: string;
  title?: string;
  description?: string;
  inputSchema: JsonObject;
  outputSchema?: JsonObject;
  annotations?: McpToolAnnotations;
};

/** The tools of a server. */
export type McpToolList = {
  /** The revision of the protocol that is spoken with the server: `2025-11-25`. */
  protocolVersion: string;
  server: { name: string; version: string };
  tools: readonly McpTool[];
  /** Tools that were left out, and why. */
  problems: readonly string[];
};

/** What a call of a tool has come to. A failure of the tool itself is a result, too. */
export type McpToolResult =
  | {
      kind: "complete";
      /** Blocks as the protocol has them: text, images, resources. */
      content: readonly JsonObject[];
      structuredContent?: JsonValue;
      isError: boolean;
    }
  /** The tool wants to be told more before it goes on, which cannot be asked for through the gateway. */
  | { kind: "input_required"; message: string };

/** What is known of the connection to a server. Times are wall clock, epoch milliseconds. */
export type McpServerState =
  /** Nothing has been asked of it since the start. */
  | { kind: "unused" }
  | { kind: "connected"; since: number }
  | { kind: "failed"; since: number; message: string };

/** Connections to MCP servers, shared by all requests of the process. Both throw `GatewayError`. */
export type McpConnections = {
  /** The list that is known, unless it is old, the server has announced another, or `refresh` is wanted. */
  listTools(server: McpServer, options: { signal: AbortSignal; refresh?: boolean }): Promise<McpToolList>;
  callTool(
    server: McpServer,
    call: { tool: string; args: JsonObject },
    options: { signal: AbortSignal },
  ): Promise<McpToolResult>;
  state(server: McpServer): McpServerState;
  /** The list that was read last; undefined before. */
  known(server: McpServer): McpToolList | undefined;
};
