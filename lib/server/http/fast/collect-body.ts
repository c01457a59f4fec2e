/**
 * The body of a request by its events, without a stream of the platform.
 *
 * Plain path: `body-stream.ts`, which makes the stream.
 * Both agree: `__tests__/server/http/fast/node-request.test.ts`.
 * Why: a web stream costs more than all of the reading; `npm run bench`, the row "the gateway", JSON.
 */

import type { IncomingMessage } from "node:http";

/**
 * Hands the body of a request to `take`, in the pieces it comes in, and resolves at its end. Rejects with
 * what `take` throws, the rest being left to the host, and when the client leaves before the end. To be
 * asked for once, and by nobody who reads the body otherwise.
 */
export function collectBody(incoming: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let open = true;
    const breakOff = (error?: unknown): void => {
      if (!open) return;
      open = false;
      reject(error ?? new Error("The client has left."));
    };
    // Gone before anybody asked for the body: its events have been.
    if (incoming.destroyed) return breakOff(incoming.errored ?? undefined);
    incoming.on("data", (chunk: Buffer) => {
      if (!open) return;
      try {
        take(chunk);
      } catch (error) {
        incoming.pause();
        breakOff(error);
      }
    });
    incoming.once("end", () => {
      open = false;
      resolve();
    });
    incoming.once("error", breakOff);
    incoming.once("close", breakOff);
  });
}
