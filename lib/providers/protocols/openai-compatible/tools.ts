import { type ChatRequest, offeredTools, type Tool } from "#lib/chat/request.ts";
import { nestedFormat } from "#lib/providers/protocols/custom-format.ts";
import type { FieldWriter } from "#lib/providers/protocols/openai-compatible/field-writer.ts";
import { ToolSchemas } from "#lib/providers/protocols/openai-compatible/tool-schemas.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/** Writes the tools and the tool choice. */
export function writeTools(fields: FieldWriter, request: ChatRequest, dialect: OpenAiDialect): void {
  const { tools: offered, choice } = offeredTools(request);
  const schemas = new ToolSchemas(offered, dialect);
  const tools = offered.flatMap((tool) => encodeTool(tool, dialect, schemas));
  if (tools.length < offered.length) fields.drop("tools", true);
  if (schemas.isLossy) fields.drop("tools.parameters", true);
  if (schemas.droppedStrict) fields.drop("tools.strict", true);
  // Mistral rejects an empty list.
  if (tools.length === 0) return;
  if (fields.accepts("tool_choice")) {
    fields.write("tool_choice", encodeToolChoice(choice, dialect));
  } else {
    // Without the field, `none` means sending no tools, and `auto` is the default.
    if (choice === "none") return;
    if (choice !== undefined && choice !== "auto") fields.drop("tool_choice", true);
  }
  fields.write("tools", tools);
  if (request.singleToolCall === true && fields.accepts("parallel_tool_calls")) {
    fields.write("parallel_tool_calls", false);
  } else {
    fields.write("parallel_tool_calls", request.parallelToolCalls);
  }
}

/** The tool; empty if the dialect has no such kind of tool. */
function encodeTool(tool: Tool, dialect: OpenAiDialect, schemas: ToolSchemas): JsonObject[] {
  switch (tool.type) {
    case "opaque":
      return dialect.opaqueParts && tool.dialect === "openai" ? [tool.value] : [];
    case "custom": {
      const custom: JsonObject = { name: tool.name };
      if (tool.description !== undefined) custom["description"] = tool.description;
      if (tool.format !== undefined) custom["format"] = nestedFormat(tool.format);
      return [{ type: "custom", custom }];
    }
    case "function": {
      const fn: JsonObject = { name: tool.name };
      if (tool.description !== undefined) fn["description"] = tool.description;
      const { parameters, strict } = schemas.of(tool);
      if (parameters !== undefined) fn["parameters"] = parameters;
      if (strict !== undefined) fn["strict"] = strict;
      return [{ type: "function", function: fn }];
    }
  }
}

function encodeToolChoice(
  choice: ReturnType<typeof offeredTools>["choice"],
  dialect: OpenAiDialect,
): JsonValue | undefined {
  if (choice === undefined) return undefined;
  if (choice === "required") return dialect.requiredToolChoice;
  if (typeof choice === "string") return choice;
  return choice.custom === true
    ? { type: "custom", custom: { name: choice.name } }
    : { type: "function", function: { name: choice.name } };
}
