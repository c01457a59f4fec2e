import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { createClient } from "@supabase/supabase-js";
import { afterEach, describe, expect, test } from "vitest";
import { createSupabaseClients, type SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import type { RpcAnswer } from "#lib/adapters/supabase/rpc.ts";

/** Functions are called by our own client, over undici or, where a fetch is injected, by that. */
const TRANSPORTS: readonly (readonly [name: string, fetch: typeof fetch | undefined])[] = [
  ["undici", undefined],
  ["fetch", (...call) => fetch(...call)],
];

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});

async function serve(handle: (incoming: IncomingMessage, outgoing: ServerResponse) => void): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

const keys = { publishableKey: "sb_publishable_a", serviceRoleKey: "sb_secret_b" };
const clientsOf = (url: string, fetchOf?: typeof fetch, timeoutMs = 5_000): SupabaseClients =>
  createSupabaseClients({ url, ...keys, fetch: fetchOf, timeoutMs });

describe.each(TRANSPORTS)("a function called by %s", (_, fetchOf) => {
  type Reply = { status: number; body: string | Buffer; headers?: Record<string, string> };
  const refusal = { code: "PT429", message: "over", details: "smart", hint: "company" };
  const cases: Record<string, [Reply, RpcAnswer]> = {
    "an object": [
      { status: 200, body: '{"a":"ü"}' },
      { data: { a: "ü" }, error: null, status: 200 },
    ],
    null: [
      { status: 200, body: "null" },
      { data: null, error: null, status: 200 },
    ],
    "nothing at all": [
      { status: 204, body: "" },
      { data: null, error: null, status: 204 },
    ],
    "a compressed object": [
      { status: 200, body: gzipSync('{"a":1}'), headers: { "content-encoding": "gzip" } },
      { data: { a: 1 }, error: null, status: 200 },
    ],
    "a web page": [
      { status: 200, body: "<html>" },
      { data: null, error: { message: "<html>" }, status: 200 },
    ],
    "a refusal of the database": [
      { status: 429, body: JSON.stringify(refusal) },
      { data: null, error: refusal, status: 429 },
    ],
    "a refusal of a proxy": [
      { status: 502, body: "Bad gateway" },
      { data: null, error: { message: "Bad gateway" }, status: 502 },
    ],
    "a refusal without words": [
      { status: 404, body: "" },
      { data: null, error: { message: "" }, status: 404 },
    ],
    "a refusal that is a list": [
      { status: 404, body: "[]" },
      { data: null, error: { message: "[]" }, status: 404 },
    ],
    "a code that is a number": [
      { status: 401, body: '{"code":401,"message":"no"}' },
      { data: null, error: { code: undefined, message: "no", details: null, hint: null }, status: 401 },
    ],
    "a redirect": [
      { status: 307, body: "", headers: { location: "/elsewhere" } },
      { data: null, error: { message: "" }, status: 307 },
    ],
  };
  test.each(Object.entries(cases))(
    "that answers with %s",
    async (_name, [{ status, body, headers }, told]) => {
      const url = await serve((_incoming, outgoing) => outgoing.writeHead(status, headers).end(body));
      expect(await clientsOf(url, fetchOf).asService().rpc("any", { p: 1 })).toEqual(told);
    },
  );

  test.each<
    [string, (clients: SupabaseClients) => ReturnType<SupabaseClients["asService"]>, string, string?]
  >([
    ["the service role", (clients) => clients.asService(), keys.serviceRoleKey],
    ["nobody", (clients) => clients.asAnonymous(), keys.publishableKey],
    ["a user", (clients) => clients.asUser("a.b.c"), keys.publishableKey, "a.b.c"],
  ])("on behalf of %s sends what supabase-js sends", async (_name, clientOf, key, token) => {
    const seen: unknown[] = [];
    const url = `${await serve(async (incoming, outgoing) => {
      const body: Buffer[] = [];
      for await (const chunk of incoming) body.push(chunk as Buffer);
      const { apikey, authorization, ...headers } = incoming.headers;
      const wanted = [headers["content-type"], headers["content-profile"], headers["accept"]];
      seen.push({
        method: incoming.method,
        url: incoming.url,
        apikey,
        authorization,
        wanted,
        body: String(Buffer.concat(body)),
      });
      outgoing.end("1");
    })}/base`;
    const parameters = { p_turn: { text: "ä", none: null, missing: undefined } };
    await clientOf(clientsOf(url, fetchOf)).rpc("begin_turn", parameters);
    await clientOf(clientsOf(url, fetchOf)).rpc("no_parameters");
    const theirs = createClient(url, key, {
      auth: { persistSession: false, autoRefreshToken: false },
      ...(token === undefined ? {} : { accessToken: async () => token }),
    });
    await theirs.rpc("begin_turn", parameters);
    await theirs.rpc("no_parameters");
    expect(seen.slice(0, 2)).toEqual(seen.slice(2));
    expect(seen).toHaveLength(4);
  });

  test.each<[string, number, (() => AbortSignal) | undefined, string]>([
    ["the client's time is over", 100, undefined, "TimeoutError"],
    ["its own time is over", 5_000, () => AbortSignal.timeout(100), "TimeoutError"],
    [
      "it is given up",
      5_000,
      () => {
        const controller = new AbortController();
        setTimeout(() => controller.abort(new Error("No longer wanted.")), 100);
        return controller.signal;
      },
      "Error: No longer wanted.",
    ],
  ])("ends, and closes its connection, when %s", async (_name, timeoutMs, signalOf, told) => {
    const closed = Promise.withResolvers<string>();
    const url = await serve((incoming) => incoming.socket.once("close", () => closed.resolve("closed")));
    const call = clientsOf(url, fetchOf, timeoutMs).asService().rpc("slow");
    const answer = await (signalOf === undefined ? call : call.abortSignal(signalOf()));
    expect(answer).toMatchObject({ data: null, status: 0 });
    expect(answer.error?.message).toContain(told);
    expect(await Promise.race([closed.promise, pause(2_000)])).toBe("closed");
  });

  test("is not sent when its signal has aborted before", async () => {
    let calls = 0;
    const url = await serve((_incoming, outgoing) => {
      calls++;
      outgoing.end("1");
    });
    const answer = await clientsOf(url, fetchOf).asService().rpc("any").abortSignal(AbortSignal.abort());
    expect(answer).toMatchObject({ data: null, status: 0, error: { code: "" } });
    expect(calls).toBe(0);
  });

  test("is sent once, with or without being awaited", async () => {
    let calls = 0;
    const url = await serve((_incoming, outgoing) => outgoing.end(String(++calls)));
    const call = clientsOf(url, fetchOf).asService().rpc("any");
    expect([(await call).data, (await call).data]).toEqual([1, 1]);
  });

  test("says why nobody answers, and names no key", async () => {
    const url = await serve(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const { error, status } = await clientsOf(url, fetchOf).asService().rpc("any");
    expect(status).toBe(0);
    expect(error?.details).toMatch(/Caused by: .*ECONNREFUSED/);
    expect(JSON.stringify(error)).not.toContain("sb_");
  });

  test("fails where the answer breaks off", async () => {
    const url = await serve((_incoming, outgoing) => {
      outgoing.writeHead(200, { "content-length": "100" }).write('{"a"');
      setTimeout(() => outgoing.destroy(), 20);
    });
    expect(await clientsOf(url, fetchOf).asService().rpc("any")).toMatchObject({ data: null, status: 0 });
  });

  test("fails where the compressed answer is damaged", async () => {
    const headers = { "content-encoding": "gzip" };
    const url = await serve((_incoming, outgoing) => outgoing.writeHead(200, headers).end("not gzip"));
    expect(await clientsOf(url, fetchOf).asService().rpc("any")).toMatchObject({ data: null, status: 0 });
  });

  test("fails where a credential cannot stand in a header", async () => {
    const url = await serve((_incoming, outgoing) => outgoing.end("1"));
    const answer = await clientsOf(url, fetchOf).asUser("a\nb").rpc("any");
    expect(answer).toMatchObject({ data: null, status: 0 });
  });
});

test("calls share a connection", async () => {
  const sockets = new Set<unknown>();
  const url = await serve((incoming, outgoing) => {
    sockets.add(incoming.socket);
    outgoing.end("1");
  });
  const clients = clientsOf(url);
  for (let call = 0; call < 20; call++) await clients.asUser(`token-${call}`).rpc("any");
  // One may still be on its way back into the pool when the next call is made.
  expect(sockets.size).toBeLessThanOrEqual(2);
});
