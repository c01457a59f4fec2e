/**
 * The body of a request from its events, without a web stream.
 *
 * Plain path: `body-stream.ts`, which makes the stream.
 * Both agree: `__tests__/server/http/fast/node-request.test.ts`.
 * Why: a web stream costs more than all of the reading; `npm run bench`, the row "the gateway", JSON.
 */

import type { IncomingMessage } from "node:http";

/**
 * Passes the body of a request to `take`, in the pieces it comes in, and resolves at its end. Rejects with
 * what `take` throws, leaving the rest to the host, and if the client disconnects before the end. Call it
 * once, and do not read the body in another way.
 */
export function collectBody(incoming: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let open = true;
    const breakOff = (error?: unknown): void => {
      if (!open) return;
      open = false;
      reject(error ?? new Error("The client disconnected."));
    };
    // The client disconnected before: its events have been emitted already.
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
