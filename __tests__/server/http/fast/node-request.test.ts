import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NodeRequest, parseRequestUrl, requestUrl } from "#lib/server/http/fast/node-request.ts";

const incoming = (url: string, host: string): IncomingMessage =>
  ({ url, headers: { host } }) as unknown as IncomingMessage;

/** The URL, or that there is none. */
function outcome(make: () => string): string {
  try {
    return make();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Numbers that are the same in every run. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed;
  while (true) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

const PIECES = [
  ..."/?.%'&=:@;,!$()*+~-_#\\|^`{}[]<>\" \t",
  ...["api", "v1", "x", "A", "é", "%2e", "%2E", "%2f", "%", "..", "./", "../", "//", "?a=", "http://y/", "0"],
];
const HOSTS = [
  ...[
    "x",
    "gateway.test",
    "GATEWAY.test",
    "localhost:3000",
    "127.0.0.1:8080",
    "[::1]:3000",
    "a_b",
    "a..b",
    "-",
  ],
  ...[
    "x:80",
    "x:443",
    "x:0",
    "x:00080",
    "x:65535",
    "x:65536",
    "x:99999",
    "x:",
    "127.1",
    "0177.0.0.1",
    "1.2.3.4.5",
  ],
  ...[
    "256.1.1.1",
    "foo.0x",
    "0x7f.1",
    "xn--a",
    "xn--bcher-kva.test",
    "x.",
    "",
    "x/y",
    "x@y",
    "x y",
    "ü.test",
    "a%41",
  ],
];

describe("the URL of a request is that of the platform's parser, whichever path finds it", () => {
  test.each(HOSTS)("host %j", (host) => {
    for (const target of ["/api/health", "/api/v1/models?x=1", "*", "http://other.test/api"]) {
      expect(
        outcome(() => requestUrl(incoming(target, host))),
        target,
      ).toBe(outcome(() => parseRequestUrl(target, host)));
    }
  });

  test("10 000 targets of pieces that parsers read differently", () => {
    const random = numbers(7);
    const next = (): number => random.next().value;
    for (let count = 0; count < 10_000; count++) {
      const length = 1 + Math.floor(next() * 8);
      const target = `/${Array.from({ length }, () => PIECES[Math.floor(next() * PIECES.length)]).join("")}`;
      expect(
        outcome(() => requestUrl(incoming(target, "gateway.test"))),
        target,
      ).toBe(outcome(() => parseRequestUrl(target, "gateway.test")));
    }
  });

  test("what is returned is canonical: parsing it again changes nothing", () => {
    for (const host of HOSTS) {
      const url = outcome(() => requestUrl(incoming("/api/a'b?c='d'&e=%2e", host)));
      if (url.startsWith("http")) expect(new URL(url).href).toBe(url);
      else expect(url).toMatch(/not valid/);
    }
  });
});

describe("a request of node:http is a Request of the platform in every member that a route may read", () => {
  const server = createServer();
  let seen: (incoming: IncomingMessage) => void;
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

  /** What arrives when this text is sent; the connection stays open until the test closes it. */
  async function arrived(
    text: string,
  ): Promise<{ incoming: IncomingMessage; cut: () => void; end: () => void }> {
    const request = new Promise<IncomingMessage>((resolve) => {
      seen = resolve;
    });
    server.once("request", (message, outgoing) => {
      seen(message);
      message.once("close", () => outgoing.destroy());
    });
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1", () => socket.write(text));
    socket.on("error", () => socket.destroy());
    return { incoming: await request, cut: () => socket.resetAndDestroy(), end: () => socket.destroy() };
  }

  const BODY = "größe ".repeat(3);
  const bytes = Buffer.byteLength(BODY);
  const post = `POST /api/x?y=1 HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: ${bytes}\r\n\r\n${BODY}`;
  const chunked = `POST /api/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`;

  test.each([
    "method",
    "url",
    "cache",
    "credentials",
    "destination",
    "integrity",
    "keepalive",
    "mode",
    "redirect",
    "referrer",
    "referrerPolicy",
    "bodyUsed",
  ] as const)("%s", async (member) => {
    const { incoming: message, end } = await arrived(post);
    const ours = new NodeRequest(message, requestUrl(message));
    const platform = new Request("http://x/api/x?y=1", { method: "POST", body: BODY });
    expect(ours[member]).toEqual(platform[member]);
    end();
  });

  test.each([
    ["text", (request: Request) => request.text()],
    ["bytes", async (request: Request) => [...(await request.bytes())]],
    ["arrayBuffer", async (request: Request) => (await request.arrayBuffer()).byteLength],
    ["blob", async (request: Request) => (await request.blob()).size],
    ["clone, then text", (request: Request) => request.clone().text()],
    ["body", async (request: Request) => await new Response(request.body).text()],
  ] as const)("the body by %s", async (_, read) => {
    for (const text of [post, chunked]) {
      const { incoming: message, end } = await arrived(text);
      const platform = new Request("http://x/", {
        method: "POST",
        body: text === post ? BODY : "hello world",
      });
      expect(await read(new NodeRequest(message, "http://x/"))).toEqual(await read(platform));
      end();
    }
  });

  /** The fast way to read a body, and the plain one. */
  const READERS = {
    async collected(request: NodeRequest): Promise<string> {
      const pieces: Uint8Array[] = [];
      await request.collectBody((piece) => pieces.push(Uint8Array.from(piece)));
      return Buffer.concat(pieces).toString();
    },
    async streamed(request: NodeRequest): Promise<string> {
      const pieces: Uint8Array[] = [];
      const reader = request.body?.getReader();
      while (reader !== undefined) {
        const { done, value } = await reader.read();
        if (done) break;
        pieces.push(value);
      }
      return Buffer.concat(pieces).toString();
    },
  };

  test.each([
    ["whole", post, BODY],
    ["in chunks", chunked, "hello world"],
    ["none", "POST /api/x HTTP/1.1\r\nhost: x\r\n\r\n", ""],
    ["of no length", "POST /api/x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", ""],
    ["of a GET", "GET /api/x HTTP/1.1\r\nhost: x\r\n\r\n", ""],
  ])("a body that is %s is the same, collected and streamed", async (_, text, expected) => {
    for (const read of Object.values(READERS)) {
      const { incoming: message, end } = await arrived(text);
      expect(await read(new NodeRequest(message, "http://x/"))).toBe(expected);
      end();
    }
  });

  test.each(Object.entries(READERS))("%s, a body that breaks off rejects", async (_, read) => {
    const { incoming: message, cut } = await arrived(post.slice(0, -4));
    const reading = read(new NodeRequest(message, "http://x/"));
    setTimeout(cut, 10);
    await expect(reading).rejects.toThrow();
  });

  test.each(Object.entries(READERS))(
    "%s, a body whose client has left before it was read rejects",
    async (_, read) => {
      const { incoming: message, cut } = await arrived(post.slice(0, -4));
      const closed = new Promise((resolve) => message.once("close", resolve));
      message.on("error", () => undefined);
      cut();
      await closed;
      await expect(read(new NodeRequest(message, "http://x/"))).rejects.toThrow();
    },
  );
});
