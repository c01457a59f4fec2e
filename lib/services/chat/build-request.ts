import { assistantText } from "#lib/chat/assistant-parts.ts";
import type { AssistantPart, ChatMessage, ChatRequest, ContentPart, UserMessage } from "#lib/chat/request.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import type { Contribution } from "#lib/services/chat/contributor.ts";
import { type Approval, type ChatInput, historyOf, type Turn } from "#lib/services/chat/turn.ts";
import type { StoredMessage } from "#lib/services/ledger/turn-store.ts";
import { LARGE_BODY } from "#lib/shared/event-loop.ts";
import type { OfferedTool } from "#lib/tools/offered-tool.ts";
import { asksForWeb } from "#lib/tools/web-search/asks-for-web.ts";

/** Characters of earlier messages that are sent to an engine. */
const MAX_HISTORY = 100_000;

/** The request of a turn: what contributors put before the conversation, the conversation, the message. */
export function buildRequest(turn: Turn, contributions: readonly Contribution[]): ChatRequest {
  const { input, begun, decision } = turn;
  const history = recent(historyOf(turn)).flatMap(readable);
  const before = contributions.flatMap((contribution) => contribution.before ?? []);
  const beside = besideOf(contributions);
  const request: ChatRequest = {
    messages: [...before, ...history, ...newMessages(turn, contributions)],
    stream: true,
    awaitsUsage: true,
    conversationId: begun.sessionId,
  };
  if (input.isLarge === true || lengthOf(beside) > LARGE_BODY) request.isLarge = true;
  if (wantsWeb(turn, contributions)) request.webSearch = true;
  if (decision.wanted === "reasoner") request.reasoningEffort = "high";
  return request;
}

function besideOf(contributions: readonly Contribution[]): readonly ContentPart[] {
  return contributions.flatMap((contribution) => contribution.beside ?? []);
}

/** The calls that the user has decided about, as the model has made them, and the user's message if there is one. */
function newMessages({ input }: Turn, contributions: readonly Contribution[]): ChatMessage[] {
  const { approvals = [], message, image } = input;
  const said = userMessage(input, besideOf(contributions));
  if (approvals.length === 0) return [said];
  const offered = contributions.flatMap(({ tools = [] }) => tools);
  const parts = approvals.map((approval): AssistantPart => {
    const { id, arguments: args } = approval;
    return { type: "tool_call", id, name: nameOf(approval, offered), arguments: args };
  });
  const calls: ChatMessage = { role: "assistant", parts };
  const hasSaid = message.trim() !== "" || image !== undefined || input.attached !== undefined;
  return hasSaid ? [calls, said] : [calls];
}

/** As the model knows the tool. One that has gone since keeps a name that engines take. */
function nameOf({ plugin, tool }: Approval, offered: readonly OfferedTool[]): string {
  const known = offered.find(({ origin }) => origin?.server === plugin && origin.tool === tool);
  return known?.tool.name ?? "unknown_tool";
}

/**
 * Whether the mode, or the message in plain words, wants what is on the web. A message that only came to its mode
 * because of a live tool does not, once the tool has found it.
 */
function wantsWeb({ modes, decision, input }: Turn, contributions: readonly Contribution[]): boolean {
  if (asksForWeb(input.message)) return true;
  const isFound = decision.intent?.reason === "tool" && contributions.some(({ isComplete }) => isComplete);
  return modes[decision.wanted].webSearch === true && !isFound;
}

/**
 * The newest messages that fit, so that a long conversation does not outgrow every engine's context. If not
 * even the newest fits, its end is sent.
 */
function recent(history: readonly StoredMessage[]): readonly StoredMessage[] {
  let characters = 0;
  const first = history.findLastIndex((message) => {
    characters += message.content.length;
    return characters > MAX_HISTORY;
  });
  const newest = history.at(-1);
  if (newest === undefined || first < history.length - 1) return history.slice(first + 1);
  // Does not begin with the second half of a surrogate pair.
  const end = newest.content.slice(-MAX_HISTORY).replace(/^[\udc00-\udfff]/, "");
  return [{ ...newest, content: `…${end}` }];
}

/** Characters that a request gets by these parts. */
function lengthOf(parts: readonly ContentPart[]): number {
  let length = 0;
  for (const part of parts) {
    if (part.type === "text") length += part.text.length;
    else if (part.type === "image") length += part.url.length;
    else if (part.type === "document") {
      length += part.source.kind === "url" ? part.source.url.length : part.source.text.length;
    }
  }
  return length;
}

/** Without blank messages, which providers refuse. */
function readable({ role, content }: StoredMessage): ChatMessage[] {
  const text = stripInvisible(content);
  if (text.trim() === "") return [];
  return [role === "assistant" ? assistantText(text) : { role, content: text }];
}

/** The new user message, as an engine gets it. */
export function userMessage(
  input: Pick<ChatInput, "message" | "image">,
  beside: readonly ContentPart[] = [],
): UserMessage {
  const text = stripInvisible(input.message);
  if (input.image === undefined && beside.length === 0) return { role: "user", content: text };
  // Files may come without a message, and engines refuse blank parts.
  const parts: ContentPart[] = text.trim() === "" ? [...beside] : [...beside, { type: "text", text }];
  if (input.image !== undefined) parts.push({ type: "image", url: input.image });
  return { role: "user", content: parts };
}
