import { callOfApproval } from "#lib/apis/responses/approval-id.ts";
import { unpackEncrypted } from "#lib/apis/responses/call-signature.ts";
import { CLIENT_TOOLS } from "#lib/apis/responses/client-tools.ts";
import { type McpHistory, outcomeOf } from "#lib/apis/responses/mcp-history.ts";
import type { McpApprovalResponse, McpCallItem } from "#lib/apis/responses/mcp-schema.ts";
import { readAssistantContent, readContent } from "#lib/apis/responses/read-content.ts";
import type { InputItem, ToolBody } from "#lib/apis/responses/schema.ts";
import type { ToolNames } from "#lib/apis/responses/tool-names.ts";
import { declinedCall } from "#lib/chat/declined-call.ts";
import type {
  AssistantPart,
  ChatMessage,
  Content,
  IssuerToken,
  ReasoningPart,
  ToolCall,
  ToolMessage,
} from "#lib/chat/request.ts";
import { type JsonObject, type JsonValue, stringField } from "#lib/shared/json.ts";

/** What reading adds to: the names of tools, fields that are left out, and what is said of MCP servers. */
export type ReadContext = { names: ToolNames; dropped: Set<string>; mcp: McpHistory };

/** Reads items as chat messages. Items without a chat equivalent are left out and added to `dropped`. */
export function readItems(items: readonly InputItem[], context: ReadContext): ChatMessage[] {
  const reader = new ItemReader(context);
  for (const item of items) reader.read(item);
  return reader.finish();
}

/**
 * Merges items into messages: the text, reasoning and calls of one turn become the parts of one message, in
 * the same order, up to the results of the calls.
 */
class ItemReader {
  readonly #messages: ChatMessage[] = [];
  readonly #names: ToolNames;
  readonly #dropped: Set<string>;
  readonly #mcp: McpHistory;
  /** The parts of the open assistant message, if any. */
  #assistant: AssistantPart[] | undefined;
  #assistantCalls = false;
  /** Reasoning that belongs to the next text or call. */
  #reasoning: ReasoningPart[] = [];
  readonly #signatures = new Map<string, IssuerToken>();
  readonly #callIds = new Set<string>();
  /** Items that were read. */
  #count = 0;

  constructor({ names, dropped, mcp }: ReadContext) {
    this.#names = names;
    this.#dropped = dropped;
    this.#mcp = mcp;
  }

  finish(): ChatMessage[] {
    this.#endTurn();
    return this.#messages;
  }

  /** The place of the item that is being read. */
  get #path(): string {
    return `input.${this.#count - 1}`;
  }

  read(item: InputItem): void {
    this.#count += 1;
    switch (item.type) {
      case "message":
        return item.role === "assistant" ? this.#readAnswer(item) : this.#readMessage(item);
      case "reasoning":
        return this.#readReasoning(item);
      case "function_call":
        return this.#addCall({
          id: item.call_id,
          name: this.#names.flat(item.name, item.namespace),
          arguments: item.arguments ?? "",
        });
      case "custom_tool_call":
        return this.#addCall({
          id: item.call_id,
          name: this.#names.flat(item.name, item.namespace),
          arguments: item.input ?? "",
          custom: true,
        });
      case "function_call_output":
      case "custom_tool_call_output":
        return this.#addResult(item.call_id, readContent(item.output, this.#dropped, `${this.#path}.output`));
      case "additional_tools":
        // Declared with the other tools.
        return;
      case "tool_search_output":
        return this.#addSearchResult(item);
      case "mcp_list_tools":
        return this.#mcp.list(item);
      case "mcp_call":
        return this.#readMcpCall(item);
      case "mcp_approval_request":
        return this.#readAsked(item.id, item);
      case "mcp_approval_response":
        return this.#readApproval(item);
      case "other":
        return this.#readOther(item.value);
    }
  }

  /** The tools that were found are declared with the others. A search that OpenAI ran has no call here. */
  #addSearchResult({ call_id: id, tools }: InputItem & { type: "tool_search_output" }): void {
    if (id == null || !this.#callIds.has(id)) return;
    const found = (tools ?? []).flatMap((tool) => foundNames(tool, this.#names));
    const content = found.length === 0 ? "No tools were found." : `Found tools: ${found.join(", ")}.`;
    this.#addResult(id, content);
  }

  /** Calls of tools with items of their own, and their results. */
  #readOther(value: JsonObject): void {
    const called = CLIENT_TOOLS.find(({ callType }) => callType === value["type"]);
    const id = stringField(value, "call_id") ?? stringField(value, "id");
    if (called !== undefined && id !== undefined && value["execution"] !== "server") {
      const args = JSON.stringify(called.toArguments(value));
      return this.#addCall({ id, name: this.#names.ofClientTool(called), arguments: args });
    }
    if (value["type"] === "item_reference" && id !== undefined) this.#mcp.refer(id);
    const isOutput = CLIENT_TOOLS.some(({ outputType }) => outputType === value["type"]);
    if (isOutput && id !== undefined) return this.#addResult(id, outputText(value["output"]));
    this.#dropped.add(`input.${String(value["type"])}`);
  }

  #addMcpCall(id: string, { server_label: label, name, arguments: args }: McpCalled): void {
    this.#addCall({ id, name: this.#names.ofMcpTool(label, name), arguments: args ?? "" });
  }

  #readMcpCall(item: McpCallItem): void {
    const { id, isKnown } = this.#mcp.callOf(item);
    if (!isKnown) this.#addMcpCall(id, item);
    const outcome = outcomeOf(item);
    if (outcome === undefined) return;
    this.#mcp.results.set(id, this.#names.ofMcpTool(item.server_label, item.name));
    this.#addResult(id, outcome.text, outcome.isError);
  }

  #readAsked(id: string, called: McpCalled): void {
    this.#mcp.ask(id);
    this.#addMcpCall(id, called);
  }

  #readApproval(item: McpApprovalResponse): void {
    const { approval_request_id: id } = item;
    // Some clients do not send back the item that asked.
    const asked = this.#mcp.hasAsked(id) ? undefined : callOfApproval(id);
    if (asked !== undefined) this.#readAsked(id, asked);
    const isDeclined = this.#mcp.answer(item, `input[${this.#count - 1}]`);
    if (isDeclined) this.#addResult(id, declinedCall(item.reason ?? undefined), true);
  }

  #addResult(toolCallId: string, content: Content, isError = false): void {
    this.#endTurn();
    const message: ToolMessage = { role: "tool", toolCallId, content };
    if (isError) message.isError = true;
    this.#messages.push(message);
  }

  #readMessage({ role, content: raw }: InputItem & { type: "message" }): void {
    this.#endTurn();
    const content = readContent(raw, this.#dropped, `${this.#path}.content`);
    if (role === "user") this.#messages.push({ role, content });
    else if (role === "developer") this.#messages.push({ role: "system", content, developer: true });
    else this.#messages.push({ role: "system", content });
  }

  #readAnswer({ content, phase }: InputItem & { type: "message" }): void {
    this.#mcp.goOn();
    // Only results may follow calls, so text after them belongs to the message with the calls.
    const isNew = this.#assistant === undefined || !this.#assistantCalls;
    const parts = isNew ? this.#open() : this.#continue();
    for (const part of readAssistantContent(content, this.#dropped, `${this.#path}.content`)) {
      parts.push(part.type === "text" && phase != null ? { ...part, phase } : part);
    }
  }

  #readReasoning(item: InputItem & { type: "reasoning" }): void {
    const parts = (item.summary ?? []).length > 0 ? item.summary : item.content;
    const text = (parts ?? []).map((part) => part.text ?? "").join("\n\n");
    const encrypted = item.encrypted_content ?? "";
    const read = unpackEncrypted(encrypted);
    if (read === undefined && encrypted !== "") this.#dropped.add("input.reasoning.encrypted_content");
    if (read?.callId !== undefined) {
      this.#signatures.set(read.callId, read.token);
      return;
    }
    const part: ReasoningPart = { type: "reasoning", text };
    if (read !== undefined) this.#reasoning.push({ ...part, signature: read.token });
    else if (text !== "") this.#reasoning.push(part);
  }

  #addCall(call: ToolCall): void {
    this.#callIds.add(call.id);
    const signature = this.#signatures.get(call.id);
    if (signature !== undefined) call.signature = signature;
    this.#continue().push({ type: "tool_call", ...call });
    this.#assistantCalls = true;
  }

  /** Opens an assistant message. Returns its parts. */
  #open(): AssistantPart[] {
    const parts: AssistantPart[] = this.#reasoning;
    this.#messages.push({ role: "assistant", parts });
    this.#assistant = parts;
    this.#assistantCalls = false;
    this.#reasoning = [];
    return parts;
  }

  /** The parts of the open message, with the pending reasoning added. */
  #continue(): AssistantPart[] {
    if (this.#assistant === undefined) return this.#open();
    for (const part of this.#reasoning) this.#assistant.push(part);
    this.#reasoning = [];
    return this.#assistant;
  }

  /** Ends the assistant's turn. Reasoning without a message is dropped. */
  #endTurn(): void {
    if (this.#assistant !== undefined) this.#continue();
    this.#assistant = undefined;
    this.#reasoning = [];
  }
}

type McpCalled = Pick<McpCallItem, "server_label" | "name" | "arguments">;

/** The names in a chat of a tool that was found. */
function foundNames(tool: ToolBody, names: ToolNames): string[] {
  switch (tool.type) {
    case "function":
    case "custom":
      return [tool.name];
    case "namespace":
      return tool.tools.flatMap((inner) => (inner.type === "other" ? [] : names.flat(inner.name, tool.name)));
    case "mcp":
    case "other":
      return [];
  }
}

/** The result of a call as text; shells return a list of outputs. */
function outputText(output: JsonValue | undefined): string {
  if (output === undefined || output === null) return "";
  return typeof output === "string" ? output : JSON.stringify(output);
}
