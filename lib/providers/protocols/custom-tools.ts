import type {
  AssistantPart,
  ChatMessage,
  ChatRequest,
  CustomTool,
  FunctionTool,
  Tool,
} from "#lib/chat/request.ts";
import { flatFormat } from "#lib/providers/protocols/custom-format.ts";
import { InputRestorer } from "#lib/providers/protocols/input-restorer.ts";
import type { ChatPower, EncodedRequest, ToolRestorations } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { arrayField, field, stringField } from "#lib/shared/json.ts";

/**
 * A chat power that takes custom tools (free text, possibly with a grammar) at engines without them: each is
 * offered as a function of one string, `input`, and its calls become calls of the custom tool again.
 */
export function withCustomTools(power: ChatPower, takesThem: (engine: Engine) => boolean): ChatPower {
  return {
    ...power,
    encode(request, engine, options) {
      const encoded = takesThem(engine)
        ? power.encode(request, engine, options)
        : encodeWrapped(request, (wrapped) => power.encode(wrapped, engine, options));
      nameLost(request, encoded);
      return encoded;
    },
  };
}

/** Names what only the Responses API has a field for, where the engine's API is another. */
function nameLost(request: ChatRequest, encoded: EncodedRequest): void {
  const { body } = encoded;
  const searches = arrayField(body, "tools").some(isSearch);
  // The engine's own search stands for the one of the client's API.
  if (searches) encoded.dropped = encoded.dropped.filter((name) => !SEARCH_OF_OTHERS.test(name));
  const { dropped } = encoded;
  if (request.webSearchTool !== undefined && !searches) dropped.push("tools.web_search");
  const isTruncated = request.extra?.details?.truncation !== undefined;
  if (isTruncated && body["truncation"] === undefined) dropped.push("truncation");
}

/** How the search tool of another API is named as dropped. */
const SEARCH_OF_OTHERS = /^tools\.\d+ \(web_search/;

/** OpenAI's tool for web search, or Google's. */
function isSearch(tool: unknown): boolean {
  return (
    field(tool, "google_search") !== undefined || stringField(tool, "type")?.startsWith("web_search") === true
  );
}

/** Whether the operator says that the engine takes custom tools; else what is known of its model. */
export function takesCustomTools(engine: Engine, isKnown: boolean): boolean {
  return engine.capabilities.custom_tools ?? isKnown;
}

function encodeWrapped(
  request: ChatRequest,
  encode: (request: ChatRequest) => EncodedRequest,
): EncodedRequest {
  const customs = (request.tools ?? []).filter((tool) => tool.type === "custom");
  if (customs.length === 0 && !request.messages.some(hasCustomCall)) return encode(request);
  const encoded = encode(withoutCustomTools(request));
  if (customs.length === 0) return encoded;
  return { ...encoded, restorations: restorations(customs, encoded.restorations) };
}

/** The request with functions in place of custom tools. */
export function withoutCustomTools(request: ChatRequest): ChatRequest {
  const { tools, toolChoice } = request;
  return {
    ...request,
    messages: request.messages.map(wrapCalls),
    ...(tools === undefined ? {} : { tools: tools.map(wrapTool) }),
    ...(typeof toolChoice === "object" && toolChoice.type === "tool"
      ? { toolChoice: { type: "tool", name: toolChoice.name } }
      : {}),
  };
}

/** The engine's names of the tools; an encoder may have changed them. */
function restorations(
  customs: readonly CustomTool[],
  renamed: ToolRestorations | undefined,
): ToolRestorations {
  const all = new Map(renamed);
  const engineNames = new Map([...all].map(([engineName, { name }]) => [name, engineName]));
  for (const { name } of customs) {
    const createArguments = (): InputRestorer => new InputRestorer();
    all.set(engineNames.get(name) ?? name, { name, custom: true, createArguments });
  }
  return all;
}

function isCustomCall(part: AssistantPart): boolean {
  return part.type === "tool_call" && part.custom === true;
}

function hasCustomCall(message: ChatMessage): boolean {
  return message.role === "assistant" && message.parts.some(isCustomCall);
}

function wrapCalls(message: ChatMessage): ChatMessage {
  if (message.role !== "assistant" || !hasCustomCall(message)) return message;
  return { ...message, parts: message.parts.map(wrapCall) };
}

function wrapCall(part: AssistantPart): AssistantPart {
  if (part.type !== "tool_call" || part.custom !== true) return part;
  const { custom: _custom, ...call } = part;
  return { ...call, arguments: JSON.stringify({ input: part.arguments }) };
}

function wrapTool(tool: Tool): Tool {
  if (tool.type !== "custom") return tool;
  const wrapper: FunctionTool = {
    type: "function",
    name: tool.name,
    description: describe(tool),
    parameters: {
      type: "object",
      properties: { input: { type: "string", description: "The whole input of the tool, as plain text." } },
      required: ["input"],
      additionalProperties: false,
    },
  };
  return wrapper;
}

/** The description, with the grammar that the engine cannot enforce. */
function describe({ description = "", format = {} }: CustomTool): string {
  const texts = description === "" ? [] : [description];
  texts.push("Pass the input of this tool as one string in `input`: plain text, not JSON.");
  const flat = flatFormat(format);
  const definition = stringField(flat, "definition");
  if (definition !== undefined && definition !== "") {
    const syntax = stringField(flat, "syntax") ?? "";
    texts.push(`The input must follow this ${syntax} grammar:`.replace("  ", " "), definition);
  }
  return texts.join("\n\n");
}
