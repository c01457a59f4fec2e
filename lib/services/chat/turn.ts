import type { ModeId, Modes } from "#lib/ai-models.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { Tone } from "#lib/prompts/system-prompt.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { Intent } from "#lib/router/intent/intent.ts";
import type { TurnRoute } from "#lib/router/turn-route.ts";
import type { AttachedFiles } from "#lib/services/documents/attached-file.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { BegunTurn, StoredMessage, ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import type { OfferedTool } from "#lib/tools/offered-tool.ts";

/** One message of a user to native chat, validated. */
export type ChatInput = {
  message: string;
  history: readonly StoredMessage[];
  model: ModeId | "auto";
  sessionId: string | undefined;
  /** A `data:` URL. */
  image: string | undefined;
  /** The files of the message, which have been read; undefined if there are none. */
  attached?: AttachedFiles | undefined;
  customInstructions: string | undefined;
  tone: Tone | undefined;
  /** False for a turn that neither reads nor changes what is remembered of the user. */
  memory?: boolean;
  /** Ids of MCP servers whose tools the model may call. */
  mcp?: readonly string[];
  /** What the user says to calls that an earlier answer has asked about. */
  approvals?: readonly Approval[];
  /** The message is megabytes long, with its image and history. */
  isLarge?: boolean;
};

/** The user's word on a call of a tool: the fields of the `approval` event, and the answer. */
export type Approval = {
  id: string;
  /** The MCP server. */
  plugin: string;
  /** The tool's name at the server. */
  tool: string;
  /** JSON text. */
  arguments: string;
  approve: boolean;
  reason?: string | undefined;
};

/** The names of a message's files, those that could not be read included. */
export function fileNames({ attached }: Pick<ChatInput, "attached">): string[] {
  return attached === undefined ? [] : [...attached.files, ...attached.unread].map(({ name }) => name);
}

/** The message as the session stores it: with its files' names, which nothing else in a conversation shows. */
export function storedMessage(input: Pick<ChatInput, "message" | "attached" | "approvals">): string {
  const { message, approvals = [] } = input;
  const files = fileNames(input).map((name) => `[File: ${name}]`);
  const words = approvals.map(
    ({ approve, plugin, tool }) => `[${approve ? "Allowed" : "Not allowed"}: ${tool} of ${plugin}]`,
  );
  return [message.trim() === "" ? "" : message, files.join("\n"), words.join("\n")]
    .filter(Boolean)
    .join("\n\n");
}

/** What is decided before anything is streamed. */
export type TurnDecision = {
  /** The mode that the turn is for: the requested one, or the one that `auto` led to. */
  wanted: ModeId;
  /** The mode whose engines answer, and in which the turn counts: `wanted`, or the one that it borrows from. */
  mode: ModeId;
  /** Why the gateway chose the mode, for the client: what was found in the message, or why another mode answers. */
  reason: string | undefined;
  /** The engines that can take the request, in order. Never empty. */
  engines: readonly Engine[];
  /** What the message asks for, if the client leaves the mode to the gateway (`auto`). */
  intent?: Intent | undefined;
};

/** A turn that has begun: counted, with its session, before any engine is called. */
export type Turn = {
  requestId: string;
  caller: Caller;
  input: ChatInput;
  decision: TurnDecision;
  /** Who is to answer, decided when the conversation is known. */
  route: TurnRoute;
  begun: BegunTurn;
  modes: Modes;
};

/** The conversation before the message: stored messages win over what the client sends, which could be invented. */
export function historyOf({ input, begun }: Pick<Turn, "input" | "begun">): readonly StoredMessage[] {
  return begun.sessionCreated ? input.history : begun.messages;
}

/** A turn with its request. */
export type PreparedTurn = Turn & {
  request: ChatRequest;
  /** Tools that the model may call, and that the gateway runs. They are not among the request's own. */
  offered: readonly OfferedTool[];
  /** Records a call of a tool that its answer needs. */
  onToolCall(call: ToolCallRecord): void;
};
