import type { ChatRequest, Tool } from "#lib/chat/request.ts";
import { flatFormat } from "#lib/providers/protocols/custom-format.ts";
import { dialectOf } from "#lib/providers/protocols/openai-compatible/dialect-of.ts";
import { ToolSchemas } from "#lib/providers/protocols/openai-compatible/tool-schemas.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/** Writes the tools and the tool choice. */
export function writeTools(body: JsonObject, request: ChatRequest, engine: Engine, dropped: string[]): void {
  const offered = request.tools ?? [];
  const schemas = new ToolSchemas(offered, dialectOf(engine));
  const tools = offered.flatMap((tool) => encodeTool(tool, schemas));
  if (schemas.isLossy) dropped.push("tools.parameters");
  if (schemas.droppedStrict) dropped.push("tools.strict");
  if (tools.length < offered.length) dropped.push("tools");
  const search = searchTool(request, engine);
  if (search !== undefined) tools.push(search);
  if (tools.length === 0) return;
  body["tools"] = tools;
  const choice = encodeToolChoice(request);
  if (choice !== undefined) body["tool_choice"] = choice;
  const parallel = request.singleToolCall === true ? false : request.parallelToolCalls;
  if (parallel !== undefined) body["parallel_tool_calls"] = parallel;
}

/** The provider's tool for web search, in the client's own form if it has one. */
export function searchTool(
  { webSearch, webSearchTool }: ChatRequest,
  { provider }: Engine,
): JsonObject | undefined {
  if (provider.webSearch !== true) return undefined;
  return webSearchTool ?? (webSearch === true ? { type: "web_search" } : undefined);
}

/** The tool; empty if the API has no such tool. */
function encodeTool(tool: Tool, schemas: ToolSchemas): JsonObject[] {
  switch (tool.type) {
    case "opaque":
      return tool.dialect === "openai-responses" ? [tool.value] : [];
    case "custom": {
      const custom: JsonObject = { type: "custom", name: tool.name };
      if (tool.description !== undefined) custom["description"] = tool.description;
      if (tool.format !== undefined) custom["format"] = flatFormat(tool.format);
      return [custom];
    }
    case "function": {
      const { parameters, strict } = schemas.of(tool);
      const fn: JsonObject = {
        type: "function",
        name: tool.name,
        parameters: parameters ?? { type: "object", properties: {} },
        // Left out, the API would make schemas strict that were not written for it.
        strict: strict ?? false,
      };
      if (tool.description !== undefined) fn["description"] = tool.description;
      return [fn];
    }
  }
}

function encodeToolChoice({ tools = [], toolChoice }: ChatRequest): JsonValue | undefined {
  if (toolChoice === undefined || typeof toolChoice === "string") return toolChoice;
  const named = (name: string, isCustom: boolean): JsonObject => ({
    type: isCustom ? "custom" : "function",
    name,
  });
  if (toolChoice.type === "tool") return named(toolChoice.name, toolChoice.custom === true);
  const customs = new Set(tools.flatMap((tool) => (tool.type === "custom" ? tool.name : [])));
  const offered = new Set(tools.flatMap((tool) => (tool.type === "opaque" ? [] : tool.name)));
  const allowed = toolChoice.names.filter((name) => offered.has(name));
  // The API refuses an empty list of allowed tools.
  if (allowed.length === 0) return "none";
  return {
    type: "allowed_tools",
    mode: toolChoice.required ? "required" : "auto",
    tools: allowed.map((name) => named(name, customs.has(name))),
  };
}
