import { describe, expect, test } from "vitest";
import { HEARTBEAT_MS, SSE_HEADERS, sseStream } from "#lib/streaming/sse-writer.ts";
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
  // A stream pulls a moment after it was made.
  await settle();
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
    source.give("data: 1\n\ndata: 2\n\n");
    expect(await readText(reader)).toBe("data: 1\n\ndata: 2\n\n");
    await settle();
    source.end();
    expect(await readText(reader)).toBeUndefined();
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
    clock.advance(HEARTBEAT_MS - 1);
    source.give("data: 1\n\n");
    expect(await readText(reader)).toBe("data: 1\n\n");
    await settle();
    const next = readText(reader);
    clock.advance(HEARTBEAT_MS - 1);
    source.give("data: 2\n\n");
    expect(await next).toBe("data: 2\n\n");
  });

  test("a reader who does not read gets no more than one sign of life", async () => {
    const { clock, reader, source } = await open();
    for (let minute = 0; minute < 40; minute++) clock.advance(HEARTBEAT_MS);
    source.give("data: 1\n\n");
    await settle();
    expect(await readText(reader)).toMatch(/^:/);
    expect(await readText(reader)).toBe("data: 1\n\n");
  });

  test("asks the source for no more than one batch ahead of the reader", async () => {
    const { source, reader } = await open();
    await settle();
    expect(source.asked).toBe(1);
    source.give("data: 1\n\n");
    await settle();
    expect(source.asked).toBe(1);
    expect(await readText(reader)).toBe("data: 1\n\n");
    await settle();
    expect(source.asked).toBe(2);
  });

  test("tells who makes the frames, once, that the reader has left, and writes nothing more", async () => {
    const { source, reader, cancelled, clock } = await open();
    await settle();
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
    await settle();
    await reader.cancel();
    clock.advance(HEARTBEAT_MS);
    expect(clock.pending).toBe(0);
  });

  test("a source that throws breaks the stream and leaves no timer", async () => {
    const { source, reader, clock } = await open();
    await settle();
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
