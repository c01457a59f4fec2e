import type { Capability } from "#lib/chat/capabilities.ts";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { EmbeddingLimits, EmbeddingRequest } from "#lib/embeddings/embedding-request.ts";
import type { Embeddings } from "#lib/embeddings/vectors.ts";
import type { ErrorContext } from "#lib/providers/failures/provider-error.ts";
import type { DrawPower } from "#lib/providers/protocols/draw-power.ts";
import type { EngineRequest } from "#lib/providers/protocols/engine-request.ts";
import type { SearchPower } from "#lib/providers/protocols/search-power.ts";
import type { SpeakPower } from "#lib/providers/protocols/speak-power.ts";
import type { TranscribePower } from "#lib/providers/protocols/transcribe-power.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { Credential } from "#lib/providers/vendors/credentials.ts";
import type { ProtocolId, ServiceProtocolId } from "#lib/providers/vendors/provider.ts";
import type { JsonObject } from "#lib/shared/json.ts";

export type EncodeOptions = {
  /** Mark the stable prefix as cacheable if the engine supports it. */
  promptCache: boolean;
  /** Send only what the client requested: an earlier call was refused because of an addition. */
  withoutAdditions?: boolean;
};

/** Turns the arguments of one call, as the engine writes them, into those of the client's tool. */
export type ArgumentRestorer = {
  /** Takes the next piece of the engine's text; returns what is certain of the client's. */
  push(piece: string): string;
  /** The call is complete: returns the rest. */
  end(): string;
};

/** How the engine's calls of a tool become calls of the client's tool again. */
export type ToolRestoration = {
  /** The client's name of the tool. */
  name: string;
  /** The client's tool is a custom one: its input is free text. */
  custom?: true;
  /** For each call; by default the arguments are the client's. */
  createArguments?: () => ArgumentRestorer;
};

/** By the name that the engine was given. */
export type ToolRestorations = ReadonlyMap<string, ToolRestoration>;

/** A request in a provider's shape. */
export type EncodedRequest = {
  /** Appended to the engine's base URL. */
  path: string;
  headers: Record<string, string>;
  body: JsonObject;
  /** Fields of the client's request, in OpenAI's names, that this engine cannot take. */
  dropped: string[];
  /** Fields that the gateway added, by the names that a provider uses when it refuses them. */
  additions: string[];
  /** The tools that the engine was given under another name or in another form, if any. */
  restorations?: ToolRestorations;
};

export type DecodeContext = ErrorContext & {
  /** A new id for a tool call that came without one. */
  newId: () => string;
  /** Whether a call of the history has this id. */
  isUsedId?: (id: string) => boolean;
  /** Issuer of opaque tokens. */
  issuer: string;
  /** The provider bills what it reports as `usage.cost` (OpenRouter); otherwise the field is ignored. */
  trustsCost?: boolean;
};

/**
 * Reads one answer. Synchronous: a chunk goes in, and its events are appended to the caller's array.
 * Throws `EngineFailure` for an error inside the stream.
 */
export type Decoder = {
  /** One SSE message, or the whole body of a non-streaming answer. */
  push(data: string, event: string | undefined, out: ChatEvent[]): void;
  /** Emits what was held back, then the finish reason. */
  end(out: ChatEvent[]): void;
  /** The provider has sent its finish reason. */
  readonly finished: boolean;
  /** The provider's end mark has arrived: nothing follows. */
  readonly done: boolean;
  /** The latest usage reported, if any. */
  readonly usage: TokenUsage | undefined;
  /** Why the provider declined to answer, in its own words. */
  readonly refusalReason: string | undefined;
  /** Number of frames that were skipped because they were not JSON. */
  readonly malformed: number;
};

/**
 * How an engine is given the beginning of an answer that it continues.
 * `instructed`: as a message, with the instruction to go on; it may greet, start over or repeat words first.
 * `prefill`: as the beginning of its own answer, which it continues directly.
 * `echoedPrefill`: the same, but the provider sends the beginning back first (Mistral's `prefix`).
 */
export type ContinuationStrategy = "instructed" | "prefill" | "echoedPrefill";

export type ChatPower = {
  encode(request: ChatRequest, engine: Engine, options: EncodeOptions): EncodedRequest;
  createDecoder(context: DecodeContext): Decoder;
  /** Whether the engine is known to lack the capability; it is then not called. */
  lacks(capability: Capability, engine: Engine): boolean;
  /** Whether the engine is asked to search the web itself for this request, which wants that. */
  grounds(request: ChatRequest, engine: Engine): boolean;
  /** How the engine continues an answer that another one began. */
  continuation(engine: Engine): ContinuationStrategy;
};

/** The engine itself counts the tokens of a prompt. */
export type TokenCountPower = {
  encode(request: ChatRequest, engine: Engine): EngineRequest;
  /** Undefined for an answer of another shape. */
  read(answer: unknown): number | undefined;
};

export type EmbedPower = {
  limits(engine: Engine): EmbeddingLimits;
  /** `dropped`: fields of the request that the engine cannot take. */
  encode(request: EmbeddingRequest, engine: Engine): { request: EngineRequest; dropped: string[] };
  /** `count` vectors in the order of the input; undefined for an answer of another shape. */
  decode(answer: unknown, count: number): Embeddings | undefined;
};

/** A wire protocol: how it authenticates, and the operations that it supports. */
export type Protocol = {
  id: ProtocolId | ServiceProtocolId;
  authHeaders(credential: Credential): Record<string, string>;
  chat?: ChatPower;
  countTokens?: TokenCountPower;
  embed?: EmbedPower;
  search?: SearchPower;
  transcribe?: TranscribePower;
  speak?: SpeakPower;
  draw?: DrawPower;
};

export type ChatProtocol = Protocol & { chat: ChatPower };
