import type { IssuerToken } from "#lib/chat/request.ts";
import type { JsonValue } from "#lib/shared/json.ts";

/** Why a model stopped, in OpenAI's words; `other` keeps the provider's own word beside it. */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter" | "other";

export type Source = { title?: string; uri: string };

/**
 * What an engine said, in no provider's shape. Protocol decoders make these; encoders of our public
 * APIs read them. `choice` is the index of the alternative when more than one was asked for.
 */
export type ChatEvent =
  | { type: "text"; text: string; choice?: number; logprobs?: JsonValue }
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
      choice?: number;
    }
  | { type: "sources"; sources: Source[] }
  | {
      type: "finish";
      reason: FinishReason;
      native: string;
      choice?: number;
      /** The client's stop sequence that ended the answer, where the provider says so. */
      stopSequence?: string;
    };

/** Events that commit an attempt: something the user could see. */
export function isContent(event: ChatEvent): boolean {
  switch (event.type) {
    case "text":
    case "refusal":
    case "reasoning":
      return event.text !== "";
    case "tool_call":
      return true;
    case "sources":
    case "finish":
      return false;
  }
}
