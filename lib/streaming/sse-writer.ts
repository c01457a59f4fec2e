import type { Clock, Timer } from "#lib/shared/clock.ts";

/** A comment is sent after this much silence, milliseconds, so that proxies keep the connection open. */
export const HEARTBEAT_MS = 15_000;
const HEARTBEAT = ": keep-alive\n\n";
/** A client that reads nothing for this long, milliseconds, counts as disconnected: it blocks an engine. */
export const READER_TIMEOUT_MS = 120_000;

export type SseWriterOptions = {
  clock: Clock;
  /** Called when the client has disconnected, to stop the source. */
  onCancel: (reason: unknown) => void;
  heartbeatMs?: number;
  readerTimeoutMs?: number;
};

/** Frames on demand, for a host that writes them without a web stream in between. */
export type FrameSource = {
  /**
   * The frames of the next batch; undefined at the end. While it waits, `onSilence` receives a comment to
   * write after each long silence. Rejects when the source fails.
   */
  next(onSilence: (comment: string) => void): Promise<string | undefined>;
  /** The client has disconnected. May be called more than once. */
  cancel(reason: unknown): void;
};

const sources = new WeakMap<ReadableStream, FrameSource & { leaveReaderToHost(): void }>();

/**
 * The source behind an unread stream of `sseStream`. The caller reads from it instead of the stream, which
 * costs several promises and a copy for every chunk.
 */
export function takeFrameSource(stream: ReadableStream): FrameSource | undefined {
  const source = stream.locked ? undefined : sources.get(stream);
  sources.delete(stream);
  source?.leaveReaderToHost();
  return source;
}

/**
 * Batches of events as the body of a response. Each batch is one write.
 *
 * The stream pulls: the source is not read until the client has taken the previous batch, so back-pressure
 * reaches the provider. The source ends the stream; `onCancel` is called when the client disconnects.
 */
export function sseStream<Batch>(
  batches: AsyncIterator<Batch>,
  encode: (batch: Batch) => string,
  options: SseWriterOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let left = false;
  let fail: ((reason: unknown) => void) | undefined;
  const source = new Frames(batches, encode, {
    ...options,
    onCancel: (reason) => {
      options.onCancel(reason);
      // The reader did not cancel and may read again.
      if (!left) fail?.(reason);
    },
  });
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        fail = (reason) => controller.error(reason);
      },
      async pull(controller) {
        const frames = await source.next((comment) => {
          // A client that is not reading needs no heartbeat.
          if ((controller.desiredSize ?? -1) >= 0) controller.enqueue(encoder.encode(comment));
        });
        if (left) return;
        if (frames === undefined) controller.close();
        else controller.enqueue(encoder.encode(frames));
      },
      cancel(reason) {
        left = true;
        source.cancel(reason);
      },
    },
    // No read-ahead: a host that takes the source must find it untouched.
    { highWaterMark: 0 },
  );
  sources.set(stream, source);
  return stream;
}

class Frames<Batch> implements FrameSource {
  readonly #batches: AsyncIterator<Batch>;
  readonly #encode: (batch: Batch) => string;
  readonly #options: SseWriterOptions;
  readonly #heartbeatMs: number;
  #readerTimeoutMs: number;
  #left = false;
  /** When the last batch was returned; valid only while no batch is requested. */
  #handedOutAt = 0;
  #heartbeat: Timer | undefined;
  /** The pending request for a batch; undefined if there is none. */
  #waiting: { since: number; onSilence: (comment: string) => void } | undefined;

  constructor(batches: AsyncIterator<Batch>, encode: (batch: Batch) => string, options: SseWriterOptions) {
    this.#batches = batches;
    this.#encode = encode;
    this.#options = options;
    this.#heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
    this.#readerTimeoutMs = options.readerTimeoutMs ?? READER_TIMEOUT_MS;
  }

  async next(onSilence: (comment: string) => void): Promise<string | undefined> {
    this.#waiting = { since: this.#options.clock.now(), onSilence };
    if (this.#heartbeat === undefined) this.#watch(this.#heartbeatMs);
    let goesOn = false;
    try {
      const step = await this.#batches.next();
      if (step.done === true || this.#left) return undefined;
      const frames = this.#encode(step.value);
      goesOn = true;
      return frames;
    } finally {
      this.#waiting = undefined;
      this.#handedOutAt = this.#options.clock.now();
      if (!goesOn) this.#heartbeat?.cancel();
    }
  }

  /** The host sees whether bytes leave the socket; here, a slow client looks like a disconnected one. */
  leaveReaderToHost(): void {
    this.#readerTimeoutMs = Number.POSITIVE_INFINITY;
  }

  cancel(reason: unknown): void {
    if (this.#left) return;
    this.#left = true;
    this.#heartbeat?.cancel();
    this.#options.onCancel(reason);
  }

  /**
   * One timer for the whole stream instead of one per batch: when it fires, it checks how long the client has
   * waited for the source, or the source for the client.
   */
  #watch(milliseconds: number): void {
    this.#heartbeat = this.#options.clock.after(milliseconds, () => {
      this.#heartbeat = undefined;
      if (this.#left) return;
      if (this.#waiting === undefined) this.#awaitReader();
      else this.#soothe(this.#waiting);
    });
  }

  #soothe(waiting: { since: number; onSilence: (comment: string) => void }): void {
    const now = this.#options.clock.now();
    const due = waiting.since + this.#heartbeatMs - now;
    if (due > 0) return this.#watch(due);
    waiting.onSilence(HEARTBEAT);
    waiting.since = now;
    this.#watch(this.#heartbeatMs);
  }

  #awaitReader(): void {
    // The next request for a batch sets the timer again.
    if (this.#readerTimeoutMs === Number.POSITIVE_INFINITY) return;
    const due = this.#handedOutAt + this.#readerTimeoutMs - this.#options.clock.now();
    if (due > 0) this.#watch(Math.min(due, this.#heartbeatMs));
    else this.cancel(new Error("The client has stopped reading."));
  }
}

export const SSE_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  // nginx would buffer the stream.
  "x-accel-buffering": "no",
} as const;
