import { assertForcedTool } from "#lib/apis/forced-tool.ts";
import type { ChatRequest, FunctionTool, ToolChoice } from "#lib/chat/request.ts";
import type { McpRequest } from "#lib/plugins/mcp-request.ts";
import type { RoundTool } from "#lib/providers/chat/tool-rounds-types.ts";
import type { RequestedTools } from "#lib/services/mcp/requested-tools.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type ToolsForRequest = RequestedTools & {
  /** The offered tools as engines are told of them. */
  functions: readonly FunctionTool[];
  /** Marks what a tool has said as data. */
  forModel(text: string, tool: RoundTool): string;
};

/**
 * The request with the tools of MCP servers behind its own, with a tool choice that knows them, and with what servers
 * said earlier in the conversation marked as data.
 *
 * Throws `plugin_failed` if the request must call a tool of a server that cannot be reached, and `invalid_request` if
 * it must call one that its server does not have.
 */
export function requestWithTools(
  chat: ChatRequest,
  { chosen, results, nameOf }: Pick<McpRequest, "chosen" | "results" | "nameOf">,
  { lists, functions, forModel }: ToolsForRequest,
): ChatRequest {
  const tools = [...(chat.tools ?? []), ...functions];
  const choice = choiceAmong(chat.toolChoice, lists, { chosen, nameOf });
  const isForced = choice === "required" || (typeof choice === "object" && mustCall(choice));
  const failed = lists.find(({ error }) => error !== undefined);
  if (isForced && failed !== undefined && !canCall(choice, tools)) {
    const why = `The MCP server "${failed.label}", whose tools \`tool_choice\` requires, has none now: ${failed.error}`;
    throw new GatewayError("plugin_failed", why, { retryable: true });
  }
  assertForcedTool(choice, tools);
  const request: ChatRequest = { ...chat, messages: chat.messages.map((message) => marked(message)) };
  if (tools.length > 0) request.tools = tools;
  if (choice !== undefined) request.toolChoice = choice;
  return request;

  function marked(message: ChatRequest["messages"][number]): ChatRequest["messages"][number] {
    if (message.role !== "tool" || typeof message.content !== "string") return message;
    const name = results.get(message.toolCallId);
    return name === undefined
      ? message
      : { ...message, content: forModel(message.content, earlierTool(name)) };
  }
}

/** A tool that has been called before, whether it is still there or not. */
function earlierTool(name: string): RoundTool {
  return { name, origin: undefined, needsApproval: false };
}

/** A choice of whole servers names their tools. */
function choiceAmong(
  choice: ToolChoice | undefined,
  lists: RequestedTools["lists"],
  { chosen, nameOf }: Pick<McpRequest, "chosen" | "nameOf">,
): ToolChoice | undefined {
  if (typeof choice !== "object" || choice.type !== "allowed" || chosen.size === 0) return choice;
  const more = lists.flatMap(({ label, tools }) =>
    chosen.has(label) ? tools.map(({ name }) => nameOf(label, name)) : [],
  );
  return { ...choice, names: [...choice.names, ...more] };
}

function mustCall(choice: ToolChoice & object): boolean {
  return choice.type === "tool" || choice.required;
}

function canCall(choice: ToolChoice | undefined, tools: NonNullable<ChatRequest["tools"]>): boolean {
  if (typeof choice !== "object") return tools.length > 0;
  const names = choice.type === "tool" ? [choice.name] : choice.names;
  return tools.some((tool) => tool.type !== "opaque" && names.includes(tool.name));
}
