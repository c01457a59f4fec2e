import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/**
 * How long an upload is still read after its answer, in total and without a byte, milliseconds: a client whose
 * connection is closed while it sends may never see the answer.
 */
const MAX_REST_MS = 10_000;
const REST_IDLE_MS = 1_000;
/** The pieces of such an upload that are read: many tiny ones cost more than their bytes. */
const MAX_REST_PIECES = 10_000;

/**
 * For an answer that is sent while the client still uploads: closes only our end of the connection after it.
 * A connection that is closed with unread bytes is reset, and its client may never see the answer.
 */
export function keepReading(socket: Socket): void {
  // node:http calls this after the last answer of a connection.
  socket.destroySoon = () => void socket.end();
}

/** Call this after the answer: what the client still sends is read and discarded for a while. */
export function endUpload(incoming: IncomingMessage): void {
  const { socket } = incoming;
  const closeNormally = (): void => {
    if (!Object.hasOwn(socket, "destroySoon")) return;
    Reflect.deleteProperty(socket, "destroySoon");
    if (socket.writableEnded) socket.destroySoon();
  };
  if (incoming.complete || incoming.destroyed) return closeNormally();
  const cut = (): void => void socket.destroy();
  const longest = setTimeout(cut, MAX_REST_MS).unref();
  const idle = setTimeout(cut, REST_IDLE_MS).unref();
  let pieces = 0;
  incoming.on("data", () => {
    idle.refresh();
    if (++pieces > MAX_REST_PIECES) cut();
  });
  incoming.resume();
  incoming.once("close", () => {
    clearTimeout(longest);
    clearTimeout(idle);
    closeNormally();
  });
}
