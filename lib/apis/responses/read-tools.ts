import { defined } from "#lib/apis/fields.ts";
import { CLIENT_TOOLS, type ClientTool, clientToolOf } from "#lib/apis/responses/client-tools.ts";
import type { DeclaredTools } from "#lib/apis/responses/declared-tools.ts";
import type { ResponsesBody, ToolBody } from "#lib/apis/responses/schema.ts";
import type { ToolNames } from "#lib/apis/responses/tool-names.ts";
import type { Tool, ToolChoice } from "#lib/chat/request.ts";
import { isJsonObject, type JsonObject } from "#lib/shared/json.ts";

type OwnTool = ToolBody & { type: "function" | "custom" };

/** The tools for a chat. Tools that OpenAI runs, except web search, are left out and added to `dropped`. */
export function readTools(
  { tools, names }: DeclaredTools,
  dropped: Set<string>,
): { list: Tool[]; webSearch: JsonObject | undefined } {
  const list: Tool[] = [];
  let webSearch: JsonObject | undefined;
  for (const tool of tools) {
    switch (tool.type) {
      case "function":
      case "custom":
        list.push(readTool(tool, tool.name));
        break;
      case "namespace":
        for (const inner of tool.tools) {
          if (inner.type === "other") dropped.add(`tools.${String(inner.value["type"])}`);
          else list.push(readTool(inner, names.flat(inner.name, tool.name)));
        }
        break;
      case "mcp":
        // Read with the other MCP servers: its tools are not known yet.
        break;
      case "other": {
        const type = String(tool.value["type"]);
        const clientTool = clientToolOf(tool.value);
        if (clientTool !== undefined) list.push(toFunction(clientTool, tool.value, names));
        else if (type.startsWith("web_search")) webSearch = tool.value;
        else dropped.add(`tools.${type}`);
      }
    }
  }
  return { list, webSearch };
}

/** A tool with items of its own, as a function. Clients describe some of them themselves. */
function toFunction(tool: ClientTool, { description, parameters }: JsonObject, names: ToolNames): Tool {
  return {
    type: "function",
    name: names.ofClientTool(tool),
    description: typeof description === "string" ? description : tool.description,
    parameters: isJsonObject(parameters) ? (parameters as JsonObject) : tool.parameters,
  };
}

function readTool(tool: OwnTool, name: string): Tool {
  const description = tool.description ?? undefined;
  if (tool.type === "custom") {
    return { type: "custom", name, ...defined({ description, format: tool.format ?? undefined }) };
  }
  return {
    type: "function",
    name,
    ...defined({
      description,
      parameters: tool.parameters ?? undefined,
      strict: tool.strict ?? undefined,
    }),
  };
}

/** Whether the choice names a tool that OpenAI runs. */
export function namesHostedTool(choice: ResponsesBody["tool_choice"]): boolean {
  if (choice === null || choice === undefined || typeof choice === "string") return false;
  if (choice.type === "other") return clientTypeOf(choice.value) === undefined;
  if (choice.type !== "allowed_tools") return false;
  return choice.tools.some(({ type }) => type === "other");
}

/** The tool that a choice names by its type. */
function clientTypeOf({ type }: JsonObject): ClientTool | undefined {
  return CLIENT_TOOLS.find((tool) => tool.type === type);
}

/** The tool choice. Tools that OpenAI runs cannot be forced on other engines. */
export function readToolChoice(
  choice: ResponsesBody["tool_choice"],
  names: ToolNames,
  dropped: Set<string>,
): ToolChoice | undefined {
  if (choice === null || choice === undefined) return undefined;
  if (typeof choice === "string") return choice;
  switch (choice.type) {
    case "function":
      return { type: "tool", name: names.flat(choice.name, choice.namespace) };
    case "custom":
      return { type: "tool", name: names.flat(choice.name, choice.namespace), custom: true };
    case "mcp": {
      const { server_label: label, name } = choice;
      // All tools of a server are added once they are known.
      if (name == null) return { type: "allowed", names: [], required: true };
      return { type: "tool", name: names.ofMcpTool(label, name) };
    }
    case "allowed_tools": {
      const allowed = new Set<string>();
      const namespaces = new Set<string>();
      for (const tool of choice.tools) {
        if (tool.type === "namespace") namespaces.add(tool.name);
        else if (tool.type === "mcp") {
          if (tool.name != null) allowed.add(names.ofMcpTool(tool.server_label, tool.name));
        } else if (tool.type === "other") {
          const clientTool = clientTypeOf(tool.value);
          if (clientTool !== undefined) allowed.add(names.ofClientTool(clientTool));
        } else {
          allowed.add(names.flat(tool.name, tool.namespace));
        }
      }
      for (const name of names.inNamespaces(namespaces)) allowed.add(name);
      return { type: "allowed", names: [...allowed], required: choice.mode === "required" };
    }
    case "other": {
      const tool = clientTypeOf(choice.value);
      if (tool !== undefined) return { type: "tool", name: names.ofClientTool(tool) };
      dropped.add("tool_choice");
      return undefined;
    }
  }
}
