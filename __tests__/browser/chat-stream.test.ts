import { describe, expect, test } from "vitest";
import type { FetchLike } from "#lib/browser/api.ts";
import { type ChatRequest, streamChat } from "#lib/browser/chat-stream.ts";
import type { BrowserEvent } from "#lib/browser/events.ts";
import { type NativeEvent, serializeEvents } from "#lib/streaming/events.ts";
import { fc } from "../support/properties.ts";

const QUESTION: ChatRequest = { message: "Hi", model: "smart" };
const EVENTS: readonly NativeEvent[] = [
  { type: "session", id: "s" },
  { type: "attempt", engine: "a/b", outcome: "rate_limited", latencyMs: 12 },
  { type: "backend", label: "B", provider: "b", model: "m" },
  { type: "token", text: "Grüße 👩‍🚀\ndata: \u2028" },
  { type: "usage", promptTokens: 1 },
  { type: "done", usage: 1, model: "smart", tokensOut: 1 },
];

const NEVER = new Promise<undefined>(() => undefined);

type Wire = {
  fetch: FetchLike;
  /** Aborts what is being asked. */
  abort: AbortController;
  requests: { url: string; init: RequestInit | undefined }[];
  /** Whether the reader has let go of the body. */
  isClosed: () => boolean;
};

/** A gateway that answers with these pieces; what comes after the last one is said by `end`. */
function wire(pieces: readonly Uint8Array[], end: "close" | "break" | "wait" = "close"): Wire {
  const abort = new AbortController();
  const requests: Wire["requests"] = [];
  let closed = false;
  let next = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        abort.signal.addEventListener("abort", () => controller.error(abort.signal.reason));
      },
      pull(controller) {
        const piece = pieces[next++];
        if (piece !== undefined) controller.enqueue(piece);
        else if (end === "close") controller.close();
        else if (end === "break") controller.error(new TypeError("terminated"));
        else return NEVER;
        return undefined;
      },
      cancel() {
        closed = true;
      },
    },
    { highWaterMark: 0 },
  );
  const fetch: FetchLike = async (url, init) => {
    requests.push({ url, init });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  return { fetch, abort, requests, isClosed: () => closed };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function read({ fetch, abort }: Wire): Promise<BrowserEvent[]> {
  const events: BrowserEvent[] = [];
  for await (const batch of streamChat(QUESTION, { signal: abort.signal, fetch })) events.push(...batch);
  return events;
}

describe("a stream", () => {
  test("is asked for with the question and the session cookie, and read to its end", async () => {
    const gateway = wire([bytes(serializeEvents(EVENTS))]);
    expect(await read(gateway)).toEqual(EVENTS);
    const [{ url, init } = { url: "", init: undefined }] = gateway.requests;
    expect(url).toBe("/api/ai-chat");
    expect(init).toMatchObject({
      method: "POST",
      credentials: "same-origin",
      body: JSON.stringify(QUESTION),
    });
  });

  test("takes a gateway key in place of the cookie, and the address of another gateway", async () => {
    const { fetch, abort, requests } = wire([bytes(serializeEvents(EVENTS))]);
    const options = { signal: abort.signal, fetch, url: "https://gateway.test", bearer: "sk-key" };
    for await (const batch of streamChat(QUESTION, options)) expect(batch.length).toBeGreaterThan(0);
    expect(requests[0]).toMatchObject({
      url: "https://gateway.test/api/ai-chat",
      init: { credentials: "omit", headers: { authorization: "Bearer sk-key" } },
    });
  });

  test("reads the same however it is cut into pieces, with comments in between", async () => {
    const whole = bytes(`: hello\n\n${serializeEvents(EVENTS).replaceAll("\n\n", "\n\n: beat\n\n")}`);
    const cuts = fc.uniqueArray(fc.nat({ max: whole.length }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const edges = [0, ...places.sort((a, b) => a - b), whole.length];
        const pieces = edges.slice(1).map((end, index) => whole.slice(edges[index], end));
        expect(await read(wire(pieces))).toEqual(EVENTS);
      }),
    );
  });

  test("skips frames that are no events, and hands on types that are new", async () => {
    const frames = ["{", "[1]", "7", "[DONE]", '{"type":7}', '{"type":"of-tomorrow"}'].map(
      (data) => `data: ${data}\n\n`,
    );
    const gateway = wire([bytes(frames.join("") + serializeEvents(EVENTS))]);
    expect(await read(gateway)).toEqual([{ type: "of-tomorrow" }, ...EVENTS]);
  });

  test.each(["done", "error"])("ends with `%s`, whatever comes behind it, and lets go", async (type) => {
    const last = type === "done" ? EVENTS.slice(-1) : [{ type: "error", message: "m", code: "c" } as const];
    const gateway = wire([bytes(serializeEvents(last)), bytes(serializeEvents(EVENTS))], "wait");
    expect(await read(gateway)).toEqual(last);
    await expect.poll(gateway.isClosed).toBe(true);
  });

  test("is let go of when the loop is left", async () => {
    const gateway = wire([bytes(serializeEvents(EVENTS.slice(0, 1)))], "wait");
    for await (const batch of streamChat(QUESTION, { signal: gateway.abort.signal, fetch: gateway.fetch })) {
      expect(batch).toHaveLength(1);
      break;
    }
    await expect.poll(gateway.isClosed).toBe(true);
  });
});

describe("a stream without an end", () => {
  test.each(["close", "break"] as const)("(%s) hands on what came, and is stream_cut", async (end) => {
    const { fetch, abort } = wire([bytes(serializeEvents(EVENTS.slice(0, -1))), bytes("data: {")], end);
    const events: BrowserEvent[] = [];
    const reading = (async () => {
      for await (const batch of streamChat(QUESTION, { signal: abort.signal, fetch })) events.push(...batch);
    })();
    await expect(reading).rejects.toMatchObject({ name: "ApiError", status: 0, code: "stream_cut" });
    expect(events).toEqual(EVENTS.slice(0, -1));
  });

  test("or with an event that never ends is stream_cut, and is let go of", async () => {
    const megabyte = bytes("x".repeat(1_000_000));
    const gateway = wire([bytes("data: "), ...Array.from({ length: 70 }, () => megabyte)], "wait");
    await expect(read(gateway)).rejects.toMatchObject({ code: "stream_cut" });
    await expect.poll(gateway.isClosed).toBe(true);
  });

  test("without a body is stream_cut", async () => {
    const abort = new AbortController();
    const fetch: FetchLike = async () => new Response(null);
    await expect(read({ ...wire([]), fetch, abort })).rejects.toMatchObject({ code: "stream_cut" });
  });
});

describe("an abort", () => {
  test("ends the reading with the signal's reason, and the request with it", async () => {
    const gateway = wire([bytes(serializeEvents(EVENTS.slice(0, 2)))], "wait");
    const reading = read(gateway);
    const reason = new Error("stopped");
    setTimeout(() => gateway.abort.abort(reason));
    await expect(reading).rejects.toBe(reason);
    expect(gateway.requests[0]?.init?.signal).toBe(gateway.abort.signal);
  });

  test("before the answer is no ApiError either", async () => {
    const abort = new AbortController();
    const fetch: FetchLike = () => Promise.reject(abort.signal.reason);
    abort.abort();
    await expect(read({ ...wire([]), fetch, abort })).rejects.toMatchObject({ name: "AbortError" });
  });
});

test.each([
  [
    "an error of the gateway",
    async () =>
      Response.json(
        { error: { code: "quota_exceeded", message: "Used up." } },
        { status: 429, headers: { "retry-after": "60", "x-request-id": "r" } },
      ),
    { status: 429, code: "quota_exceeded", message: "Used up.", retryAfter: 60, requestId: "r" },
  ],
  [
    "a page of a proxy",
    async () => new Response("<h1>Bad gateway</h1>", { status: 502 }),
    { status: 502, code: "internal_error", message: "The gateway answered 502." },
  ],
  ["no answer", () => Promise.reject(new TypeError("fetch failed")), { status: 0, code: "network" }],
] as const)("%s is thrown as an ApiError", async (_, fetch, error) => {
  await expect(read({ ...wire([]), fetch })).rejects.toMatchObject({ name: "ApiError", ...error });
});
