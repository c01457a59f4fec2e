import type { z } from "zod";
import type { Answer } from "#lib/chat/answer.ts";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { GatewayError } from "#lib/shared/errors.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** What an answer says of itself. */
export type AnswerMeta = {
  /** Unique, of letters, digits and `_`; each API puts its own prefix before it. */
  id: string;
  /** The model as the client is to read it. */
  model: string;
  /** Seconds since the epoch. */
  createdAt: number;
};

/**
 * Writes one answer in a public API's shape: either `whole`, or `batch` as often as there is something,
 * then `end` or `fail`. The strings are SSE frames, ready to be sent.
 */
export type AnswerWriter = {
  whole(answer: Answer, usage: TokenUsage): JsonObject;
  batch(events: readonly ChatEvent[]): string;
  /** The answer is complete. */
  end(usage: TokenUsage): string;
  /** The answer broke off: an error, and no mark of success. */
  fail(error: GatewayError): string;
};

/** A client's request, read. */
export type ReadRequest = {
  chat: ChatRequest;
  /** The models that the client names, in order of preference; at least one. */
  models: readonly string[];
  /** Fields that no engine of ours could be given, in the client's words. */
  dropped: readonly string[];
  createWriter(meta: AnswerMeta): AnswerWriter;
};

/** A public API that answers chats: a pure translation in both directions. */
export type CompletionApi<Schema extends z.ZodType = z.ZodType> = {
  schema: Schema;
  /** The request in our own words. Throws `invalid_request` for what the schema cannot say. */
  read(body: z.output<Schema>, headers: Headers): ReadRequest;
};
