import type { IncomingMessage } from "node:http";

/**
 * The body of a request in the pieces it came in; undefined once it is longer than `mostBytes`, when the
 * rest is left to the host. Rejects when the client leaves before its end. To be asked for once, and
 * by nobody who reads the body otherwise.
 */
export function collectBody(incoming: IncomingMessage, mostBytes: number): Promise<Buffer[] | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let open = true;
    const breakOff = (error?: Error): void => {
      if (!open) return;
      open = false;
      reject(error ?? new Error("The client has left."));
    };
    // Gone before anybody asked for the body: its events have been.
    if (incoming.destroyed) return breakOff(incoming.errored ?? undefined);
    incoming.on("data", (chunk: Buffer) => {
      if (!open) return;
      bytes += chunk.byteLength;
      if (bytes <= mostBytes) {
        chunks.push(chunk);
        return;
      }
      open = false;
      incoming.pause();
      resolve(undefined);
    });
    incoming.once("end", () => {
      open = false;
      resolve(chunks);
    });
    incoming.once("error", breakOff);
    incoming.once("close", breakOff);
  });
}
