import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHttpUpstream, type HttpUpstream } from "#lib/adapters/upstream-http.ts";
import type { UpstreamBody } from "#lib/providers/upstream.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";

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
