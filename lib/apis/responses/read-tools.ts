import { defined } from "#lib/apis/fields.ts";
import type { ResponsesBody, ToolBody } from "#lib/apis/responses/schema.ts";
import { ToolNames } from "#lib/apis/responses/tool-names.ts";
import type { Tool, ToolChoice } from "#lib/chat/request.ts";

type Tools = ResponsesBody["tools"];
type OwnTool = ToolBody & { type: "function" | "custom" };

/** The names of the request's tools. A tool without a namespace keeps its name. */
export function namesOf(tools: Tools): ToolNames {
  const names = (tools ?? []).flatMap((tool) =>
    tool.type === "function" || tool.type === "custom" ? [tool.name] : [],
  );
  return new ToolNames(names);
}

/** The tools for a chat. Tools that OpenAI runs, except web search, are left out and added to `dropped`. */
export function readTools(
  tools: Tools,
  names: ToolNames,
  dropped: Set<string>,
): { list: Tool[]; webSearch: boolean } {
  const list: Tool[] = [];
  let webSearch = false;
  for (const tool of tools ?? []) {
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
      case "other": {
        const type = String(tool.value["type"]);
        if (type.startsWith("web_search")) webSearch = true;
        else dropped.add(`tools.${type}`);
      }
    }
  }
  return { list, webSearch };
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
  if (choice.type !== "allowed_tools") return choice.type === "other";
  return choice.tools.some(({ type }) => type === "other");
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
    case "allowed_tools": {
      const allowed = new Set<string>();
      const namespaces = new Set<string>();
      for (const tool of choice.tools) {
        if (tool.type === "namespace") namespaces.add(tool.name);
        else if (tool.type !== "other") {
          allowed.add(names.flat(tool.name, "namespace" in tool ? tool.namespace : undefined));
        }
      }
      for (const name of names.inNamespaces(namespaces)) allowed.add(name);
      return { type: "allowed", names: [...allowed], required: choice.mode === "required" };
    }
    case "other":
      dropped.add("tool_choice");
      return undefined;
  }
}
