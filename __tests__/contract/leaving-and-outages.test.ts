import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  answers,
  type Exchange,
  type FakeUpstream,
  startFakeUpstream,
  textChunk,
} from "../support/fake-upstream.ts";
import { readNative, readSome } from "../support/native-client.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  aHost,
  aRequest,
  createKey,
  type Door,
  eventually,
  type HttpHost,
  listen,
  modelsConfig,
  startDoor,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

/** What nobody holds goes, as it may at any moment. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new Error("no collector");
  collect();
}

/** A closed connection must be seen upstream within this, milliseconds. */
const AT_ONCE = 1_000;

let database: TestSupabase;
let door: Door;
let user: TestUser;
let first: FakeUpstream;
let second: FakeUpstream;
let gateway: TestGateway;
let host: HttpHost;

beforeAll(async () => {
  database = await startTestSupabase();
  door = await startDoor(database.url);
});

beforeEach(async () => {
  door.state = "open";
  first = await startFakeUpstream(answers("Hello."));
  second = await startFakeUpstream(answers("Hello from second."));
  user = await database.signUp();
  gateway = await startTestGateway({
    database: { ...database, url: door.url },
    settings: { MODELS_CONFIG: modelsConfig({ first: `${first.origin}/v1`, second: `${second.origin}/v1` }) },
  });
  host = await listen(gateway.aiChat);
});

afterEach(async () => {
  await host.stop();
  await gateway.stop();
  await Promise.all([first.stop(), second.stop()]);
});

afterAll(async () => {
  await door.stop();
  await database.stop();
});

type Row = { status: string; delivered: boolean; completion: number };

async function rows(): Promise<Row[]> {
  const found = await database.sql`select * from public.ai_chat_usage where user_id = ${user.userId}`;
  return found.map((row) => ({
    status: String(row["status"]),
    delivered: row["delivered"] === true,
    completion: Number(row["completion_tokens"]),
  }));
}

async function usedUnits(): Promise<number> {
  const found = await database.sql`select used from public.ai_quota_counters where user_id = ${user.userId}`;
  return Number(found[0]?.["used"] ?? 0);
}

/** A client on a real socket; `leave` closes it. */
function post(message = "Hi"): { response: Promise<Response>; leave(): void } {
  const client = new AbortController();
  const { method, headers } = aRequest(user.accessToken, {});
  const body = JSON.stringify({ message });
  const response = fetch(`${host.url}/api/ai-chat`, { method, headers, body, signal: client.signal });
  return { response, leave: () => client.abort() };
}

async function expectClosedAtOnce(upstream: FakeUpstream, leftAt: number): Promise<void> {
  await eventually("the upstream connection is closed", () => upstream.requests[0]?.closedAt !== undefined);
  expect((upstream.requests[0]?.closedAt ?? 0) - leftAt).toBeLessThan(AT_ONCE);
}

describe("a client that leaves", () => {
  test("before the first token: upstream closed at once, no further call, one cancelled row, unit returned", async () => {
    first.script = () => undefined;
    const { response, leave } = post();
    await response;
    await eventually("the engine is asked", () => first.requests.length === 1);
    const leftAt = performance.now();
    leave();
    await expectClosedAtOnce(first, leftAt);
    await eventually("the turn is settled", async () => (await rows())[0]?.status === "cancelled");
    await gateway.settled();
    expect(await rows()).toEqual([{ status: "cancelled", delivered: false, completion: 0 }]);
    expect(await usedUnits()).toBe(0);
    expect(second.requests).toEqual([]);
    await eventually("no socket is left open", () => host.openConnections === 0);
  });

  test("mid-stream: upstream closed at once, no further call, one cancelled row with what was delivered", async () => {
    first.script = async (exchange) => {
      await exchange.startStream();
      await exchange.event(textChunk("Some words that were read"));
    };
    const { response, leave } = post();
    const reader = (await response).body?.getReader();
    if (reader === undefined) throw new Error("no body");
    await readSome(reader, (events) => events.some((event) => event.type === "token"));
    const leftAt = performance.now();
    leave();
    await expectClosedAtOnce(first, leftAt);
    await eventually("the turn is settled", async () => (await rows())[0]?.status === "cancelled");
    await gateway.settled();
    expect(await rows()).toEqual([{ status: "cancelled", delivered: true, completion: 7 }]);
    expect(await usedUnits()).toBe(1);
    expect(second.requests).toEqual([]);
  });

  test("between the last token and the end: one row, and nothing is called again", async () => {
    first.script = async (exchange) => {
      await exchange.startStream();
      await exchange.event(textChunk("All of it.", "stop"));
      await exchange.closed();
    };
    const { response, leave } = post();
    const reader = (await response).body?.getReader();
    if (reader === undefined) throw new Error("no body");
    await readSome(reader, (events) => events.some((event) => event.type === "token"));
    leave();
    await eventually("the turn is settled", async () => (await rows())[0]?.status !== "started");
    await gateway.settled();
    expect(await rows()).toHaveLength(1);
    expect(first.requests.length + second.requests.length).toBe(1);
  });

  test("whose host only aborts the signal, and never reads or cancels the stream, has its turn settled too", async () => {
    first.script = () => undefined;
    const client = new AbortController();
    const response = await gateway.aiChat(
      aRequest(user.accessToken, { message: "Hi" }, { signal: client.signal }),
      aHost(),
    );
    expect(response.status).toBe(200);
    client.abort();
    await eventually("the turn is settled", async () => (await rows())[0]?.status === "cancelled");
    expect(await usedUnits()).toBe(0);
  });

  test("and reads no more, while much is being sent: settled, and the upstream closed", async () => {
    first.script = async (exchange) => {
      await exchange.startStream();
      for (let word = 0; word < 1_000 && !exchange.gone; word++)
        await exchange.event(textChunk("word ".repeat(200)));
    };
    const client = new AbortController();
    const response = await gateway.aiChat(
      aRequest(user.accessToken, { message: "Hi" }, { signal: client.signal }),
      aHost(),
    );
    const reader = response.body?.getReader();
    // The opening and the first of the answer: the rest of it stays where it is.
    await reader?.read();
    await reader?.read();
    expect(first.requests).toHaveLength(1);
    await sleep(50);
    collectGarbage();
    await sleep(20);
    collectGarbage();
    const leftAt = performance.now();
    client.abort();
    await eventually("the turn is settled", async () => (await rows())[0]?.status === "cancelled");
    await expectClosedAtOnce(first, leftAt);
  });

  test("before the turn began gets no engine called", async () => {
    const client = new AbortController();
    client.abort();
    const request = aRequest(user.accessToken, { message: "Hi" });
    const left = new Request(request.url, {
      method: "POST",
      headers: request.headers,
      body: '{"message":"Hi"}',
    });
    Object.defineProperty(left, "signal", { value: client.signal });
    const response = await gateway.aiChat(left, aHost());
    await response.body?.cancel();
    await gateway.settled();
    await sleep(50);
    expect(first.requests.length + second.requests.length).toBe(0);
    expect((await rows()).filter(({ status }) => status === "started")).toEqual([]);
  });

  test("an aborted stream that is read on ends in an error, never in done", async () => {
    first.script = () => undefined;
    const client = new AbortController();
    const response = await gateway.aiChat(
      aRequest(user.accessToken, { message: "Hi" }, { signal: client.signal }),
      aHost(),
    );
    const answering = readNative(response);
    await eventually("the engine is asked", () => first.requests.length === 1);
    client.abort();
    const answer = await answering;
    expect(answer.error?.code).toBe("client_closed_request");
    expect(answer.done).toBeUndefined();
  });
});

test("two hundred clients that leave at once leave nothing behind", async () => {
  first.script = async (exchange) => {
    await exchange.startStream();
    await exchange.event(textChunk("Some words"));
  };
  const clients: ReturnType<typeof post>[] = [];
  // They come in groups: what is tested is how they leave.
  for (let group = 0; group < 10; group++) {
    const coming = Array.from({ length: 20 }, () => post());
    clients.push(...coming);
    await Promise.all(
      coming.map(async ({ response }) => {
        const reader = (await response).body?.getReader();
        if (reader !== undefined)
          await readSome(reader, (events) => events.some((event) => event.type === "token"));
      }),
    );
  }
  expect(first.inFlight).toBe(200);
  const leftAt = performance.now();
  for (const { leave } of clients) leave();
  // The host of this test shares its process with the crowd; the runner alone is held to a second.
  await eventually("nothing is in flight", () => first.inFlight === 0 && host.openConnections === 0);
  for (const { closedAt } of first.requests) expect((closedAt ?? 0) - leftAt).toBeLessThan(3 * AT_ONCE);
  await gateway.settled();
  // Two hundred settle one by one: that takes the database some time on a busy machine.
  await eventually(
    "every turn is settled",
    async () => (await rows()).every(({ status }) => status === "cancelled"),
    10_000,
  );
  expect(await rows()).toHaveLength(200);
  expect(first.requests).toHaveLength(200);
  expect(second.requests).toEqual([]);
});

describe("a slow reader", () => {
  test("holds the upstream back", async () => {
    let written = 0;
    first.script = async (exchange: Exchange) => {
      const frame = `data: ${JSON.stringify(textChunk("x".repeat(4_000)))}\n\n`;
      const gone = exchange.closed();
      await exchange.startStream();
      while (!exchange.gone && written < 64_000_000) {
        await Promise.race([exchange.chunk(frame), gone]);
        written += frame.length;
      }
    };
    const response = await gateway.aiChat(aRequest(user.accessToken, { message: "Hi" }), aHost());
    const reader = response.body?.getReader();
    if (reader === undefined) throw new Error("no body");
    await readSome(reader, (events) => events.some((event) => event.type === "token"));
    await sleep(200);
    const held = written;
    await sleep(300);
    // What the kernel buffers on both ends, and no more.
    expect(written - held).toBeLessThan(100_000);
    expect(written).toBeLessThan(20_000_000);
    await reader.cancel();
    await eventually("the turn is settled", async () => (await rows())[0]?.status === "cancelled");
  });
});

describe("the database", () => {
  test.each(["shut", "silent"] as const)(
    "%s before the turn: 503 soon, with Retry-After and no upstream call",
    async (state) => {
      const key = await createKey(database, user.userId);
      // A key that is known, and one that is not; a token is checked without the database.
      await gateway.ask(key, { message: "Hi" });
      first.requests.length = 0;
      door.state = state;
      for (const credential of [user.accessToken, key, await createKey(database, user.userId)]) {
        const from = performance.now();
        const answer = await gateway.ask(credential, { message: "Hi" });
        expect(performance.now() - from).toBeLessThan(2_700);
        expect(answer.status).toBe(503);
        expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
        expect(JSON.parse(answer.raw)).toMatchObject({ error: { code: "database_unavailable" } });
      }
      expect(first.requests).toEqual([]);
    },
  );

  test.each(["shut", "silent"] as const)(
    "%s at the end: the answer completes soon, and its row is settled later, once",
    async (state) => {
      first.script = async (exchange) => {
        door.state = state;
        await answers("The whole answer.")(exchange);
      };
      const from = performance.now();
      const answer = await gateway.ask(user.accessToken, { message: "Hi" });
      expect(performance.now() - from).toBeLessThan(3_000);
      expect(answer.text).toBe("The whole answer.");
      expect(answer.done).toBeDefined();
      expect(await rows()).toEqual([{ status: "started", delivered: false, completion: 0 }]);
      door.state = "open";
      await gateway.settled();
      expect(await rows()).toEqual([{ status: "completed", delivered: true, completion: 1 }]);
    },
  );
});
