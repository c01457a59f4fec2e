/** Tools by name, or by what their server says of their effects; both must fit where both are given. */
export type McpToolFilter = { names: readonly string[] | undefined; readOnly: boolean | undefined };

/** Which calls the client wants to be asked about. */
export type McpConsent =
  | "always"
  | "never"
  | { always: McpToolFilter | undefined; never: McpToolFilter | undefined };

/** A server whose tools the client wants the model to have. What it says can only narrow what the operator allows. */
export type McpServerRequest = {
  /** As the client names the server: the id that the operator gave it, unless there is an address. */
  label: string;
  /** The server's address, by which the client means it. It is compared, and never called. */
  url: string | undefined;
  allowed: McpToolFilter | undefined;
  consent: McpConsent;
  /** Where the client's request names it: `tools[0]`. */
  path: string;
};

/** The client's word on a call that it was asked about. */
export type McpDecision = { id: string; approved: boolean; reason: string | undefined };

/** What a request says of MCP servers. */
export type McpRequest = {
  servers: readonly McpServerRequest[];
  /** Labels of servers whose tools the conversation lists already. */
  listed: ReadonlySet<string>;
  /** The client's word on calls of the conversation that have no result yet. */
  decisions: readonly McpDecision[];
  /** The calls of the conversation whose results are those of a server, by id, with the names of their tools. */
  results: ReadonlyMap<string, string>;
  /** Labels of servers all of whose tools the tool choice allows. */
  chosen: ReadonlySet<string>;
  /** The name by which the model knows a tool of a server: unique in the request, and the same each time. */
  nameOf(label: string, tool: string): string;
};

type FilteredTool = { name: string; readOnly: boolean };

export function passesFilter({ name, readOnly }: FilteredTool, filter: McpToolFilter): boolean {
  if (filter.names?.includes(name) === false) return false;
  return filter.readOnly === undefined || filter.readOnly === readOnly;
}

/** Whether the client wants to be asked about calls of the tool. What it says nothing of, it is asked about. */
export function wantsConsent(tool: FilteredTool, consent: McpConsent): boolean {
  if (typeof consent === "string") return consent === "always";
  const { always, never } = consent;
  if (always !== undefined && passesFilter(tool, always)) return true;
  return never === undefined || !passesFilter(tool, never);
}
