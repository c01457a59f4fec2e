import type { Capability } from "#lib/chat/capabilities.ts";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { ErrorContext } from "#lib/providers/failures/provider-error.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { ProtocolId } from "#lib/providers/vendors/providers.ts";
import type { JsonObject } from "#lib/shared/json.ts";

export type EncodeOptions = {
  /** Mark the stable prefix as cacheable where the engine can. */
  promptCache: boolean;
  /** Send nothing but what was asked for: an earlier try was refused for what the gateway added. */
  bare?: boolean;
};

/** A request in a provider's shape. */
export type EncodedRequest = {
  /** Appended to the engine's base URL. */
  path: string;
  headers: Record<string, string>;
  body: JsonObject;
  /** Fields of the client's request, in OpenAI's names, that this engine cannot take. */
  dropped: string[];
  /** What the gateway added on its own account, as a provider would name it when it refuses. */
  additions: string[];
};

export type DecodeContext = ErrorContext & {
  /** A new id for a tool call that came without one. */
  newId: () => string;
  /** Issuer of opaque tokens: the provider's id. */
  issuer: string;
  /** The provider bills what it reports as `usage.cost` (OpenRouter); anybody else's is ignored. */
  trustsCost?: boolean;
};

/**
 * Reads one answer. Synchronous: a chunk goes in, events come out, in the caller's array.
 * Throws `EngineFailure` for an error inside the stream.
 */
export type Decoder = {
  /** One SSE message, or the whole body of a non-streaming answer. */
  push(data: string, event: string | undefined, out: ChatEvent[]): void;
  /** At the end: what was held back, then the finish reason. */
  end(out: ChatEvent[]): void;
  /** The provider has said why it stopped. */
  readonly finished: boolean;
  /** The provider's end mark has come: nothing follows. */
  readonly done: boolean;
  /** The latest usage reported, if any. */
  readonly usage: TokenUsage | undefined;
  /** Why the provider declined to answer, in its words, when it did. */
  readonly refusalReason: string | undefined;
  /** Frames that were no JSON, skipped. */
  readonly malformed: number;
};

export type Protocol = {
  id: ProtocolId;
  /** Sent with every request, unless the provider's own headers say otherwise. */
  defaultHeaders: Readonly<Record<string, string>>;
  encode(request: ChatRequest, engine: Engine, options: EncodeOptions): EncodedRequest;
  authHeaders(key: string): Record<string, string>;
  createDecoder(context: DecodeContext): Decoder;
  /** Whether the engine, as far as is known, cannot do this: it is then not asked. */
  lacks(capability: Capability, engine: Engine): boolean;
  /** Whether the engine continues a last message of the assistant. */
  takesPrefill(engine: Engine): boolean;
};

const MOST_DROPPED = 50;

/** The names as they may go into a header: the client chose some of them. */
export function droppedNames(names: readonly string[]): string[] {
  return names.filter((name) => /^[\w.-]{1,64}$/.test(name)).slice(0, MOST_DROPPED);
}
