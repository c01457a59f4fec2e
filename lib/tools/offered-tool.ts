import type { JsonObject } from "#lib/shared/json.ts";
import type { Tool } from "#lib/tools/tool.ts";

/** A tool that a model is offered, and that the gateway runs when the model calls it. */
export type OfferedTool = {
  /** Its `name` is the one that the model knows: `[a-zA-Z0-9_-]{1,64}`, unique among the tools of a request. */
  tool: Tool;
  /** Where it comes from: the id of an MCP server, and the tool's name there; absent for the gateway's own. */
  origin?: { server: string; tool: string };
  /** It runs only once the client has agreed to the call. */
  needsApproval: boolean;
  /** What its server says of its effects: hints that nobody has checked. */
  annotations?: JsonObject;
};
