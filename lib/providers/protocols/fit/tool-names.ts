import type { AssistantPart, ChatMessage, ChatRequest, Tool, ToolChoice } from "#lib/chat/request.ts";
import type { ToolRestoration } from "#lib/providers/protocols/protocol.ts";
import { hash32 } from "#lib/shared/text.ts";

/** The names of tools that an API accepts. */
export type NameRule = { accepts: RegExp; maxLength: number };

/** OpenAI and the hosts that are compatible with it. */
export const OPENAI_NAMES: NameRule = { accepts: /^[\w-]+$/, maxLength: 64 };
/** Kimi's models and Gemini's, wherever they are hosted. */
export const LETTER_FIRST_NAMES: NameRule = { accepts: /^[a-zA-Z][\w-]*$/, maxLength: 64 };
/** Anthropic itself; 64 was the limit once, and is still that of others who speak its protocol. */
export const ANTHROPIC_NAMES: NameRule = { accepts: /^[\w-]+$/, maxLength: 128 };
export const GEMINI_NAMES: NameRule = { accepts: /^[a-zA-Z_][\w.:-]*$/, maxLength: 64 };

const HASH_LENGTH = 7;

function isAccepted(name: string, { accepts, maxLength }: NameRule): boolean {
  return name.length <= maxLength && accepts.test(name);
}

/** A name that the API accepts: the beginning of the client's, and a hash, which is the same in every turn. */
function acceptedName(name: string, rule: NameRule, salt: string): string {
  const hash = hash32(salt + name)
    .toString(36)
    .padStart(HASH_LENGTH, "0");
  const readable = name.slice(0, rule.maxLength - HASH_LENGTH - 2).replace(/[^\w-]/g, "_");
  const forms = [readable, `_${readable}`, `t${readable}`];
  const begins = forms.find((form) => /^[a-zA-Z_]/.test(form) && rule.accepts.test(form));
  return `${begins ?? "tool"}_${hash}`;
}

/** A request whose tools have names that the API accepts. */
export type NamedTools = {
  request: ChatRequest;
  /** The client's name by the one that is sent, of the tools that have another. */
  renamed: Map<string, ToolRestoration>;
  /** Two tools had the same name; the first is kept. */
  hasDuplicates: boolean;
};

/**
 * The request with accepted, unique names of tools: in the list, in the choice and in the calls of the
 * conversation. The same request if all names are accepted.
 */
export function withToolNames(request: ChatRequest, rule: NameRule): NamedTools {
  const offered = new Set<string>();
  let hasDuplicates = false;
  for (const tool of request.tools ?? []) {
    if (tool.type === "opaque") continue;
    if (offered.has(tool.name)) hasDuplicates = true;
    offered.add(tool.name);
  }
  const refused = new Set([...offered].filter((name) => !isAccepted(name, rule)));
  for (const name of calledNames(request)) if (!isAccepted(name, rule)) refused.add(name);
  if (refused.size === 0 && !hasDuplicates) return { request, renamed: new Map(), hasDuplicates };
  const names = new Map<string, string>();
  const renamed = new Map<string, ToolRestoration>();
  for (const name of refused) {
    let sent = acceptedName(name, rule, "");
    for (let salt = 1; offered.has(sent) || renamed.has(sent); salt++) {
      sent = acceptedName(name, rule, String(salt));
    }
    names.set(name, sent);
    renamed.set(sent, { name });
  }
  return { request: renamedRequest(request, names), renamed, hasDuplicates };
}

function* calledNames({ messages, toolChoice }: ChatRequest): Generator<string> {
  for (const message of messages) {
    if (message.role !== "assistant") continue;
    for (const part of message.parts) if (part.type === "tool_call") yield part.name;
  }
  if (typeof toolChoice !== "object") return;
  if (toolChoice.type === "tool") yield toolChoice.name;
  else yield* toolChoice.names;
}

function renamedRequest(request: ChatRequest, names: ReadonlyMap<string, string>): ChatRequest {
  const renamed: ChatRequest = { ...request };
  if (request.tools !== undefined) renamed.tools = renamedTools(request.tools, names);
  if (names.size === 0) return renamed;
  if (request.toolChoice !== undefined) renamed.toolChoice = renamedChoice(request.toolChoice, names);
  renamed.messages = request.messages.map((message) => renamedMessage(message, names));
  return renamed;
}

function renamedTools(tools: readonly Tool[], names: ReadonlyMap<string, string>): Tool[] {
  const sent = new Set<string>();
  return tools.flatMap((tool): Tool[] => {
    if (tool.type === "opaque") return [tool];
    if (sent.has(tool.name)) return [];
    sent.add(tool.name);
    const name = names.get(tool.name);
    return [name === undefined ? tool : { ...tool, name }];
  });
}

function renamedChoice(choice: ToolChoice, names: ReadonlyMap<string, string>): ToolChoice {
  if (typeof choice === "string") return choice;
  if (choice.type === "tool") return { ...choice, name: names.get(choice.name) ?? choice.name };
  return { ...choice, names: choice.names.map((name) => names.get(name) ?? name) };
}

function renamedMessage(message: ChatMessage, names: ReadonlyMap<string, string>): ChatMessage {
  if (message.role !== "assistant" || !message.parts.some((part) => isRenamed(part, names))) return message;
  const parts = message.parts.map((part): AssistantPart => {
    const name = part.type === "tool_call" ? names.get(part.name) : undefined;
    return part.type === "tool_call" && name !== undefined ? { ...part, name } : part;
  });
  return { ...message, parts };
}

function isRenamed(part: AssistantPart, names: ReadonlyMap<string, string>): boolean {
  return part.type === "tool_call" && names.has(part.name);
}
