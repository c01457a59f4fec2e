import type { IssuerToken, NativeFields, WireDialect } from "#lib/chat/request.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/**
 * Why a model stopped, in OpenAI's terms; for `other`, see the provider's own value beside it. Anthropic's
 * `pause_turn`, after which the client sends the turn back to go on, is `length`.
 */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter" | "other";

/** A passage of an answer's text, by offsets in UTF-16 units. */
export type TextSpan = { start: number; end: number };
/** `cited`: the passages that it supports, where the provider tells them. */
export type Source = { title?: string; uri: string; cited?: TextSpan[] };
export type NativeCitation = { dialect: WireDialect; value: JsonObject };

/**
 * A call of a tool that the gateway runs for the model, between two calls of an engine: what is told when it begins,
 * and again when it has ended.
 */
export type ToolRun = {
  /** Of the call; unique in the conversation. */
  id: string;
  /** The tool as the model knows it. */
  name: string;
  /** The MCP server that has it, and its name there; undefined for a tool of the gateway's own. */
  origin: { server: string; tool: string } | undefined;
  /** As the model wrote them: JSON text, possibly invalid. */
  arguments: string;
} & (
  | { status: "running" }
  /** `output`: what the model is told. */
  | { status: "done" | "failed"; output: string }
  /** The client has to agree first: the answer ends, and goes on in a request that says so. */
  | { status: "needs_approval" }
);

/** A tool as the reader of an answer is told of it. */
export type ListedTool = {
  name: string;
  description: string;
  inputSchema: JsonObject;
  /** What its server says of its effects. */
  annotations: JsonObject | undefined;
};

/** The tools of an MCP server that a model is offered, or why it has none of them. */
export type ToolList = {
  /** As the client names the server. */
  label: string;
  tools: readonly ListedTool[];
  error: string | undefined;
};

/**
 * A provider-independent event of an answer. Protocol decoders produce these, and the writers of the public
 * APIs consume them. `choice` is the index of the alternative if more than one was requested.
 */
export type ChatEvent =
  /** `phase`: a new message of this phase begins; "" if it has none. See `TextPart`. */
  | { type: "text"; text: string; choice?: number; logprobs?: JsonValue; phase?: string }
  | { type: "refusal"; text: string; choice?: number }
  | { type: "reasoning"; text: string; signature?: IssuerToken; choice?: number }
  /** A fragment of a tool call. The first fragment of an index carries `id` and `name`. */
  | {
      type: "tool_call";
      index: number;
      id?: string;
      name?: string;
      arguments: string;
      custom?: boolean;
      signature?: IssuerToken;
      /** Further fields of the call (`caller`), which clients of its API send back. */
      nativeFields?: NativeFields;
      choice?: number;
    }
  /** `citation` is one of the text before it as the engine's API tells it, for clients of that API. */
  | { type: "sources"; sources: Source[]; citation?: NativeCitation }
  /**
   * A whole block of the engine's API that the gateway does not read, in its place among the others: tools
   * that run at the provider, and their results. Only clients of that API receive it.
   */
  | { type: "block"; dialect: WireDialect; value: JsonObject; choice?: number }
  /** An image that the model has drawn, as a `data:` URL. */
  | { type: "image"; url: string; choice?: number }
  | {
      type: "finish";
      reason: FinishReason;
      native: string;
      choice?: number;
      /** The client's stop sequence that ended the answer, if the provider reports it. */
      stopSequence?: string;
      /** What the engine's API says at the end beside it (`container`), which its clients send back. */
      nativeFields?: NativeFields;
    };

/** What the reader of an answer is told: what the model says, and what the gateway does for it between. */
export type AnswerEvent =
  | ChatEvent
  | { type: "tool_run"; run: ToolRun }
  /** Before everything else. */
  | { type: "tool_list"; list: ToolList };

/** Whether the event commits an attempt: it has content that the user could see. */
export function isContent(event: ChatEvent): boolean {
  switch (event.type) {
    case "text":
    case "refusal":
    case "reasoning":
      return event.text !== "";
    case "tool_call":
    case "block":
    case "image":
      return true;
    case "sources":
    case "finish":
      return false;
  }
}
