import type { z } from "zod";
import type { AnswerWriter, CompletionApi, ReadRequest } from "#lib/apis/completion-api.ts";
import { AnswerBuilder } from "#lib/chat/answer.ts";
import { droppedNames } from "#lib/chat/dropped-names.ts";
import { assertNestedJson } from "#lib/chat/nested-json.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { type ApiPath, type JsonBody, jsonBody, type OperationDocs } from "#lib/server/http/declaration.ts";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import type { ErrorShape } from "#lib/server/http/http-error.ts";
import { callContext } from "#lib/server/routes/call-context.ts";
import { declareRoute, type GatewayCall, type GatewayRoute } from "#lib/server/routes/gateway-route.ts";
import { startCompletion } from "#lib/services/completion.ts";
import type { AnswerBatch, Completion } from "#lib/services/running-completion.ts";
import { toGatewayError } from "#lib/shared/errors.ts";
import { SSE_HEADERS, sseStream } from "#lib/streaming/sse-writer.ts";

/** The largest body of a chat. */
const MAX_BYTES = 25 * MEGABYTE;

export type CompletionRouteOptions = OperationDocs & {
  path: ApiPath;
  errors: ErrorShape;
  api: CompletionApi;
};

/** A route that answers chats in the shape of one public API. */
export function completionRoute({ path, errors, api, ...docs }: CompletionRouteOptions): GatewayRoute {
  const operation = { ...docs, body: completionBody(api), answer };
  return declareRoute({ path, access: "proxy", errors, methods: { POST: operation } });
}

/** The body of a chat in the shape of one public API. */
export function completionBody(api: CompletionApi): JsonBody<z.ZodType, ReadRequest> {
  return jsonBody({
    schema: api.schema,
    maxBytes: MAX_BYTES,
    read(parsed, { headers, isLarge }) {
      const read = api.read(parsed, headers);
      assertNestedJson(read.chat.messages);
      if (isLarge) read.chat.isLarge = true;
      return read;
    },
  });
}

async function answer(call: GatewayCall<"proxy", ReadRequest>): Promise<PlainResponse> {
  const { gateway, requestId, body: read } = call;
  const completion = await startCompletion(read, callContext(call), gateway.completion);
  const { clock } = gateway.completion.effects;
  const writer = read.createWriter({
    id: requestId.replaceAll("-", ""),
    model: completion.model,
    createdAt: Math.floor(clock.wallNow() / 1_000),
  });
  const headers = answerHeaders(completion, read.dropped);
  if (!read.chat.stream) return jsonResponse(await wholeAnswer(completion, writer, read), { headers });
  const frames = new AnswerFrames(completion, writer);
  const stream = sseStream(frames, (text) => text, { clock, onCancel: () => completion.abandon() });
  return new PlainResponse(stream, { headers: { ...SSE_HEADERS, ...headers } });
}

async function wholeAnswer(
  completion: Completion,
  writer: AnswerWriter,
  { mcp }: Pick<ReadRequest, "mcp">,
): Promise<object> {
  const answer = new AnswerBuilder();
  try {
    let batch = await completion.next();
    while (batch !== undefined) {
      if (mcp === undefined) answer.push(batch.events);
      else writer.batch(batch.events);
      batch = await completion.next();
    }
  } catch (thrown) {
    completion.abandon();
    // A client that saw an error would send the request again, and what tools have done would be done twice.
    const failed = mcp === undefined ? undefined : writer.gathered?.(toGatewayError(thrown));
    if (failed === undefined) throw thrown;
    return failed;
  }
  const usage = completion.usage();
  const gathered = mcp === undefined ? undefined : writer.gathered?.(usage);
  return gathered ?? writer.whole(answer.build(), usage);
}

/** A completion as the text of a stream; the end of the answer is written with its last batch. */
class AnswerFrames implements AsyncIterator<string, undefined> {
  readonly #completion: Completion;
  readonly #writer: AnswerWriter;
  #ended = false;

  constructor(completion: Completion, writer: AnswerWriter) {
    this.#completion = completion;
    this.#writer = writer;
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    try {
      while (!this.#ended) {
        const frames = this.#write(await this.#completion.next());
        if (frames !== "") return { done: false, value: frames };
      }
      return { done: true, value: undefined };
    } catch (thrown) {
      this.#ended = true;
      // The writer may have failed, too: the answer is not read on.
      this.#completion.abandon();
      return { done: false, value: this.#writer.fail(toGatewayError(thrown)) };
    }
  }

  #write(batch: AnswerBatch | undefined): string {
    this.#ended = batch === undefined || batch.isLast;
    const frames = batch === undefined ? "" : this.#writer.batch(batch.events);
    return this.#ended ? frames + this.#writer.end(this.#completion.usage()) : frames;
  }
}

/** The headers that say which engine answered, and how. */
export function answerHeaders(
  answered: Pick<Completion, "attempts" | "dropped"> & Partial<Pick<Completion, "engine" | "mode">>,
  dropped: readonly string[] = [],
): Record<string, string> {
  const { engine, attempts, mode } = answered;
  const headers: Record<string, string> = { "x-sarmalink-attempts": String(attempts) };
  if (engine !== undefined) {
    headers["x-sarmalink-engine"] = engine.id;
    headers["x-sarmalink-provider"] = engine.provider.id;
  }
  if (mode !== undefined) headers["x-sarmalink-mode"] = mode;
  if (dropped.length === 0 && answered.dropped.length === 0) return headers;
  const names = droppedNames([...new Set([...dropped, ...answered.dropped])]);
  if (names.length > 0) headers["x-sarmalink-dropped"] = names.join(", ");
  return headers;
}
