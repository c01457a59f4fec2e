import type { z } from "zod";
import type { Answer } from "#lib/chat/answer.ts";
import type { AnswerEvent } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { McpRequest } from "#lib/plugins/mcp-request.ts";
import type { GatewayError } from "#lib/shared/errors.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** Metadata of an answer. */
export type AnswerMeta = {
  /** Unique, of letters, digits and `_`; each API adds its own prefix. */
  id: string;
  /** The model name for the client. */
  model: string;
  /** Seconds since the epoch. */
  createdAt: number;
};

/**
 * Writes one answer in a public API's format: either `whole`, or `batch` any number of times and then `end`
 * or `fail`. The strings are SSE frames.
 */
export type AnswerWriter = {
  whole(answer: Answer, usage: TokenUsage): JsonObject;
  /**
   * The whole answer behind its batches, for one that is more than an `Answer` holds: see `ReadRequest.mcp`. With an
   * error, the answer up to there; undefined if no tool has run in it, and the error is all that there is to say.
   */
  gathered?(outcome: TokenUsage | GatewayError): JsonObject | undefined;
  batch(events: readonly AnswerEvent[]): string;
  /** The answer is complete. */
  end(usage: TokenUsage): string;
  /** The answer broke off: writes an error and no success marker. */
  fail(error: GatewayError): string;
};

/** A client's request, parsed. */
export type ReadRequest = {
  chat: ChatRequest;
  /** The models that the client names, in order of preference; at least one. */
  models: readonly string[];
  /** Fields that no engine can receive, by the client's names. */
  dropped: readonly string[];
  /** MCP servers whose tools the gateway runs for the model. Its calls are among the answer's events. */
  mcp?: McpRequest;
  createWriter(meta: AnswerMeta): AnswerWriter;
};

/** A public API for chat: a pure translation in both directions. */
export type CompletionApi<Schema extends z.ZodType = z.ZodType> = {
  schema: Schema;
  /** Translates the request. Throws `invalid_request` for mistakes that the schema cannot express. */
  read(body: z.output<Schema>, headers: Headers): ReadRequest;
};
