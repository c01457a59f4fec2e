import { describe, expect, test } from "vitest";
import {
  HEARTBEAT_MS,
  READER_TIMEOUT_MS,
  SSE_HEADERS,
  sseStream,
  takeFrameSource,
} from "#lib/streaming/sse-writer.ts";
import { FakeClock } from "../support/fake-clock.ts";

type Source = AsyncIterator<string> & {
  asked: number;
  give(text: string): void;
  end(): void;
  fail(error: Error): void;
};

/** Gives what it is told to, when it is told to. */
function manualSource(): Source {
  const waiting: { resolve(step: IteratorResult<string>): void; reject(error: Error): void }[] = [];
  const source: Source = {
    asked: 0,
    next() {
      source.asked++;
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    give: (value) => waiting.shift()?.resolve({ done: false, value }),
    end: () => waiting.shift()?.resolve({ done: true, value: undefined }),
    fail: (error) => waiting.shift()?.reject(error),
  };
  return source;
}

async function open() {
  const clock = new FakeClock();
  const source = manualSource();
  const cancelled: unknown[] = [];
  const stream = sseStream(source, (text) => text, { clock, onCancel: (reason) => cancelled.push(reason) });
  return { clock, source, cancelled, stream, reader: stream.getReader() };
}

const decoder = new TextDecoder();
async function readText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | undefined> {
  const { done, value } = await reader.read();
  return done ? undefined : decoder.decode(value);
}
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the SSE writer", () => {
  test("writes each batch as one chunk and ends when the source does", async () => {
    const { source, reader, clock } = await open();
    const first = readText(reader);
    source.give("data: 1\n\ndata: 2\n\n");
    expect(await first).toBe("data: 1\n\ndata: 2\n\n");
    const last = readText(reader);
    source.end();
    expect(await last).toBeUndefined();
    await settle();
    expect(clock.pending).toBe(0);
  });

  test("sends a comment after each 15 s of silence, and none before", async () => {
    const { clock, reader, source } = await open();
    const first = readText(reader);
    clock.advance(HEARTBEAT_MS - 1);
    await settle();
    clock.advance(1);
    expect(await first).toMatch(/^:.*\n\n$/);
    const second = readText(reader);
    await settle();
    clock.advance(HEARTBEAT_MS);
    expect(await second).toMatch(/^:.*\n\n$/);
    const third = readText(reader);
    source.give("data: x\n\n");
    expect(await third).toBe("data: x\n\n");
  });

  test("silence is counted from the last batch", async () => {
    const { clock, reader, source } = await open();
    const first = readText(reader);
    clock.advance(HEARTBEAT_MS - 1);
    source.give("data: 1\n\n");
    expect(await first).toBe("data: 1\n\n");
    const next = readText(reader);
    clock.advance(HEARTBEAT_MS - 1);
    source.give("data: 2\n\n");
    expect(await next).toBe("data: 2\n\n");
  });

  test("a reader who does not read gets no more than one sign of life", async () => {
    const { clock, reader, source } = await open();
    const first = readText(reader);
    for (let quarter = 0; quarter < 160; quarter++) clock.advance(HEARTBEAT_MS);
    expect(await first).toMatch(/^:/);
    source.give("data: 1\n\n");
    await settle();
    expect(await readText(reader)).toMatch(/^:/);
    expect(await readText(reader)).toBe("data: 1\n\n");
  });

  test("a reader who does not come back for the next batch is given up, and told so", async () => {
    const { clock, reader, source, cancelled } = await open();
    const first = readText(reader);
    source.give("data: 1\n\n");
    await first;
    const second = readText(reader);
    source.give("data: 2\n\n");
    await second;
    // The stream asks for one batch ahead of a reader who has read: that one is never fetched.
    source.give("data: 3\n\n");
    await settle();
    for (let past = 0; past < READER_TIMEOUT_MS - HEARTBEAT_MS; past += HEARTBEAT_MS)
      clock.advance(HEARTBEAT_MS);
    expect(cancelled).toEqual([]);
    clock.advance(2 * HEARTBEAT_MS);
    expect(cancelled).toEqual([expect.objectContaining({ message: "The client has stopped reading." })]);
    expect(clock.pending).toBe(0);
    await expect(reader.read().then(() => reader.read())).rejects.toThrow("stopped reading");
  });

  test("a host that takes the frames watches its reader itself", async () => {
    const { clock, source, cancelled, stream, reader } = await open();
    reader.releaseLock();
    const frames = takeFrameSource(stream);
    const first = frames?.next(() => undefined);
    source.give("data: 1\n\n");
    expect(await first).toBe("data: 1\n\n");
    for (let past = 0; past <= 2 * READER_TIMEOUT_MS; past += HEARTBEAT_MS) clock.advance(HEARTBEAT_MS);
    expect(cancelled).toEqual([]);
    expect(clock.pending).toBe(0);
    const comments: string[] = [];
    const second = frames?.next((comment) => comments.push(comment));
    clock.advance(HEARTBEAT_MS);
    expect(comments).toHaveLength(1);
    source.give("data: 2\n\n");
    expect(await second).toBe("data: 2\n\n");
  });

  test("asks the source for nothing ahead of the reader", async () => {
    const { source, reader } = await open();
    await settle();
    expect(source.asked).toBe(0);
    const first = readText(reader);
    source.give("data: 1\n\n");
    expect(await first).toBe("data: 1\n\n");
    await settle();
    expect(source.asked).toBe(1);
  });

  test("tells who makes the frames, once, that the reader has left, and writes nothing more", async () => {
    const { source, reader, cancelled, clock } = await open();
    void reader.read();
    await reader.cancel("gone");
    expect(cancelled).toEqual(["gone"]);
    source.give("data: late\n\n");
    await settle();
    clock.advance(10 * HEARTBEAT_MS);
    await settle();
    expect(cancelled).toHaveLength(1);
    expect(clock.pending).toBe(0);
    expect(source.asked).toBe(1);
  });

  test("sets no timer again for a reader who has left while the source is silent", async () => {
    const { reader, clock } = await open();
    void reader.read();
    await reader.cancel();
    clock.advance(HEARTBEAT_MS);
    expect(clock.pending).toBe(0);
  });

  test("a source that throws breaks the stream and leaves no timer", async () => {
    const { source, reader, clock } = await open();
    const reading = reader.read();
    source.fail(new Error("broken"));
    await expect(reading).rejects.toThrow("broken");
    expect(clock.pending).toBe(0);
  });

  test("no cache, proxy or transformation may hold it back", () => {
    expect(SSE_HEADERS["cache-control"]).toContain("no-transform");
    expect(SSE_HEADERS["x-accel-buffering"]).toBe("no");
  });
});

describe("a host that writes the frames itself", () => {
  function take() {
    const clock = new FakeClock();
    const source = manualSource();
    const cancelled: unknown[] = [];
    const stream = sseStream(source, (text) => text, { clock, onCancel: (reason) => cancelled.push(reason) });
    const frames = takeFrameSource(new Response(stream).body ?? stream);
    if (frames === undefined) throw new Error("The stream has no source.");
    return { clock, source, cancelled, stream, frames };
  }

  test("finds the source behind a response's body, once, and untouched", () => {
    const { stream, source } = take();
    expect(source.asked).toBe(0);
    expect(takeFrameSource(stream)).toBeUndefined();
  });

  test("finds none behind another stream, or behind one that somebody reads", () => {
    expect(takeFrameSource(new ReadableStream())).toBeUndefined();
    const stream = sseStream(manualSource(), String, { clock: new FakeClock(), onCancel: () => undefined });
    stream.getReader();
    expect(takeFrameSource(stream)).toBeUndefined();
  });

  test("gets each batch as text, then the end", async () => {
    const { frames, source, clock } = take();
    const first = frames.next(() => undefined);
    source.give("data: 1\n\n");
    expect(await first).toBe("data: 1\n\n");
    const last = frames.next(() => undefined);
    source.end();
    expect(await last).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  test("is told of silence, and told an error", async () => {
    const { frames, source, clock } = take();
    const comments: string[] = [];
    const step = frames.next((comment) => comments.push(comment));
    clock.advance(HEARTBEAT_MS);
    clock.advance(HEARTBEAT_MS);
    expect(comments).toEqual([": keep-alive\n\n", ": keep-alive\n\n"]);
    source.fail(new Error("broken"));
    await expect(step).rejects.toThrow("broken");
    expect(clock.pending).toBe(0);
  });

  test("may say more than once that the reader has left", () => {
    const { frames, cancelled } = take();
    frames.cancel("gone");
    frames.cancel("gone");
    expect(cancelled).toEqual(["gone"]);
  });
});
