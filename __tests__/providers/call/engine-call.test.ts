import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "#lib/adapters/clock.ts";
import { createHttpUpstream, type HttpUpstream } from "#lib/adapters/http/upstream.ts";
import { callEngine, type EngineAnswer } from "#lib/providers/call/engine-call.ts";
import { encodeMultipart } from "#lib/providers/call/multipart.ts";
import { readWholeMedia } from "#lib/providers/call/whole-answer.ts";
import type { EngineRequest, MultipartPart } from "#lib/providers/protocols/engine-request.ts";
import { createRegistry } from "#lib/providers/registry.ts";
import type { ProviderDefinition } from "#lib/providers/vendors/provider.ts";
import type { EngineCall } from "#lib/providers/walk/walk-types.ts";

type Seen = { url: string; headers: IncomingMessage["headers"]; body: Buffer };
let answer: (seen: Seen, response: ServerResponse) => void;
/** What is done with a request whose body is not read. */
let beforeBody: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
let server: Server;
let origin: string;
let http: HttpUpstream;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    if (beforeBody !== undefined) return beforeBody(request, response);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    answer({ url: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) }, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  http = createHttpUpstream();
});
afterEach(() => {
  beforeBody = undefined;
});
afterAll(async () => {
  await http.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const MEGABYTE = 1024 * 1024;

/** A provider of ours that could be: its credential is an account with a token. */
function cloud(): ProviderDefinition {
  return {
    id: "cloud",
    name: "Cloud",
    protocol: "openai-compatible",
    baseUrl: `${origin}/client/v4`,
    baseUrlEnv: "CLOUD_BASE_URL",
    credentials: {
      kind: "account",
      accountEnv: "CLOUD_ACCOUNT",
      tokenEnv: "CLOUD_TOKEN",
      path: "/accounts/{account}/ai",
    },
    speech: { path: "/run/speech" },
  };
}

function target(keyIndex = 0): EngineCall {
  const settings: Record<string, string> = {
    CLOUD_ACCOUNT: "account-one",
    CLOUD_TOKEN: "token-one",
    CLOUD_ACCOUNT_2: "account/two",
    CLOUD_TOKEN_2: "token-two",
  };
  const registry = createRegistry((name) => settings[name], [], [cloud()]);
  const [engine] = registry.resolve([{ provider: "cloud", model: "m", label: "Cloud" }], "speech");
  const key = engine?.keys[keyIndex];
  if (engine === undefined || key === undefined) throw new Error("There is no such key.");
  return {
    engine,
    key,
    keyIndex,
    call: 1,
    startedAt: 0,
    remainingMs: 5_000,
    isLast: true,
    withoutAdditions: false,
  };
}

function call<Value>(
  request: EngineRequest,
  read: (answer: EngineAnswer) => Promise<Value>,
  keyIndex = 0,
  { signal } = new AbortController(),
) {
  const effects = { upstream: http, clock: systemClock, random: Math.random };
  return callEngine(target(keyIndex), request, { signal, connectMs: 1_000, timeoutMs: 5_000 }, effects, read);
}

const bytesOf =
  (maxBytes = MEGABYTE) =>
  (one: EngineAnswer) =>
    readWholeMedia(one, maxBytes, (media) => (media.kind === "bytes" ? media : undefined));
const json = (body: object = {}): EngineRequest => ({
  kind: "json",
  path: "/run/speech",
  headers: {},
  body: { ...body },
});

/** Answers with some sound, and tells what was asked. */
function hears(): { seen: Seen[] } {
  const seen: Seen[] = [];
  answer = (one, response) => {
    seen.push(one);
    response.writeHead(200, { "content-type": "audio/mpeg" }).end(Buffer.from([1, 2, 3]));
  };
  return { seen };
}

describe("an account with its token", () => {
  test.each([
    [0, "/client/v4/accounts/account-one/ai/run/speech", "Bearer token-one"],
    [1, "/client/v4/accounts/account%2Ftwo/ai/run/speech", "Bearer token-two"],
  ])(
    "number %i: the account stands in the URL, the token in a header",
    async (keyIndex, url, authorization) => {
      const { seen } = hears();
      expect(await call(json(), bytesOf(), keyIndex)).toMatchObject({ ok: true });
      expect(seen).toMatchObject([{ url, headers: { authorization, "content-type": "application/json" } }]);
    },
  );

  test.each([401, 500, 400, 200])("is in no reason that a provider gives with %i", async (status) => {
    answer = (seen, response) => {
      const message = `No route ${seen.url} for ${seen.headers.authorization} of account-one, token-one.`;
      response
        .writeHead(status, { "content-type": "application/json" })
        .end(JSON.stringify({ error: { message } }));
    };
    const outcome = await call(json(), bytesOf());
    expect(outcome.ok).toBe(false);
    expect(JSON.stringify(outcome)).toContain("No route");
    expect(JSON.stringify(outcome)).not.toMatch(/account-one|token-one/);
  });
});

describe("a body may be", () => {
  test("bytes of some type", async () => {
    const { seen } = hears();
    const bytes = randomBytes(3 * MEGABYTE);
    await call(
      { kind: "bytes", path: "/x", headers: { "x-a": "1" }, bytes, contentType: "audio/wav" },
      bytesOf(),
    );
    expect(seen[0]?.headers).toMatchObject({
      "content-type": "audio/wav",
      "content-length": String(bytes.length),
      "x-a": "1",
    });
    expect(seen[0]?.body.equals(bytes)).toBe(true);
  });

  test("a form with fields and a file of binary bytes", async () => {
    const { seen } = hears();
    // Every byte there is, line breaks and dashes of a boundary among them.
    const bytes = Buffer.concat([
      Buffer.from(Array.from({ length: 256 }, (_, index) => index)),
      Buffer.from("\r\n--sarmalink-\r\n"),
      randomBytes(5 * MEGABYTE),
    ]);
    const parts: MultipartPart[] = [
      { name: "model", value: "whisper" },
      { name: "prompt", value: "Ünïcode\r\nand a second line" },
      { name: "file", fileName: 'my "söng"\r\nX-Evil: 1.mp3', contentType: "audio/mpeg", bytes },
      { name: "empty", value: "" },
    ];
    await call({ kind: "multipart", path: "/x", headers: {}, parts }, bytesOf());
    const [{ headers, body } = { headers: {}, body: Buffer.alloc(0) }] = seen;
    expect(headers["content-length"]).toBe(String(body.length));
    expect(headers["transfer-encoding"]).toBeUndefined();
    const form = await new Response(new Uint8Array(body), {
      headers: { "content-type": headers["content-type"] ?? "" },
    }).formData();
    expect([...form.keys()]).toEqual(["model", "prompt", "file", "empty"]);
    expect([form.get("model"), form.get("prompt"), form.get("empty")]).toEqual([
      "whisper",
      "Ünïcode\r\nand a second line",
      "",
    ]);
    const file = form.get("file");
    if (!(file instanceof File)) throw new Error("The file is not there.");
    expect([file.type, file.size]).toEqual(["audio/mpeg", bytes.length]);
    expect(file.name).toContain("söng");
    const digest = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");
    expect(digest(Buffer.from(await file.arrayBuffer()))).toBe(digest(bytes));
    expect(body.subarray(0, 400).toString()).not.toMatch(/^X-Evil/m);
  });

  test("sent again by the next attempt: it is not used up", async () => {
    const { seen } = hears();
    const request: EngineRequest = {
      kind: "multipart",
      path: "/x",
      headers: {},
      parts: [{ name: "file", fileName: "a", contentType: "audio/mpeg", bytes: randomBytes(100_000) }],
    };
    await call(request, bytesOf());
    await call(request, bytesOf());
    expect(seen.map(({ body }) => body.length)).toEqual([seen[0]?.body.length, seen[0]?.body.length]);
  });
});

describe("an upload that is not read to its end", () => {
  const upload: EngineRequest = {
    kind: "multipart",
    path: "/x",
    headers: {},
    parts: [{ name: "file", fileName: "a", contentType: "audio/mpeg", bytes: Buffer.alloc(24 * MEGABYTE) }],
  };

  test("is refused with the provider's reason", async () => {
    beforeBody = (_request, response) => {
      response.writeHead(400, { "content-type": "application/json", connection: "close" });
      response.end('{"error":{"message":"No such model."}}');
    };
    expect(await call(upload, bytesOf())).toMatchObject({
      ok: false,
      failure: { kind: "refused", status: 400, reason: "No such model." },
    });
  });

  test("stops when the client disconnects, and closes its connection", async () => {
    const client = new AbortController();
    // A socket that is paused does not notice its end: the rest is read once the client has left.
    const received = new Promise<number>((resolve) => {
      beforeBody = (request) => {
        let bytes = 0;
        request.socket.once("close", () => resolve(bytes));
        setTimeout(() => {
          client.abort(new Error("left"));
          request.on("error", () => undefined);
          request.on("data", (chunk: Buffer) => {
            bytes += chunk.length;
          });
        }, 50);
      };
    });
    await expect(call(upload, bytesOf(), 0, client)).rejects.toThrow("left");
    expect(await received).toBeLessThan(24 * MEGABYTE);
  });

  test("stops when the connection breaks", async () => {
    beforeBody = (request) => request.socket.resetAndDestroy();
    expect(await call(upload, bytesOf())).toMatchObject({ ok: false, failure: { kind: "reset" } });
  });
});

describe("a form", () => {
  test("has a boundary that none of its parts contains", () => {
    // The first draw is in the file; the second is not.
    const draws = [0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5];
    const taken = `sarmalink-${"0".repeat(32)}`;
    const bytes = Buffer.from(`before\r\n--${taken}--\r\nafter`);
    const { contentType } = encodeMultipart(
      [{ name: "file", fileName: "a", contentType: "text/plain", bytes }],
      () => draws.shift() ?? 0.9,
    );
    expect(contentType).toBe(`multipart/form-data; boundary=sarmalink-${"80000000".repeat(4)}`);
  });

  test("does not copy its files", () => {
    const bytes = randomBytes(MEGABYTE);
    const { pieces } = encodeMultipart(
      [{ name: "file", fileName: "a", contentType: "audio/mpeg", bytes }],
      Math.random,
    );
    expect(pieces.includes(bytes)).toBe(true);
  });

  test.each(["a/b\r\nX-Evil: 1", "a/b\nX-Evil: 1", "", "ä/b"])(
    "has no header by the type %j",
    (contentType) => {
      const { pieces } = encodeMultipart(
        [{ name: "f", fileName: "a", contentType, bytes: Buffer.from("x") }],
        Math.random,
      );
      expect(Buffer.concat(pieces).toString()).toContain(
        "\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n",
      );
    },
  );

  test("without parts is a form", async () => {
    const { contentType, pieces } = encodeMultipart([], Math.random);
    const body = new Uint8Array(Buffer.concat(pieces));
    const form = await new Response(body, { headers: { "content-type": contentType } }).formData();
    expect([...form.keys()]).toEqual([]);
  });
});

describe("an answer may be bytes", () => {
  test("as they came, with their type", async () => {
    const sound = randomBytes(2 * MEGABYTE);
    answer = (_, response) => response.writeHead(200, { "content-type": "audio/mpeg" }).end(sound);
    const outcome = await call(json(), bytesOf(3 * MEGABYTE));
    if (!outcome.ok) throw new Error(outcome.failure.reason);
    expect(outcome.value.contentType).toBe("audio/mpeg");
    expect(Buffer.from(outcome.value.bytes).equals(sound)).toBe(true);
  });

  test("no more of them than is allowed: the rest is not read", async () => {
    let closed: Promise<void> | undefined;
    answer = (_, response) => {
      closed = new Promise((resolve) => response.once("close", resolve));
      response.writeHead(200, { "content-type": "audio/mpeg" });
      const write = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
        if (!response.destroyed) response.once("drain", write);
      };
      write();
    };
    const outcome = await call(json(), bytesOf(MEGABYTE));
    expect(outcome).toMatchObject({ ok: false, failure: { kind: "bad_response" } });
    await closed;
  });

  test.each([
    [
      "an error in JSON",
      200,
      "application/json",
      '{"error":{"message":"No such voice."}}',
      { reason: "No such voice." },
    ],
    ["JSON of another kind", 200, "application/json; charset=utf-8", "{}", { kind: "bad_response" }],
    ["a page", 200, "text/html", "<p>Hello</p>", { kind: "bad_response" }],
    ["nothing", 200, "audio/mpeg", "", { kind: "no_answer" }],
    ["an error status", 503, "audio/mpeg", "x", { kind: "server_error", status: 503 }],
  ])("not %s", async (_name, status, type, body, failure) => {
    answer = (_seen, response) => response.writeHead(status, { "content-type": type }).end(body);
    expect(await call(json(), bytesOf())).toMatchObject({ ok: false, failure });
  });
});
