import { cacheBreakpoint } from "#lib/apis/cache-breakpoint.ts";
import { defined } from "#lib/apis/fields.ts";
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
  return tools.map((tool): Tool => {
    if (tool.type === "other") return { type: "opaque", dialect: "anthropic", value: tool.value };
    return {
      type: "function",
      name: tool.name,
      parameters: tool.input_schema,
      ...defined({ description: tool.description ?? undefined, strict: tool.strict ?? undefined }),
      ...cacheBreakpoint(tool.cache_control),
    };
  });
}

/** Other fields of the client's tools (`defer_loading`), which are optional hints. */
export function untranslatedToolFields({ tools }: MessagesBody): string[] {
  const names = new Set<string>();
  for (const tool of tools ?? []) {
    if (tool.type === "other") continue;
    for (const name of Object.keys(tool)) if (!READ_TOOL_FIELDS.has(name)) names.add(`tools.${name}`);
  }
  return [...names];
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
