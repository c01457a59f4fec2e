import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHttpUpstream, type HttpUpstream } from "#lib/adapters/http/upstream.ts";
import type { UpstreamBody } from "#lib/providers/call/upstream.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../../support/fake-upstream.ts";
import { eventually } from "../../support/test-gateway.ts";

let server: FakeUpstream;
let http: HttpUpstream;

beforeAll(async () => {
  server = await startFakeUpstream((exchange) => exchange.json(200, {}));
  http = createHttpUpstream();
});
afterAll(async () => {
  await http.close();
  await server.stop();
});

async function open(
  script: Script,
  signal = new AbortController().signal,
  by: HttpUpstream = http,
): Promise<UpstreamBody> {
  server.script = script;
  const request = { method: "POST", url: `${server.origin}/v1`, headers: {}, body: "{}" } as const;
  return (await by.send(request, { signal, connectTimeoutMs: 1_000 })).body;
}

/** Everything that can be read, and how it ended. */
async function readAll(body: UpstreamBody): Promise<{ text: string; end: unknown }> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (let bytes = await body.read(); bytes !== null; bytes = await body.read())
      text += decoder.decode(bytes);
    return { text, end: null };
  } catch (end) {
    return { text, end };
  }
}

const threeChunks: Script = async (exchange) => {
  await exchange.startStream();
  for (const chunk of ["one ", "two ", "three"]) await exchange.chunk(chunk);
};

describe("what has arrived", () => {
  test("is still read when the connection breaks behind it", async () => {
    const body = await open(async (exchange) => {
      await threeChunks(exchange);
      await pause(20);
      exchange.reset();
    });
    await pause(100);
    expect(await readAll(body)).toMatchObject({ text: "one two three", end: { kind: "reset" } });
  });

  test("is not, once the reader has given up", async () => {
    const client = new AbortController();
    const body = await open(threeChunks, client.signal);
    await pause(50);
    client.abort(new Error("left"));
    expect(await readAll(body)).toMatchObject({ text: "", end: { message: "left" } });
  });
});

describe("bytes that follow each other closely", () => {
  const COUNT = 200;
  const pieces = Array.from({ length: COUNT }, (_, number) => `${number} `);
  /** Each piece is a chunk of its own, and leaves in a turn of its own. */
  const fast =
    (end: (exchange: Parameters<Script>[0]) => Promise<void> | void): Script =>
    async (exchange) => {
      await exchange.startStream();
      for (const piece of pieces) {
        await exchange.chunk(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await end(exchange);
    };

  async function readPieces(body: UpstreamBody): Promise<{ reads: number; text: string; end: unknown }> {
    let reads = 0;
    const counted: UpstreamBody = {
      poll: () => body.poll(),
      release: () => body.release(),
      cancel: () => body.cancel(),
      read: async () => {
        reads++;
        return await body.read();
      },
    };
    return { ...(await readAll(counted)), reads };
  }

  test("are handed out together, in order and whole", async () => {
    const { reads, text, end } = await readPieces(await open(fast((exchange) => exchange.endStream())));
    expect([text, end]).toEqual([pieces.join(""), null]);
    expect(reads).toBeLessThan(COUNT / 2);
  });

  test("are handed out before the fault that ends them", async () => {
    const body = await open(
      fast(async (exchange) => {
        await pause(20);
        exchange.reset();
      }),
    );
    expect(await readPieces(body)).toMatchObject({ text: pieces.join(""), end: { kind: "reset" } });
  });

  test("are forgotten, with the timer, when the reader gives up", async () => {
    const client = new AbortController();
    const body = await open(
      fast((exchange) => exchange.endStream()),
      client.signal,
    );
    await body.read();
    const waiting = body.read();
    client.abort(new Error("left"));
    await expect(waiting).rejects.toThrow("left");
    expect(body.poll()).toBeUndefined();
  });

  test("do not hold the first ones back, nor any that come alone", async () => {
    const body = await open(async (exchange) => {
      await exchange.startStream();
      for (const piece of ["a", "b", "c"]) {
        await exchange.chunk(piece);
        await pause(20);
      }
      await exchange.endStream();
    });
    const read: string[] = [];
    for (let bytes = await body.read(); bytes !== null; bytes = await body.read()) {
      read.push(Buffer.from(bytes).toString());
    }
    expect(read).toEqual(["a", "b", "c"]);
  });
});

test("a connection serves one request after another", async () => {
  const fresh = createHttpUpstream();
  const before = server.connectionsEver;
  for (let request = 0; request < 3; request++) {
    const body = await open((exchange) => exchange.json(200, { request }), undefined, fresh);
    expect((await readAll(body)).text).toBe(JSON.stringify({ request }));
    // The pool takes a connection back one turn of the event loop after its answer.
    await pause(5);
  }
  expect(server.connectionsEver - before).toBe(1);
  await fresh.close();
});

describe("informational answers before the final one", () => {
  const hints = (count: number): string =>
    "HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n".repeat(count);

  test.each([1, 20])("are passed over: %i of them", async (count) => {
    const body = await open(async (exchange) => {
      await exchange.raw(hints(count));
      await exchange.respond(200, "the answer");
    });
    expect(await readAll(body)).toEqual({ text: "the answer", end: null });
  });

  test.each([
    ["21 of them, then a good answer", "HTTP/1.1 103 Early Hints\r\n\r\n", 21],
    ["a flood without end", "HTTP/1.1 103 Early Hints\r\n\r\n", Number.POSITIVE_INFINITY],
    ["102 for ever", "HTTP/1.1 102 Processing\r\n\r\n", Number.POSITIVE_INFINITY],
    ["199 for ever", "HTTP/1.1 199 Odd\r\n\r\n", Number.POSITIVE_INFINITY],
  ])("are no answer when there are too many: %s", async (_name, line, count) => {
    let sent = 0;
    let closed = false;
    const opening = open(async (exchange) => {
      exchange.socket.once("close", () => {
        closed = true;
      });
      const piece = Math.min(count, 1_000);
      while (sent < count && !exchange.gone) {
        await exchange.raw(line.repeat(piece));
        sent += piece;
        await pause(1);
      }
      await exchange.respond(200, "too late");
    });
    await expect(opening).rejects.toMatchObject({ kind: "protocol" });
    await eventually("the connection is closed", () => closed);
    expect(sent, "a flood is not listened to").toBeLessThan(50_000);
  });

  test("an unrequested 100, and a change of protocols, break the connection", async () => {
    for (const line of [
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    ]) {
      await expect(open((exchange) => exchange.raw(line.repeat(1_000)))).rejects.toMatchObject({
        kind: "reset",
      });
    }
  });
});
