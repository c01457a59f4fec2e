import type { InputItem, ResponsesBody, ToolBody } from "#lib/apis/responses/schema.ts";
import { ToolNames } from "#lib/apis/responses/tool-names.ts";

/** The tools that a request declares, and their names. */
export type DeclaredTools = { tools: readonly ToolBody[]; names: ToolNames };

/**
 * All tools of a request: those of `tools`, and those that items of the conversation add (`additional_tools`, or
 * the result of a search for tools). A tool that is declared again keeps its place and gets its new form.
 */
export function declaredTools({ tools, input, instructions }: ResponsesBody): DeclaredTools {
  const declared = new Map<string, ToolBody>();
  const add = (list: readonly ToolBody[]): void => {
    for (const tool of list) declare(tool, declared);
  };
  add(tools ?? []);
  for (const items of [instructions, input]) {
    if (Array.isArray(items)) for (const item of items) add(toolsOf(item));
  }
  const all = [...declared.values()];
  const plain = all.flatMap((tool) => (isNamed(tool) ? [tool.name] : []));
  return { tools: all, names: new ToolNames(plain) };
}

function toolsOf(item: InputItem): readonly ToolBody[] {
  return item.type === "additional_tools" || item.type === "tool_search_output" ? (item.tools ?? []) : [];
}

function isNamed(tool: ToolBody): tool is ToolBody & { type: "function" | "custom" } {
  return tool.type === "function" || tool.type === "custom";
}

function declare(tool: ToolBody, declared: Map<string, ToolBody>): void {
  if (tool.type !== "namespace") {
    declared.set(keyOf(tool), tool);
    return;
  }
  const key = `namespace ${tool.name}`;
  const known = declared.get(key);
  if (known?.type !== "namespace") {
    declared.set(key, tool);
    return;
  }
  const inner = new Map(known.tools.map((one) => [innerKey(one), one]));
  for (const one of tool.tools) inner.set(innerKey(one), one);
  declared.set(key, { ...known, ...tool, tools: [...inner.values()] });
}

function keyOf(tool: Exclude<ToolBody, { type: "namespace" }>): string {
  if (tool.type === "mcp") return `mcp ${tool.server_label}`;
  return isNamed(tool) ? `tool ${tool.name}` : `other ${JSON.stringify(tool.value)}`;
}

function innerKey(tool: (ToolBody & { type: "namespace" })["tools"][number]): string {
  return tool.type === "other" ? JSON.stringify(tool.value) : tool.name;
}
