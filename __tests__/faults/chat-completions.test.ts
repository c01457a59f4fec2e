import { randomUUID } from "node:crypto";
import { getEventListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startCompletion } from "#lib/services/completion.ts";
import { aRequest } from "../support/engines.ts";
import { answers, type Script, textChunk } from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { rawClient } from "../support/raw-client.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { eventually, playRow } from "./harness.ts";
import { rawPost } from "./openai-client.ts";
import { type Books, openAiFront, openBooks, serveApi } from "./openai-front.ts";
import { TEST_AUTHORITY } from "./places.ts";
import type { FaultRow, Mode } from "./row.ts";
import { deltaChunk, fails, hangs } from "./scripts.ts";
import { FAULTS } from "./table.ts";

setDefaultCACertificates([...getCACertificates("default"), TEST_AUTHORITY]);

const MODES: readonly Mode[] = ["streaming", "whole"];

let database: TestSupabase;
let proxy: ProxyGateway;
let userId: string;

beforeAll(async () => {
  database = await startTestSupabase();
  proxy = await startProxyGateway(database);
  userId = (await database.signUp()).userId;
}, 30_000);

afterAll(async () => {
  await proxy.stop();
  await database.stop();
});

describe.concurrent("chat completions survive", () => play(FAULTS.filter(({ heavy }) => heavy !== true)));
describe("chat completions survive, one at a time,", () =>
  play(FAULTS.filter(({ heavy }) => heavy === true)));

function play(rows: readonly FaultRow[]): void {
  for (const row of rows) {
    for (const mode of row.modes ?? MODES) {
      test(
        `row ${row.row}, ${mode}: ${row.name}`,
        () => playRow(row, mode, openAiFront(proxy.gateway.gateway, database, userId)),
        60_000,
      );
    }
  }
}

describe("chat completions", () => {
  const hello = [{ role: "user", content: "Hello" }];
  let books: Books;

  beforeEach(async () => {
    proxy.first.requests.length = 0;
    proxy.second.requests.length = 0;
    books = await openBooks(database, userId);
  });

  function ask(body: object, signal?: AbortSignal): Promise<Response> {
    return proxy.fetch(`${proxy.baseUrl}/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${books.key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "smart", messages: hello, ...body }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  describe("send no byte before the first content", () => {
    const nothingYet: Script = async (exchange) => {
      await exchange.startStream();
      await exchange.event(deltaChunk({ role: "assistant", content: "" }));
      await exchange.chunk(": keep-alive\n\n");
      await exchange.event(deltaChunk({}));
    };

    test.each([
      { stream: true, end: answers("Hello from first."), status: 200 },
      { stream: false, end: answers("Hello from first."), status: 200 },
      { stream: true, end: fails(500), status: 503 },
      { stream: false, end: fails(500), status: 503 },
    ])("stream: $stream, and then $status", async ({ stream, end, status }) => {
      const held = Promise.withResolvers<void>();
      proxy.first.script = async (exchange) => {
        if (stream) await nothingYet(exchange);
        await held.promise;
        exchange.reset();
      };
      proxy.second.script = end;
      const server = await serveApi(proxy.gateway.gateway);
      const client = await rawClient(
        server.url,
        rawPost(books.key, { model: "smart", messages: hello, stream }),
      );
      await eventually("the engine is asked", () => proxy.first.requests.length === 1);
      await pause(150);
      expect(client.text).toBe("");
      held.resolve();
      const text = await client.closed();
      expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      await server.stop();
    });
  });

  describe("whose host only aborts the request's signal, and never reads or cancels an answer,", () => {
    const saysSomething: Script = async (exchange) => {
      await exchange.startStream();
      await exchange.event(textChunk("Some words"));
    };

    test.each([
      { when: "before the headers", stream: true, script: hangs, delivered: false },
      { when: "before the headers", stream: false, script: hangs, delivered: false },
      { when: "in the middle of the answer", stream: true, script: saysSomething, delivered: true },
      { when: "in the middle of the answer", stream: false, script: saysSomething, delivered: true },
    ])("$when, stream: $stream: close the upstream, settle the turn", async (row) => {
      proxy.first.script = row.script;
      proxy.second.script = answers("Hello from second.");
      const client = new AbortController();
      const answering = ask({ stream: row.stream }, client.signal);
      await eventually("the engine is asked", () => proxy.first.requests.length === 1);
      await pause(50);
      const leftAt = performance.now();
      client.abort();
      const response = await answering;
      const turn = await books.turnOf(response.headers.get("x-request-id") ?? undefined);
      expect(turn).toMatchObject({ state: "cancelled", delivered: row.delivered });
      expect(turn.attempts.map((attempt) => attempt["status"])).toEqual(["cancelled"]);
      await eventually("the upstream is closed", () => proxy.first.requests[0]?.closedAt !== undefined);
      expect((proxy.first.requests[0]?.closedAt ?? 0) - leftAt).toBeLessThan(1_000);
      expect(proxy.second.requests).toEqual([]);
    });
  });

  test.each([true, false])(
    "that are complete are not undone by who leaves then (stream: %s)",
    async (stream) => {
      proxy.first.script = answers("Hello from first.");
      const client = new AbortController();
      const works: Promise<void>[] = [];
      const requestId = randomUUID();
      const completion = await startCompletion(
        { chat: aRequest({ stream }), models: ["smart"] },
        {
          requestId,
          caller: { kind: "open" },
          signal: client.signal,
          waitUntil: (work) => works.push(work),
        },
        proxy.gateway.gateway.completion,
      );
      while ((await completion.next()) !== undefined);
      const connections = proxy.first.connections;

      completion.abandon();
      client.abort();
      completion.abandon();

      expect(works).toHaveLength(1);
      await Promise.all(works);
      const rows = await database.sql`
      select status, usage_source, completion_tokens::integer as tokens from public.ai_chat_usage
      where id = ${requestId}`;
      expect(rows).toEqual([{ status: "completed", usage_source: "exact", tokens: 1 }]);
      expect(getEventListeners(client.signal, "abort")).toEqual([]);
      // The connection to the engine is kept for the next request.
      expect(proxy.first.connections).toBe(connections);
      expect(proxy.first.requests[0]?.closedAt).toBeUndefined();
    },
  );
});
