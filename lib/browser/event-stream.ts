import { createParser } from "eventsource-parser";
import { ApiError, type FetchLike, sendToApi } from "#lib/browser/api.ts";

export type StreamOptions = {
  /** Aborting it ends the answer at the gateway too: nothing more is generated or billed. */
  signal: AbortSignal;
  /** Where the gateway is; by default the page's own origin. */
  url?: string;
  /** A gateway key, in place of the session cookie. */
  bearer?: string;
  fetch?: FetchLike;
};

/** Characters of one event. The largest are images in base64; something larger is no stream of ours. */
const MAX_EVENT_LENGTH = 64_000_000;

/**
 * Posts a body, and yields the events of the answer as they come, in batches of what one read brought. Throws an
 * `ApiError`: the gateway's own before the stream, `network` if it cannot be reached, and `stream_cut` if
 * the connection broke before `done` or `error`. Throws the signal's reason when it aborts. Ending the loop
 * early closes the connection.
 *
 * @param readEvent the event in a frame's data; undefined for what is no event.
 */
export async function* streamEvents<Event extends { type: string }>(
  path: string,
  body: unknown,
  { signal, url = "", bearer, fetch }: StreamOptions,
  readEvent: (data: string) => Event | undefined,
): AsyncGenerator<readonly Event[]> {
  const response = await sendToApi(`${url}${path}`, {
    method: "POST",
    body,
    signal,
    ...(bearer === undefined ? {} : { bearer }),
    ...(fetch === undefined ? {} : { fetch }),
  });
  if (response.body === null) throw cut();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let events: Event[] = [];
  let isTooLong = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_LENGTH,
    onEvent({ data }) {
      const event = readEvent(data);
      if (event !== undefined) events.push(event);
    },
    onError({ type }) {
      if (type === "max-buffer-size-exceeded") isTooLong = true;
    },
  });
  try {
    for (;;) {
      const { done, value } = await read(reader, signal);
      if (done) throw cut();
      parser.feed(value);
      if (isTooLong) throw cut();
      if (events.length === 0) continue;
      const batch = events;
      events = [];
      yield batch;
      if (batch.some(isLast)) return;
    }
  } finally {
    reader.cancel().catch(() => {
      // The connection is gone already: there is nothing left to close.
      events = [];
    });
  }
}

/** `done` and `error` end a stream. */
function isLast({ type }: { type: string }): boolean {
  return type === "done" || type === "error";
}

async function read(
  reader: ReadableStreamDefaultReader<string>,
  signal: AbortSignal,
): Promise<ReadableStreamReadResult<string>> {
  try {
    return await reader.read();
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ApiError ? error : cut();
  }
}

function cut(): ApiError {
  return new ApiError({
    status: 0,
    code: "stream_cut",
    message: "The connection to the gateway broke before the answer was complete.",
  });
}
