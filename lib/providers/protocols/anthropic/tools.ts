import { type ChatRequest, offeredTools, type Tool } from "#lib/chat/request.ts";
import type { ClaudeRules } from "#lib/providers/catalogue/model-rules.ts";
import {
  EPHEMERAL,
  type Marks,
  marked,
  withoutMark,
} from "#lib/providers/protocols/anthropic/cache-marks.ts";
import { nativeBlock, nativeDetails } from "#lib/providers/protocols/anthropic/native-fields.ts";
import type { ToolSchemas } from "#lib/providers/protocols/anthropic/tool-schemas.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";

type ToolContext = { rules: ClaudeRules; marks: Marks; schemas: ToolSchemas };

/** Writes the tools and the tool choice. */
export function writeTools(
  body: JsonObject,
  request: ChatRequest,
  { rules, marks, schemas }: ToolContext,
  dropped: string[],
): void {
  const offered = offeredTools(request);
  const tools = offered.tools.flatMap((tool) => encodeTool(tool, marks, schemas));
  if (tools.length < offered.tools.length) dropped.push("tools");
  const last = tools.at(-1);
  if (last === undefined) return writeCalledTools(body, request);
  if (marks === "ours") last["cache_control"] = EPHEMERAL;
  body["tools"] = tools;
  let choice = encodeToolChoice(offered.choice);
  if (choice !== undefined) choice = { ...choice, ...nativeDetails(request, "tool_choice") };
  if (isForced(choice) && !rules.forcedToolChoice) {
    dropped.push("tool_choice");
    choice = { type: "auto" };
  }
  const serial = request.parallelToolCalls === false || request.singleToolCall === true;
  if (serial && offered.choice !== "none") {
    body["tool_choice"] = { ...(choice ?? { type: "auto" }), disable_parallel_tool_use: true };
  } else if (choice !== undefined) {
    body["tool_choice"] = choice;
  }
}

/**
 * Declares the tools that the conversation has called, where none is offered, and forbids them: agents that
 * summarise leave them out, and the API refuses calls without ("… must define tools").
 */
function writeCalledTools(body: JsonObject, { messages }: ChatRequest): void {
  const names = new Set<string>();
  for (const message of messages) {
    if (message.role !== "assistant") continue;
    for (const part of message.parts) if (part.type === "tool_call") names.add(part.name);
  }
  if (names.size === 0) return;
  body["tools"] = [...names].map((name) => ({ name, input_schema: { type: "object" } }));
  body["tool_choice"] = { type: "none" };
}

/** The tool; empty if the API has no such kind of tool. */
function encodeTool(tool: Tool, marks: Marks, schemas: ToolSchemas): JsonObject[] {
  switch (tool.type) {
    case "opaque":
      return tool.dialect === "anthropic" ? [withoutMark(tool.value, marks)] : [];
    case "custom":
      return [];
    case "function": {
      const { input, strict } = schemas.of(tool);
      const encoded: JsonObject = { name: tool.name, input_schema: input };
      if (tool.description !== undefined) encoded["description"] = tool.description;
      if (strict !== undefined) encoded["strict"] = strict;
      Object.assign(encoded, nativeBlock(tool.native));
      return [marked(encoded, tool.cacheBreakpoint, marks)];
    }
  }
}

function encodeToolChoice(choice: ReturnType<typeof offeredTools>["choice"]): JsonObject | undefined {
  if (choice === undefined) return undefined;
  if (choice === "required") return { type: "any" };
  if (typeof choice === "string") return { type: choice };
  return { type: "tool", name: choice.name };
}

/** Whether the model must call a tool. */
export function isForced(choice: JsonValue | undefined): boolean {
  return isJsonObject(choice) && (choice["type"] === "any" || choice["type"] === "tool");
}
