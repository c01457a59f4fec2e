import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AccessLog } from "#lib/server/host/access-log.ts";
import { createSelfHost, type SelfHost } from "#lib/server/host/self-host.ts";
import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import type { Route } from "#lib/server/http/route.ts";
import { eventually } from "../../support/test-gateway.ts";

/** The access lines of a real server on a real socket. */
let written: string[];
let log: AccessLog;
let host: SelfHost;
let url: string;
let release: () => void;
let isHealthy = true;

const routes: Readonly<Record<string, Route>> = {
  "/api/health": async () => new PlainResponse("{}", { status: isHealthy ? 200 : 503 }),
  "/api/known": async (_, context) => {
    context.callerKind = "key";
    return new PlainResponse("{}", { headers: { "x-request-id": "id-1", "x-sarmalink-engine": "own/m" } });
  },
  "/api/slow": async () => {
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode("first "));
        await released;
        controller.enqueue(new TextEncoder().encode("last"));
        controller.close();
      },
    });
    return new Response(body, { headers: { "x-request-id": "id-2" } });
  },
};

beforeEach(async () => {
  written = [];
  release = () => undefined;
  log = new AccessLog((text) => written.push(text));
  host = createSelfHost({
    routeOf: (path) => routes[path] ?? (async () => new PlainResponse("{}", { status: 404 })),
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    pages: async (_, outgoing) => void outgoing.end("a page"),
    graceMs: 0,
    accessLog: log,
  });
  url = `http://127.0.0.1:${await host.listen(0, "127.0.0.1")}`;
});
afterEach(() => host.stop());

const lines = (): Record<string, unknown>[] =>
  written
    .join("")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function settled(count: number): Promise<Record<string, unknown>[]> {
  await eventually(`${count} lines`, () => lines().length >= count);
  return lines();
}

test("a request is a line: method, path, status, duration, caller, engine, request id", async () => {
  await (await fetch(`${url}/api/known?key=sk-secret-in-a-query`)).text();
  const [line] = await settled(1);
  expect(line).toEqual({
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    level: "info",
    message: "request",
    method: "GET",
    path: "/api/known",
    status: 200,
    durationMs: expect.any(Number),
    requestId: "id-1",
    caller: "key",
    engine: "own/m",
  });
});

test("what was not let in, pages and unknown paths are lines as well", async () => {
  await (await fetch(`${url}/api/nothing`, { method: "POST", body: "{}" })).text();
  await (await fetch(`${url}/`)).text();
  const [missing, page] = await settled(2);
  expect(missing).toMatchObject({ method: "POST", path: "/api/nothing", status: 404 });
  expect(missing).not.toHaveProperty("caller");
  expect(page).toMatchObject({ method: "GET", path: "/", status: 200 });
});

test("a stream's line is written when it has ended, with the whole time", async () => {
  const response = await fetch(`${url}/api/slow`);
  const reader = response.body?.getReader();
  await reader?.read();
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(lines()).toEqual([]);
  release();
  while (!(await reader?.read())?.done);
  const [line] = await settled(1);
  expect(line).toMatchObject({ path: "/api/slow", status: 200, requestId: "id-2" });
  expect(line?.["durationMs"]).toBeGreaterThanOrEqual(145);
  expect(line).not.toHaveProperty("aborted");
});

test("a client that disconnects is noticed", async () => {
  const client = new AbortController();
  const response = await fetch(`${url}/api/slow`, { signal: client.signal });
  await response.body?.getReader().read();
  client.abort();
  expect((await settled(1))[0]).toMatchObject({ path: "/api/slow", aborted: true });
});

test("a path cannot forge a line, fill one, or show a key", async () => {
  const { port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  await once(socket, "connect");
  socket.write(`GET /api/"},{"x\\n/sk-proj-0123456789abcdef HTTP/1.1\r\nhost: x\r\n\r\n`);
  socket.write(`GET /api/${"a".repeat(5_000)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  const [forged, long] = await settled(2);
  socket.destroy();
  expect(forged?.["path"]).toBe('/api/"},{"x\\n/[redacted]');
  expect(String(long?.["path"]).length).toBeLessThanOrEqual(200);
});

test("many lines leave in few writes, and the last ones when the log is flushed", async () => {
  await Promise.all(Array.from({ length: 50 }, async () => (await fetch(`${url}/api/known`)).text()));
  await new Promise((resolve) => setTimeout(resolve, 20));
  log.flush();
  expect(lines()).toHaveLength(50);
  expect(written.length).toBeLessThan(25);
});

test("a probe that went well has no line, one that did not has", async () => {
  await (await fetch(`${url}/api/health`)).text();
  isHealthy = false;
  await (await fetch(`${url}/api/health`)).text();
  isHealthy = true;
  expect(await settled(1)).toMatchObject([{ path: "/api/health", status: 503 }]);
});
