import type { AnswerWriter, CompletionApi, ReadRequest } from "#lib/apis/completion-api.ts";
import { AnswerBuilder } from "#lib/chat/answer.ts";
import { assertNestedJson } from "#lib/chat/nested-json.ts";
import { droppedNames } from "#lib/providers/protocols/protocol.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import type { ErrorBody } from "#lib/server/http/http-error.ts";
import type { GatewaySource, OwnRoute, RouteContext } from "#lib/server/http/route.ts";
import { proxyRoute } from "#lib/server/routes/proxy-route.ts";
import { type AnswerBatch, type Completion, startCompletion } from "#lib/services/completion.ts";
import { toGatewayError } from "#lib/shared/errors.ts";
import { SSE_HEADERS, sseStream } from "#lib/streaming/sse-writer.ts";

/** Of the body of a chat. */
const MAX_BYTES = 25 * MEGABYTE;

/** A route that answers chats in the shape of one public API. */
export function completionRoute(gateway: GatewaySource, api: CompletionApi, errors: ErrorBody): OwnRoute {
  return proxyRoute(gateway, { POST: (request, context) => answer(request, context, api) }, errors);
}

async function answer(request: Request, context: RouteContext, api: CompletionApi): Promise<PlainResponse> {
  const { gateway, requestId } = context;
  const caller = await context.authenticateProxy();
  const read = await readCompletion(request, context, api);
  const completion = await startCompletion(
    read,
    { requestId, caller, signal: request.signal, inBackground: context.inBackground },
    gateway.completion,
  );
  const { clock } = gateway.completion.effects;
  const writer = read.createWriter({
    id: requestId.replaceAll("-", ""),
    model: completion.model,
    createdAt: Math.floor(clock.wallNow() / 1_000),
  });
  const headers = answerHeaders(completion, read.dropped);
  if (!read.chat.stream) return jsonResponse(await wholeAnswer(completion, writer), { headers });
  const frames = new AnswerFrames(completion, writer);
  const stream = sseStream(frames, (text) => text, { clock, onCancel: () => completion.abandon() });
  return new PlainResponse(stream, { headers: { ...SSE_HEADERS, ...headers } });
}

/**
 * The chat that a request asks for. The parsed body, fields that nobody knows included, is not kept beside
 * what was read from it.
 */
export async function readCompletion(
  request: Request,
  context: RouteContext,
  api: CompletionApi,
): Promise<ReadRequest> {
  const read = api.read(await context.readJson(api.schema, MAX_BYTES), request.headers);
  assertNestedJson(read.chat.messages);
  if (context.hasLargeBody()) read.chat.isLarge = true;
  return read;
}

async function wholeAnswer(completion: Completion, writer: AnswerWriter): Promise<object> {
  const answer = new AnswerBuilder();
  try {
    let batch = await completion.next();
    while (batch !== undefined) {
      answer.push(batch.events);
      batch = await completion.next();
    }
  } catch (thrown) {
    completion.abandon();
    throw thrown;
  }
  return writer.whole(answer.build(), completion.usage());
}

/** A completion as the text of a stream, batch by batch; what ends the answer leaves with the last of it. */
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
      // Whoever threw: nobody reads the answer any more.
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

/** What the answer tells of its way here. */
export function answerHeaders(
  answered: Pick<Completion, "engine" | "attempts" | "dropped"> & { mode?: Completion["mode"] },
  dropped: readonly string[] = [],
): Record<string, string> {
  const { engine, attempts, mode } = answered;
  const headers: Record<string, string> = {
    "x-sarmalink-engine": engine.id,
    "x-sarmalink-provider": engine.provider.id,
    "x-sarmalink-attempts": String(attempts),
  };
  if (mode !== undefined) headers["x-sarmalink-mode"] = mode;
  if (dropped.length === 0 && answered.dropped.length === 0) return headers;
  const names = droppedNames([...new Set([...dropped, ...answered.dropped])]);
  if (names.length > 0) headers["x-sarmalink-dropped"] = names.join(", ");
  return headers;
}
