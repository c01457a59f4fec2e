import type { ServerResponse } from "node:http";
import { type Content, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { type FrameSource, takeFrameSource } from "#lib/streaming/sse-writer.ts";

/** A client that takes not a byte for this long, milliseconds, is taken to be gone. */
export const WRITE_TIMEOUT_MS = 60_000;

export type WriteOptions = {
  /** The request was HEAD: everything but the body. */
  withoutBody: boolean;
  /** The connection ends with this answer. */
  lastOnConnection: boolean;
  writeTimeoutMs?: number | undefined;
};

/**
 * Writes a response to the socket, taking no more of its body than the client does. Resolves when all
 * is written or the client is gone; the body has then been read to its end or cancelled.
 */
export async function writeResponse(
  response: Response,
  outgoing: ServerResponse,
  { withoutBody, lastOnConnection, writeTimeoutMs = WRITE_TIMEOUT_MS }: WriteOptions,
): Promise<void> {
  const { content, headers } = partsOf(response);
  if (lastOnConnection) headers.push("connection", "close");
  if (content === null || withoutBody || outgoing.destroyed) {
    if (content instanceof ReadableStream) await leave(content);
    outgoing.writeHead(response.status, headers).end();
    return;
  }
  if (typeof content === "string" || content instanceof Uint8Array) {
    headers.push("content-length", String(Buffer.byteLength(content)));
    outgoing.writeHead(response.status, headers).end(content);
    return taken(outgoing, writeTimeoutMs);
  }
  const frames = takeFrameSource(content);
  if (frames !== undefined) {
    outgoing.writeHead(response.status, headers);
    return writeFrames(frames, outgoing, writeTimeoutMs);
  }
  if (isWhole(response.headers)) {
    const bytes = new Uint8Array(await response.arrayBuffer());
    headers.push("content-length", String(bytes.byteLength));
    outgoing.writeHead(response.status, headers).end(bytes);
    return taken(outgoing, writeTimeoutMs);
  }
  outgoing.writeHead(response.status, headers);
  await writeStream(content.getReader(), outgoing, writeTimeoutMs);
}

/** JSON answers are in memory as a whole: they get a length. */
function isWhole(headers: Headers): boolean {
  return (
    headers.get("content-type")?.startsWith("application/json") === true && !headers.has("content-length")
  );
}

function partsOf(response: Response): { content: Content; headers: string[] } {
  const plain = response instanceof PlainResponse ? response.parts : undefined;
  if (plain !== undefined) return plain;
  const headers: string[] = [];
  for (const [name, value] of response.headers) headers.push(name, value);
  return { content: response.body, headers };
}

async function writeFrames(
  frames: FrameSource,
  outgoing: ServerResponse,
  writeTimeoutMs: number,
): Promise<void> {
  const onClose = (): void => frames.cancel(new Error("The client has left."));
  outgoing.once("close", onClose);
  const flushing = flushSoon(outgoing);
  const onSilence = (comment: string): void => {
    outgoing.write(comment);
  };
  try {
    while (true) {
      const text = await frames.next(onSilence);
      if (text === undefined || outgoing.destroyed) break;
      if (!outgoing.write(text)) await drained(outgoing, writeTimeoutMs);
    }
    outgoing.end();
    await taken(outgoing, writeTimeoutMs);
  } finally {
    clearImmediate(flushing);
    // An answer that ended well is not one that was left.
    outgoing.off("close", onClose);
    if (outgoing.destroyed) onClose();
  }
}

async function writeStream(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  outgoing: ServerResponse,
  writeTimeoutMs: number,
): Promise<void> {
  const leaveReader = (): void => {
    reader
      .cancel(new Error("The client has left."))
      .catch((error: unknown) => outgoing.destroy(asError(error)));
  };
  outgoing.once("close", leaveReader);
  const flushing = flushSoon(outgoing);
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done || outgoing.destroyed) break;
      if (!outgoing.write(value)) await drained(outgoing, writeTimeoutMs);
    }
    outgoing.end();
    await taken(outgoing, writeTimeoutMs);
  } finally {
    clearImmediate(flushing);
    outgoing.off("close", leaveReader);
    if (outgoing.destroyed) leaveReader();
  }
}

/** Headers wait for the first bytes, to leave in one packet with them, but not for long. */
function flushSoon(outgoing: ServerResponse): NodeJS.Immediate {
  return setImmediate(() => outgoing.flushHeaders());
}

/** The client has taken what was written, or is gone. */
function drained(outgoing: ServerResponse, writeTimeoutMs: number): Promise<void> {
  return outgoing.destroyed ? Promise.resolve() : settled(outgoing, "drain", writeTimeoutMs);
}

/** The client has taken the whole answer, or is gone. Small ones are in the socket's hands at once. */
function taken(outgoing: ServerResponse, writeTimeoutMs: number): Promise<void> | undefined {
  if (outgoing.destroyed || outgoing.writableFinished || outgoing.writableLength === 0) return undefined;
  return settled(outgoing, "finish", writeTimeoutMs);
}

/**
 * Waits for an event of the answer, or its end. Meanwhile the socket has a time-out, which starts anew with
 * every byte that leaves; without one, a client that never reads would hold an engine for ever. It would
 * start anew with every byte that comes as well, so nothing is read of the client until it has read.
 */
function settled(outgoing: ServerResponse, event: "drain" | "finish", writeTimeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const giveUp = (): void => void outgoing.destroy();
    const { socket } = outgoing;
    outgoing.setTimeout(writeTimeoutMs, giveUp);
    socket?.pause();
    const settle = (): void => {
      socket?.resume();
      outgoing.off(event, settle);
      outgoing.off("close", settle);
      outgoing.off("timeout", giveUp);
      // Behind the whole answer, the time-out of an idle connection is the server's.
      if (event === "drain") outgoing.setTimeout(0);
      resolve();
    };
    outgoing.once(event, settle);
    outgoing.once("close", settle);
  });
}

async function leave(body: ReadableStream): Promise<void> {
  const frames = takeFrameSource(body);
  if (frames !== undefined) frames.cancel(new Error("The client does not want the body."));
  else await body.cancel();
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
