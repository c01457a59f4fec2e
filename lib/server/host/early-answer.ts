import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/**
 * An upload that goes on after its answer is read for so long, milliseconds, and while its bytes keep coming:
 * a client whose connection is cut while it sends may never see the answer.
 */
const MAX_REST_MS = 10_000;
const REST_IDLE_MS = 1_000;
/** An upload in tiny pieces costs more for each of them than for its bytes: so many are read at most. */
const MAX_REST_PIECES = 10_000;

/**
 * For an answer that leaves while the client still sends: behind it, only our end of the connection closes.
 * One that is closed with bytes unread is reset, and its client may never see the answer.
 */
export function keepReading(socket: Socket): void {
  // What node:http calls behind the last answer of a connection.
  socket.destroySoon = () => void socket.end();
}

/** The answer is out. What the client still sends is read and thrown away for a while. */
export function endUpload(incoming: IncomingMessage): void {
  const { socket } = incoming;
  const closeAsEver = (): void => {
    if (!Object.hasOwn(socket, "destroySoon")) return;
    Reflect.deleteProperty(socket, "destroySoon");
    if (socket.writableEnded) socket.destroySoon();
  };
  if (incoming.complete || incoming.destroyed) return closeAsEver();
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
    closeAsEver();
  });
}
