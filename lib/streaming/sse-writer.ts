import type { Clock } from "#lib/shared/clock.ts";

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
 * Batches of frames as the body of a response. Each batch leaves as one write.
 *
 * Pulls: nothing is asked of the source until the client has taken what came before, so back-pressure
 * reaches the provider. The source ends the stream; it is told when the reader leaves.
 */
export function sseStream(
  batches: AsyncIterator<string>,
  options: SseWriterOptions,
): ReadableStream<Uint8Array> {
  const { clock, heartbeatMs = HEARTBEAT_MS } = options;
  const encoder = new TextEncoder();
  let left = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let heartbeat = clock.after(heartbeatMs, beat);
        function beat(): void {
          if (left) return;
          // A reader that does not read needs no sign of life.
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(HEARTBEAT);
          heartbeat = clock.after(heartbeatMs, beat);
        }
        try {
          const step = await batches.next();
          if (left) return;
          if (step.done) controller.close();
          else controller.enqueue(encoder.encode(step.value));
        } finally {
          heartbeat.cancel();
        }
      },
      cancel(reason) {
        left = true;
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
