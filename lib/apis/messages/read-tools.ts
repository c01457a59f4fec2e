import { cacheBreakpoint } from "#lib/apis/cache-breakpoint.ts";
import { defined } from "#lib/apis/fields.ts";
import { nativeFields } from "#lib/apis/messages/native-fields.ts";
import type { MessagesBody } from "#lib/apis/messages/schema.ts";
import type { Tool, ToolChoice } from "#lib/chat/request.ts";

const READ_TOOL_FIELDS: ReadonlySet<string> = new Set([
  "type",
  "name",
  "description",
  "input_schema",
  "strict",
  "cache_control",
]);

export function readTools({ tools }: MessagesBody): Tool[] | undefined {
  if (tools == null || tools.length === 0) return undefined;
  return tools.map((tool, index): Tool => {
    if (tool.type === "other") {
      return { type: "opaque", dialect: "anthropic", value: tool.value, path: `tools.${index}` };
    }
    return {
      type: "function",
      name: tool.name,
      parameters: tool.input_schema,
      ...defined({ description: tool.description ?? undefined, strict: tool.strict ?? undefined }),
      ...cacheBreakpoint(tool.cache_control),
      ...nativeFields(tool, READ_TOOL_FIELDS),
    };
  });
}

export function readToolChoice(choice: MessagesBody["tool_choice"]): ToolChoice | undefined {
  switch (choice?.type) {
    case undefined:
      return undefined;
    case "any":
      return "required";
    case "tool":
      return { type: "tool", name: choice.name };
    case "auto":
    case "none":
      return choice.type;
  }
}
