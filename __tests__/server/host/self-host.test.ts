import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { systemClock } from "#lib/adapters/clock.ts";
import { createLogger } from "#lib/adapters/logger.ts";
import { createSelfHost, type SelfHost } from "#lib/server/host/self-host.ts";
import { readJson } from "#lib/server/http/body.ts";
import { BodyBudget } from "#lib/server/http/body-budget.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";
import type { Route } from "#lib/server/http/route.ts";
import { toGatewayError } from "#lib/shared/errors.ts";
import { SSE_HEADERS, sseStream } from "#lib/streaming/sse-writer.ts";
import { rawClient } from "../../support/raw-client.ts";
import { eventually } from "../../support/test-gateway.ts";

const room = () => new BodyBudget({ maxBytes: 1e9, maxBytesPerCaller: 1e9 }).open("somebody");
type Served = { url: string; host: SelfHost; log: string[] };
const open: SelfHost[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((host) => host.stop()));
});

/** A host whose every API route is this one. */
async function serve(route: Route, graceMs = 0, writeTimeoutMs?: number): Promise<Served> {
  const log: string[] = [];
  const host = createSelfHost({
    routeOf: () => route,
    logger: createLogger([], (line) => log.push(line)),
    pages: async (_incoming, outgoing) => {
      outgoing.end("a page");
    },
    graceMs,
    writeTimeoutMs,
  });
  open.push(host);
  return { url: `http://127.0.0.1:${await host.listen(0, "127.0.0.1")}`, host, log };
}

const get = (target: string, headers = "host: x\r\n"): string => `GET ${target} HTTP/1.1\r\n${headers}\r\n`;
const post = (length: number, body = ""): string =>
  `POST /api/x HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n${body}`;

/** A route that answers with frames of its own, and what became of them. */
function framing(next: (asked: number) => Promise<string | undefined>) {
  const seen = { asked: 0, cancelled: 0 };
  const source: AsyncIterator<string> = {
    async next() {
      const value = await next(++seen.asked);
      return value === undefined ? { done: true, value } : { done: false, value };
    },
  };
  const route: Route = async () => {
    const onCancel = (): void => {
      seen.cancelled++;
    };
    const stream = sseStream(source, (text) => text, { clock: systemClock, onCancel });
    return new Response(stream, { headers: SSE_HEADERS });
  };
  return { seen, route };
}

const never = new Promise<never>(() => undefined);
/** Until the request is told to end. */
const aborted = (request: Request): Promise<void> =>
  new Promise((resolve) => request.signal.addEventListener("abort", () => resolve()));

describe("a request", () => {
  test("comes with method, URL, headers, body and address", async () => {
    let seen: unknown;
    const { url } = await serve(async (request, host) => {
      const { method, headers } = request;
      seen = [request instanceof Request, method, request.url, headers.get("x-a"), host.remoteAddress];
      return new Response(await request.text());
    });
    const response = await fetch(`${url}/api/x?y=1`, {
      method: "POST",
      headers: { "X-A": "b" },
      body: "größe",
    });
    expect(await response.text()).toBe("größe");
    expect(seen).toEqual([true, "POST", `${url}/api/x?y=1`, "b", "127.0.0.1"]);
  });

  test("gives its body in every way that a Request does", async () => {
    const { url } = await serve(async (request) => {
      const form = await request.clone().formData();
      const bytes = (await request.arrayBuffer()).byteLength;
      return Response.json({ field: form.get("a"), bytes, used: request.bodyUsed });
    });
    const response = await fetch(`${url}/api/x`, { method: "POST", body: new URLSearchParams({ a: "1" }) });
    expect(await response.json()).toEqual({ field: "1", bytes: 3, used: true });
    expect(response.headers.get("content-length")).toBe("35");
  });

  test("with a large body is read at the route's pace, and whole", async () => {
    const { url } = await serve(async (request) => Response.json((await request.bytes()).byteLength));
    const response = await fetch(`${url}/api/x`, { method: "POST", body: new Uint8Array(20_000_000) });
    expect(await response.json()).toBe(20_000_000);
  });

  test("has headers as a Headers has them: joined, by any case, as a list", async () => {
    let seen: unknown;
    const { url } = await serve(async ({ headers }) => {
      const before = [
        headers.get("X-Twice"),
        headers.get("cookie"),
        headers.get("x-none"),
        headers.has("HOST"),
      ];
      const listed = [...headers].filter(([name]) => name === "x-twice");
      headers.set("x-none", "now");
      seen = [before, listed, headers.get("X-NONE"), headers.get("x-twice"), headers instanceof Headers];
      return new Response();
    });
    const client = await rawClient(
      url,
      get("/api/x", "host: x\r\nx-twice: a\r\nX-Twice: b\r\ncookie: c=1\r\ncookie: d=2\r\n"),
    );
    await client.until(" 200 ");
    client.socket.destroy();
    expect(seen).toEqual([["a, b", "c=1; d=2", null, true], [["x-twice", "a, b"]], "now", "a, b", true]);
  });

  test("is not read further than the route reads", async () => {
    let finish = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { url } = await serve(async (request) => {
      await request.body?.getReader().read();
      await done;
      return new Response();
    });
    const client = await rawClient(url, post(100_000_000, "x"));
    while (client.socket.write(Buffer.alloc(1_000_000)) || client.socket.bytesWritten < 1_000_000)
      await new Promise((resolve) => setImmediate(resolve));
    const written = client.socket.bytesWritten;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(client.socket.writableLength).toBeGreaterThan(0);
    expect(client.socket.bytesWritten - written).toBeLessThan(10_000_000);
    finish();
    client.socket.destroy();
  });
});

describe("a JSON body", () => {
  /** What `readJson` makes of the body, with a cap of 100 bytes. */
  const reading: Route = async (request) => {
    try {
      return jsonResponse(await readJson(request, z.unknown(), 100, room()).then((body) => ({ body })));
    } catch (error) {
      const { code, status } = toGatewayError(error);
      return jsonResponse({ code }, { status });
    }
  };
  const chunked = (...pieces: readonly Buffer[]): Buffer =>
    Buffer.concat([
      Buffer.from("POST /api/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"),
      ...pieces.map((piece) =>
        Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]),
      ),
    ]);

  test("comes whole, however it was cut", async () => {
    const { url } = await serve(reading);
    const text = Buffer.from('{"text":"grün 🦊"}');
    for (const at of [1, 13, 17, 18]) {
      const client = await rawClient(url, "");
      client.socket.write(chunked(text.subarray(0, at), text.subarray(at)));
      client.socket.write("0\r\n\r\n");
      await client.until('{"body"');
      client.socket.destroy();
    }
    const response = await fetch(`${url}/api/x`, { method: "POST", body: text });
    expect(await response.json()).toEqual({ body: { text: "grün 🦊" } });
    expect(response.headers.get("content-length")).toBe(
      String(Buffer.byteLength('{"body":{"text":"grün 🦊"}}')),
    );
  });

  test("that grows beyond the cap is refused while it is still being sent", async () => {
    const { url } = await serve(reading);
    const client = await rawClient(url, chunked(Buffer.alloc(60, 32), Buffer.alloc(60, 32)).toString());
    await client.until("payload_too_large");
    client.socket.destroy();
  });

  test("that is none, or no UTF-8, is the client's error", async () => {
    const { url } = await serve(reading);
    const post = async (body: BodyInit) => (await fetch(`${url}/api/x`, { method: "POST", body })).json();
    expect(await post(new Uint8Array([0x22, 0xff, 0x22]))).toEqual({ code: "invalid_request" });
    expect(await post(Buffer.from('"good"'))).toEqual({ body: "good" });
    const none = await fetch(`${url}/api/x`, { method: "POST" });
    expect(await none.json()).toEqual({ code: "invalid_request" });
  });

  test("that breaks off is an end by the client", async () => {
    let code: string | undefined;
    const { url } = await serve(async (request) => {
      await readJson(request, z.unknown(), 100, room()).catch((error: unknown) => {
        code = toGatewayError(error).code;
      });
      return new Response();
    });
    const client = await rawClient(url, post(50, "{"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.socket.destroy();
    await eventually("the body breaks", () => code !== undefined);
    expect(code).toBe("client_closed_request");
  });

  test("cannot be read twice", async () => {
    const { url } = await serve(async (request) => {
      await readJson(request, z.unknown(), 100, room());
      const again = await readJson(request, z.unknown(), 100, room()).catch((error: unknown) => error);
      return jsonResponse({ failed: again instanceof Error });
    });
    const response = await fetch(`${url}/api/x`, { method: "POST", body: Buffer.from("{}") });
    expect(await response.json()).toEqual({ failed: true });
  });
});

describe("a client that disconnects", () => {
  test("before the answer has begun aborts the signal at once", async () => {
    let left = false;
    const { url } = await serve(async (request) => {
      await aborted(request);
      left = true;
      return new Response("nobody reads this");
    });
    const client = await rawClient(url, get("/api/x"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.socket.resetAndDestroy();
    await eventually("the signal aborts", () => left);
  });

  test("in the middle of frames aborts the signal and cancels their source, once", async () => {
    const { seen, route } = framing(async (asked) => (asked === 1 ? "data: 1\n\n" : never));
    let signal: AbortSignal | undefined;
    const { url } = await serve((request, host) => {
      signal = request.signal;
      return route(request, host);
    });
    const client = await rawClient(url, get("/api/x"));
    await client.until("data: 1");
    client.socket.end();
    await eventually("it is cancelled", () => seen.cancelled === 1);
    expect(signal?.aborted).toBe(true);
  });

  test("in the middle of any other stream cancels it", async () => {
    let cancelled = false;
    const { url } = await serve(
      async () =>
        new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(new TextEncoder().encode("some")),
            cancel: () => {
              cancelled = true;
            },
          }),
        ),
    );
    const client = await rawClient(url, get("/api/x"));
    await client.until("some");
    client.socket.destroy();
    await eventually("it is cancelled", () => cancelled);
  });

  test("while it uploads breaks the body and aborts the signal", async () => {
    let outcome: unknown;
    const { url } = await serve(async (request) => {
      const error: unknown = await request.text().catch((reason: unknown) => reason);
      outcome = [error instanceof Error, request.signal.aborted];
      return new Response();
    });
    const client = await rawClient(url, post(100, "some"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.socket.destroy();
    await eventually("the body breaks", () => outcome !== undefined);
    expect(outcome).toEqual([true, true]);
  });

  test("with further requests waiting on the connection ends them all", async () => {
    let leaving = 0;
    const { seen, route } = framing(async () => `data: ${"x".repeat(100_000)}\n\n`);
    const { url } = await serve((request, host) => {
      request.signal.addEventListener("abort", () => leaving++);
      return route(request, host);
    });
    const client = await rawClient(url, "");
    client.socket.pause();
    client.socket.write(get("/api/1") + get("/api/2"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.socket.resetAndDestroy();
    await eventually("both are told", () => leaving === 2 && seen.cancelled === 2);
  });
});

describe("a client that reads slowly", () => {
  test.each([
    { kind: "frames", isPlain: false },
    { kind: "a plain stream", isPlain: true },
  ])("holds back $kind", async ({ isPlain }) => {
    const piece = `data: ${"x".repeat(10_000)}\n\n`;
    const { seen, route } = framing(async () => piece);
    const plain: Route = async () =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            seen.asked++;
            controller.enqueue(new TextEncoder().encode(piece));
          },
        }),
      );
    const { url } = await serve(isPlain ? plain : route);
    const client = await rawClient(url, "");
    client.socket.pause();
    client.socket.write(get("/api/x"));
    let before = -1;
    await eventually("it stops asking", async () => {
      const same = seen.asked === before && before > 0;
      before = seen.asked;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return same;
    });
    // What the kernel's buffers on loopback take, not what the host could hold.
    expect(seen.asked * piece.length).toBeLessThan(16_000_000);
    client.socket.resume();
    await eventually("it goes on", () => seen.asked > before);
    client.socket.destroy();
  });
});

describe("a client that reads nothing of its answer for too long is disconnected", () => {
  const piece = `data: ${"x".repeat(10_000)}\n\n`;
  /** More than the kernel's buffers on loopback take. */
  const large = "x".repeat(20_000_000);

  const endless = (): Route => framing(async () => piece).route;
  const routes: [string, () => Route][] = [
    ["frames without end", endless],
    [
      "a plain stream without end",
      () => async () =>
        new Response(
          new ReadableStream({ pull: (controller) => controller.enqueue(new TextEncoder().encode(piece)) }),
        ),
    ],
    ["one large JSON answer", () => async () => jsonResponse({ large })],
    ["one large answer of another kind", () => async () => Response.json({ large })],
  ];

  test.each(routes)("%s", async (_name, routeOf) => {
    const route = routeOf();
    let request: Request | undefined;
    const { url } = await serve(
      (asked, host) => {
        request = asked;
        return route(asked, host);
      },
      0,
      300,
    );
    const client = await rawClient(url, "");
    client.socket.pause();
    client.socket.write(get("/api/x"));
    const startedAt = performance.now();
    await eventually("the connection is closed", () => request?.signal.aborted === true);
    expect(performance.now() - startedAt).toBeGreaterThan(250);
    client.socket.destroy();
  });

  test("also one that sends on: more requests, or the rest of an upload", async () => {
    for (const more of [get("/api/x"), "x"]) {
      let request: Request | undefined;
      const { url } = await serve(
        async (asked) => {
          request ??= asked;
          return jsonResponse({ large });
        },
        0,
        300,
      );
      const client = await rawClient(url, "");
      client.socket.pause();
      client.socket.write(more === "x" ? post(1_000_000) : get("/api/x"));
      const sending = setInterval(() => client.socket.write(more), 50);
      await eventually("the connection is closed", () => request?.signal.aborted === true);
      clearInterval(sending);
      client.socket.destroy();
    }
  });

  test("one that disconnects while it reads nothing is noticed", async () => {
    let request: Request | undefined;
    const { url } = await serve(
      async (asked) => {
        request = asked;
        return jsonResponse({ large });
      },
      0,
      60_000,
    );
    const client = await rawClient(url, "");
    client.socket.pause();
    client.socket.write(get("/api/x"));
    await eventually("it is asked", () => request !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    client.socket.destroy();
    await eventually("it has left", () => request?.signal.aborted === true);
  });

  test("the engine behind it is let go", async () => {
    const { seen, route } = framing(async () => piece);
    const { url } = await serve(route, 0, 200);
    const client = await rawClient(url, "");
    client.socket.pause();
    client.socket.write(get("/api/x"));
    await eventually("it is cancelled", () => seen.cancelled === 1);
    client.socket.destroy();
  });

  test("one that reads a little now and then is not", async () => {
    const { url } = await serve(async () => jsonResponse({ large }), 0, 500);
    const client = await rawClient(url, "");
    client.socket.pause();
    client.socket.write(get("/api/x"));
    let received = 0;
    let closed = false;
    client.socket.on("data", (chunk: Buffer) => (received += chunk.length));
    client.socket.once("close", () => (closed = true));
    // Longer than the time-out in all, but never for as long without a byte.
    for (let round = 0; round < 8; round++) {
      client.socket.pause();
      await new Promise((resolve) => setTimeout(resolve, 200));
      client.socket.resume();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(closed).toBe(false);
    client.socket.resume();
    await eventually("it has all of it", () => received > large.length);
    client.socket.destroy();
  });

  test("nor is one that waits on a connection that it keeps open", async () => {
    const { url } = await serve(async () => jsonResponse({ ok: true }), 0, 100);
    const client = await rawClient(url, get("/api/x"));
    await client.until('{"ok":true}');
    await new Promise((resolve) => setTimeout(resolve, 400));
    client.socket.write(get("/api/x"));
    await eventually("the second answer has come", () => client.text.split('{"ok":true}').length === 3);
    client.socket.destroy();
  });
});

describe("an answer that comes while the client still sends", () => {
  const early: Route = async () => jsonResponse({ early: true }, { status: 429 });

  test.each(["close", "keep-alive"])(
    "reaches a client that sends on, with Connection: %s",
    async (connection) => {
      const { url } = await serve(early);
      for (let round = 0; round < 5; round++) {
        const client = await rawClient(
          url,
          `POST /api/x HTTP/1.1\r\nhost: x\r\nconnection: ${connection}\r\ncontent-length: 20000000\r\n\r\n`,
        );
        let failed = false;
        client.socket.once("error", () => (failed = true));
        // As clients do: nothing is read before all is sent.
        client.socket.pause();
        for (let sent = 0; sent < 20_000_000; sent += 500_000) {
          if (client.socket.write(Buffer.alloc(500_000, "a"))) continue;
          await new Promise((resolve) => client.socket.once("drain", resolve));
        }
        client.socket.resume();
        await client.until('{"early":true}');
        expect(failed).toBe(false);
        if (connection === "close") await client.closed();
        else {
          client.socket.write(get("/api/x"));
          await eventually("the next answer has come", () => client.text.split('"early"').length === 3);
          client.socket.destroy();
        }
      }
    },
  );

  test("leaves nothing open when the client never ends its upload", async () => {
    const { url } = await serve(early);
    const client = await rawClient(url, post(20_000_000, "a"));
    await client.until('{"early":true}');
    const startedAt = performance.now();
    await client.closed();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe("requests ahead of their answers", () => {
  test("are worked on together, up to a number", async () => {
    let asked = 0;
    const { url } = await serve(async (request) => {
      asked++;
      await aborted(request);
      return new Response();
    });
    const some = await rawClient(url, get("/api/x").repeat(32));
    await eventually("all are asked", () => asked === 32);
    some.socket.destroy();
    const many = await rawClient(url, get("/api/x").repeat(2_000));
    await many.closed();
    expect(asked).toBe(64);
  });

  test("pass that number when each has its answer in time", async () => {
    const { url } = await serve(async () => jsonResponse({ ok: true }));
    const client = await rawClient(url, "");
    for (let round = 1; round <= 20; round++) {
      client.socket.write(get("/api/x").repeat(20));
      await eventually("they have come", () => client.text.split('{"ok":true}').length === round * 20 + 1);
    }
    client.socket.destroy();
  });
});

describe("answers", () => {
  test("to HEAD come without a body, which is cancelled", async () => {
    const { seen, route } = framing(async () => "data: 1\n\n");
    const { url } = await serve(route);
    const response = await fetch(`${url}/api/x`, { method: "HEAD" });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect(await response.text()).toBe("");
    expect(seen).toEqual({ asked: 0, cancelled: 1 });
  });

  test("of plain parts are written as the Response that they stand for", async () => {
    const make = (): PlainResponse => {
      const made = jsonResponse({ text: "grün" }, { status: 201, headers: { "x-own": "1" } });
      made.addHeaders({ "x-own": "2", "x-added": "3" });
      made.addCookie("a=1");
      made.addCookie("b=2");
      return made;
    };
    const { url } = await serve(async (request) =>
      request.url.endsWith("/plain") ? make() : make().toResponse(),
    );
    const seen = async (path: string) => {
      const answer = await fetch(`${url}/api/${path}`);
      const headers = [...answer.headers].filter(([name]) => name !== "date").sort();
      return { status: answer.status, headers, text: await answer.text() };
    };
    const plain = await seen("plain");
    expect(plain).toEqual(await seen("platform"));
    expect(plain).toMatchObject({ status: 201, text: '{"text":"grün"}' });
    expect(plain.headers).toEqual(
      expect.arrayContaining([
        ["x-own", "1"],
        ["x-added", "3"],
      ]),
    );
  });

  test("keep several cookies apart", async () => {
    const headers = new Headers([
      ["set-cookie", "a=1; Path=/"],
      ["set-cookie", "b=2"],
    ]);
    const { url } = await serve(async () => new Response(null, { status: 204, headers }));
    expect((await fetch(`${url}/api/x`)).headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2"]);
  });

  test("of a route that throws are 500 in the API's shape, and the cause is logged", async () => {
    const { url, log } = await serve(async () => {
      throw new Error("secret detail");
    });
    const response = await fetch(`${url}/api/x`);
    expect(response.status).toBe(500);
    const requestId = response.headers.get("x-request-id");
    expect(await response.json()).toEqual({
      error: { code: "internal_error", message: expect.not.stringContaining("secret"), requestId },
    });
    expect(log.join()).toContain("secret detail");
  });

  test("that break in the middle are cut, not ended", async () => {
    const { route } = framing(async (asked) => {
      if (asked === 1) return "data: 1\n\n";
      throw new Error("broken");
    });
    const { url } = await serve(route);
    const client = await rawClient(url, get("/api/x"));
    const text = await client.closed();
    expect(text).toContain("data: 1");
    expect(text).not.toContain("0\r\n\r\n");
  });

  test("that break in the middle leave with all that came before, also what came in quick succession", async () => {
    const { route } = framing(async (asked) => {
      if (asked <= 3) return `data: ${asked}\n\n`;
      throw new Error("broken");
    });
    const { url } = await serve(route);
    const client = await rawClient(url, get("/api/x"));
    expect(await client.closed()).toContain("data: 3");
  });

  test("leave before a silence, also what came in quick succession", async () => {
    const { route } = framing((asked) => (asked <= 3 ? Promise.resolve(`data: ${asked}\n\n`) : never));
    const { url } = await serve(route);
    const client = await rawClient(url, get("/api/x"));
    await client.until("data: 3");
    client.socket.destroy();
  });

  test("that come before the end of an upload end the upload", async () => {
    const { url } = await serve(async () => new Response("enough", { status: 413 }));
    const client = await rawClient(url, post(1_000_000, "x"));
    await client.until("enough");
    expect(await client.closed()).toContain(" 413 ");
  });

  test("send their headers before a first frame that takes its time", async () => {
    const { route } = framing(async () => never);
    const { url } = await serve(route);
    const client = await rawClient(url, get("/api/x"));
    await client.until("text/event-stream");
    client.socket.destroy();
  });
});

describe("odd requests", () => {
  const paths: string[] = [];
  const echo: Route = async (request) => {
    paths.push(new URL(request.url).pathname);
    return new Response("api");
  };

  test.each([
    { name: "the absolute form", bytes: get("http://other.example/api/x"), says: " 200 " },
    { name: "two slashes and a host", bytes: get("//evil.example/a"), says: "a page" },
    { name: "an escaped path to the API", bytes: get("/%61pi/x"), says: "\r\n\r\n3\r\napi" },
    { name: "dots to the API", bytes: get("/a/../api/x"), says: "api" },
    { name: "a broken escape", bytes: get("/%zz"), says: "a page" },
    { name: "a broken escape in the API", bytes: get("/api/%zz"), says: "api" },
    { name: "no Host", bytes: get("/api/x", ""), says: " 400 " },
    { name: "a Host that is none", bytes: get("/api/x", "host: a b\r\n"), says: "invalid_request" },
    { name: "a Host with a path", bytes: get("/api/x", "host: a/b\r\n"), says: "invalid_request" },
    { name: "a Host whose port is none", bytes: get("/api/x", "host: a:99999\r\n"), says: "invalid_request" },
    {
      name: "a Host that is a wrong address",
      bytes: get("/api/x", "host: 256.1.1.1\r\n"),
      says: "invalid_request",
    },
    { name: "an absolute form that is none", bytes: get("http://[/api/x"), says: "invalid_request" },
    {
      name: "huge headers",
      bytes: get("/api/x", `host: x\r\nx-big: ${"x".repeat(20_000)}\r\n`),
      says: " 431 ",
    },
    { name: "no HTTP at all", bytes: "\x16\x03\x01hello\r\n\r\n", says: " 400 " },
    { name: "the asterisk", bytes: "OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n", says: "HTTP/1.1 " },
    { name: "HTTP/1.0", bytes: "GET /api/x HTTP/1.0\r\n\r\n", says: "api" },
    {
      name: "an upgrade",
      bytes: get("/api/x", "host: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"),
      says: "api",
    },
    { name: "a body that lies about itself", bytes: `${post(3, "abc")}garbage\r\n\r\n`, says: " 400 " },
  ])("$name is answered, and the server lives", async ({ bytes, says }) => {
    const { url } = await serve(echo);
    const client = await rawClient(url, bytes);
    await client.until(says);
    client.socket.destroy();
    expect(await (await fetch(`${url}/api/y`)).text()).toBe("api");
  });

  test("a path cannot leave the API by being escaped", async () => {
    const { url } = await serve(echo);
    const client = await rawClient(url, get("/%61pi/ai-chat"));
    await client.until("api");
    expect(paths.at(-1)).toBe("/%61pi/ai-chat");
    client.socket.destroy();
  });
});

describe("shutting down", () => {
  test("lets streams finish, answers on open connections with Connection: close, and takes no more", async () => {
    let finish = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { seen, route } = framing(async (asked) => {
      if (asked === 1) return "data: first\n\n";
      if (asked === 3) return undefined;
      await waiting;
      return "data: last\n\n";
    });
    const stopping: HostContext["stopping"][] = [];
    const { url, host } = await serve((request, context) => {
      stopping.push(context.stopping);
      return request.url.endsWith("stream") ? route(request, context) : Promise.resolve(new Response("ok"));
    }, 5_000);
    const stream = await rawClient(url, get("/api/stream"));
    await stream.until("first");
    const idle = await rawClient(url, get("/api/x"));
    await idle.until("ok");
    // One that has begun to ask is not idle.
    const asking = await rawClient(url, "GET /api/x HTTP/1.1\r\n");
    await new Promise((resolve) => setTimeout(resolve, 20));
    const from = performance.now();
    const stopped = host.stop();
    await idle.closed();
    asking.socket.write("host: x\r\n\r\n");
    expect((await asking.closed()).toLowerCase()).toContain("connection: close");
    await expect(fetch(`${url}/api/x`)).rejects.toThrow();
    finish();
    expect(await stream.closed()).toContain("data: last\n\n\r\n0\r\n\r\n");
    await stopped;
    expect(performance.now() - from).toBeLessThan(2_000);
    expect(stopping).toEqual([false, false, true]);
    expect(seen.cancelled).toBe(0);
  });

  test("ends what is left after the grace period through its signal, and lets it send its error", async () => {
    let reason: unknown;
    const { url, host } = await serve(async (request) => {
      const { route } = framing(async (asked) => {
        if (asked === 1) return "data: first\n\n";
        if (asked === 3) return undefined;
        await aborted(request);
        reason = request.signal.reason;
        return "data: the error\n\n";
      });
      return route(request, { waitUntil: () => undefined });
    }, 50);
    const client = await rawClient(url, get("/api/x"));
    await client.until("first");
    await host.stop();
    expect(await client.closed()).toContain("data: the error\n\n\r\n0\r\n\r\n");
    expect(reason).toMatchObject({ code: "stream_interrupted" });
  });

  test("waits for work behind the answers", async () => {
    let done = false;
    const { url, host } = await serve(async (_request, { waitUntil }) => {
      waitUntil(
        new Promise<void>((resolve) =>
          setTimeout(() => {
            done = true;
            resolve();
          }, 100),
        ),
      );
      return new Response("ok");
    });
    await (await fetch(`${url}/api/x`)).text();
    await host.stop();
    expect(done).toBe(true);
  });
});
