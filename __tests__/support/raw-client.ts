import { connect, type Socket } from "node:net";

export type RawClient = {
  socket: Socket;
  /** Everything that came so far. */
  readonly text: string;
  /** Resolves once what came contains it; rejects when the connection closes before. */
  until(part: string): Promise<void>;
  /** Resolves with everything that came once the connection is closed. */
  closed(): Promise<string>;
};

/** A client that sends bytes as they are, so that it can be rude. */
export async function rawClient(url: string, bytes: string): Promise<RawClient> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let text = "";
  let isClosed = false;
  const listeners = new Set<() => void>();
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    for (const listener of listeners) listener();
  });
  socket.on("error", () => socket.destroy());
  socket.once("close", () => {
    isClosed = true;
    for (const listener of listeners) listener();
  });
  const waitFor = (holds: () => boolean): Promise<boolean> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!holds() && !isClosed) return;
        listeners.delete(check);
        resolve(holds());
      };
      listeners.add(check);
      check();
    });
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  socket.write(bytes);
  return {
    socket,
    get text() {
      return text;
    },
    async until(part) {
      if (!(await waitFor(() => text.includes(part)))) throw new Error(`Closed without "${part}":\n${text}`);
    },
    async closed() {
      await waitFor(() => isClosed);
      return text;
    },
  };
}
