/**
 * The plain path behind `collect-body.ts`, for routes that read the body as a stream; their agreement is
 * tested in `__tests__/server/http/fast/node-request.test.ts`.
 */

import type { IncomingMessage } from "node:http";

/** Bytes of an upload held ahead of the route before the socket is paused. */
const WINDOW = 256 * 1024;

/**
 * The body of a request as a stream: paused while the route does not read, errored if the client disconnects
 * before its end. If the route cancels it, the host handles the rest.
 */
export function bodyStream(incoming: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> {
  let open = true;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        const breakOff = (error: Error): void => {
          if (!open) return;
          open = false;
          controller.error(error);
        };
        // The client disconnected before: its events have been emitted already.
        if (incoming.destroyed && !incoming.complete)
          return breakOff(incoming.errored ?? new Error("The client disconnected."));
        incoming.on("data", (chunk: Buffer<ArrayBuffer>) => {
          if (!open) return;
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
        });
        incoming.once("end", () => {
          if (!open) return;
          open = false;
          controller.close();
        });
        incoming.once("error", breakOff);
        incoming.once("close", () => breakOff(new Error("The client disconnected.")));
      },
      pull() {
        incoming.resume();
      },
      cancel() {
        open = false;
        incoming.pause();
      },
    },
    { highWaterMark: WINDOW, size: (chunk) => chunk.byteLength },
  );
}
