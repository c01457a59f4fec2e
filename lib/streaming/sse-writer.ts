import type { Clock, Timer } from "#lib/shared/clock.ts";

/** A comment goes out after this much silence, milliseconds, so that proxies keep the connection. */
export const HEARTBEAT_MS = 15_000;
const HEARTBEAT = new TextEncoder().encode(": keep-alive\n\n");

export type SseWriterOptions = {
  clock: Clock;
  /** The reader is gone: stop whatever makes the frames. */
  onCancel: (reason: unknown) => void;
  heartbeatMs?: number;
};

/**
 * Batches of events as the body of a response. Each batch leaves as one write.
 *
 * Pulls: nothing is asked of the source until the client has taken what came before, so back-pressure
 * reaches the provider. The source ends the stream; it is told when the reader leaves.
 */
export function sseStream<Batch>(
  batches: AsyncIterator<Batch>,
  encode: (batch: Batch) => string,
  options: SseWriterOptions,
): ReadableStream<Uint8Array> {
  const { clock, heartbeatMs = HEARTBEAT_MS } = options;
  const encoder = new TextEncoder();
  let left = false;
  let heartbeat: Timer | undefined;
  /** Since when the reader waits for a batch; undefined while it does not. */
  let waitingSince: number | undefined;

  /** One timer for the whole stream, not one a batch: it looks how long the reader has waited by then. */
  function watch(controller: ReadableStreamDefaultController<Uint8Array>, milliseconds: number): void {
    heartbeat = clock.after(milliseconds, () => {
      heartbeat = undefined;
      if (left || waitingSince === undefined) return;
      const due = waitingSince + heartbeatMs - clock.now();
      if (due > 0) return watch(controller, due);
      // A reader that does not read needs no sign of life.
      if ((controller.desiredSize ?? 0) > 0) controller.enqueue(HEARTBEAT);
      waitingSince = clock.now();
      watch(controller, heartbeatMs);
    });
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        waitingSince = clock.now();
        if (heartbeat === undefined) watch(controller, heartbeatMs);
        try {
          const step = await batches.next();
          if (left) return;
          if (!step.done) return controller.enqueue(encoder.encode(encode(step.value)));
          heartbeat?.cancel();
          controller.close();
        } catch (error) {
          heartbeat?.cancel();
          throw error;
        } finally {
          waitingSince = undefined;
        }
      },
      cancel(reason) {
        left = true;
        heartbeat?.cancel();
        options.onCancel(reason);
      },
    },
    { highWaterMark: 1 },
  );
}

export const SSE_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  // nginx would hold the stream back.
  "x-accel-buffering": "no",
} as const;
