import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { decompressed } from "#lib/adapters/http/decompression.ts";
import type { UpstreamBody } from "#lib/providers/call/upstream.ts";
import {
  answerOf,
  aRequest,
  engineAt,
  readRun,
  startRun,
  type TestEffects,
  testEffects,
} from "../support/engines.ts";
import {
  answers,
  type FakeUpstream,
  type Script,
  startFakeUpstream,
  textChunk,
} from "../support/fake-upstream.ts";
import { startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase } from "../support/test-database.ts";
import { eventually } from "./harness.ts";
import { rawPost } from "./openai-client.ts";
import { openBooks, serveApi } from "./openai-front.ts";

const MEGABYTE = 1024 * 1024;
const TIMES = { connectMs: 5_000, firstTokenMs: 20_000, answerMs: 20_000, idleMs: 300, deadlineMs: 30_000 };

const open: ({ stop(): Promise<void> } | TestEffects)[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await ("stop" in one ? one.stop() : one.close());
});

async function stage(
  script: Script,
): Promise<{ upstream: FakeUpstream; next: FakeUpstream; effects: TestEffects }> {
  const upstream = await startFakeUpstream(script);
  const next = await startFakeUpstream(answers("Hello from b."));
  const effects = testEffects();
  open.push(upstream, next, effects);
  return { upstream, next, effects };
}

/** Runs `action` and says by how much memory was higher while it ran, in megabytes. */
async function peakMegabytes(action: () => Promise<void>): Promise<number> {
  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return (heapUsed + external) / MEGABYTE;
  };
  const before = used();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, used());
  }, 5);
  try {
    await action();
  } finally {
    clearInterval(timer);
  }
  return peak - before;
}

describe("row 22: memory stays flat", () => {
  /** A gigabyte of blanks; a member of 16 MB is 16 KB. */
  const member = gzipSync(Buffer.alloc(16 * MEGABYTE, 0x20));
  const bomb = Buffer.concat(Array.from({ length: 64 }, () => member));
  const bombs: [string, Script][] = [
    ["in one piece", (exchange) => exchange.respond(200, bomb, { "content-encoding": "gzip" })],
    [
      "as a stream of comments",
      (exchange) => {
        const line = Buffer.concat([
          Buffer.from("data: {}\n\n:"),
          Buffer.alloc(MEGABYTE, 0x20),
          Buffer.from("\n\n"),
        ]);
        const lines = gzipSync(Buffer.concat(Array.from({ length: 16 }, () => line)));
        const bytes = Buffer.concat(Array.from({ length: 64 }, () => lines));
        return exchange.respond(200, bytes, {
          "content-type": "text/event-stream",
          "content-encoding": "gzip",
        });
      },
    ],
  ];
  // Made anew for each, so that none of them is still in memory when memory is measured.
  const blanks = (): Buffer => Buffer.alloc(64 * MEGABYTE, 0x20);
  for (const [encoding, compressed] of [
    ["br", () => brotliCompressSync(blanks(), { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })],
    ["deflate", () => deflateSync(blanks())],
    ["zstd", () => zstdCompressSync(blanks())],
  ] as const) {
    const body = compressed();
    bombs.push([
      `of ${encoding}, ${body.length} bytes`,
      (exchange) => exchange.respond(200, body, { "content-encoding": encoding }),
    ]);
  }
  test.each(bombs)("under a bomb %s", async (_how, script) => {
    const { upstream, next, effects } = await stage(script);
    const chain = [engineAt("a", upstream.origin), engineAt("b", next.origin)];
    const peak = await peakMegabytes(async () => {
      const { text, run } = await readRun(startRun(chain, effects, { timeouts: TIMES }));
      expect(text).toBe("Hello from b.");
      expect(run.record.attempts[0]?.outcome).toBe("bad_response");
    });
    expect(peak).toBeLessThan(64);
  });

  test("a zstd frame that asks for a window of 128 MB is not given one", async () => {
    const params = { [constants.ZSTD_c_windowLog]: 27 };
    const bytes = zstdCompressSync(Buffer.alloc(256 * MEGABYTE, 0x20), { params });
    const { upstream, next, effects } = await stage((exchange) =>
      exchange.respond(200, bytes, { "content-encoding": "zstd" }),
    );
    const chain = [engineAt("a", upstream.origin), engineAt("b", next.origin)];
    const { text, run } = await readRun(startRun(chain, effects, { timeouts: TIMES }));
    expect(text).toBe("Hello from b.");
    expect(run.record.attempts[0]?.outcome).toBe("reset");
  });

  test("a bomb is taken apart in small slices", async () => {
    let handedOver = false;
    const source: UpstreamBody = {
      read: () => {
        const bytes = handedOver ? null : bomb;
        handedOver = true;
        return Promise.resolve(bytes);
      },
      poll: () => undefined,
      release: () => undefined,
      cancel: () => undefined,
    };
    const body = decompressed(source, "gzip");
    let ahead = (await body.read())?.length ?? 0;
    for (let more = body.poll(); more !== undefined; more = body.poll()) ahead += more.length;
    body.cancel();
    expect(ahead).toBeGreaterThan(0);
    expect(ahead).toBeLessThan(6 * MEGABYTE);
  });

  test("under an error whose body never ends", async () => {
    const { upstream, next, effects } = await stage(async (exchange) => {
      await exchange.head(500, { "transfer-encoding": "chunked" });
      const chunk = "x".repeat(MEGABYTE);
      for (let sent = 0; sent < 300 && !exchange.gone; sent++) await exchange.chunk(chunk);
    });
    const chain = [engineAt("a", upstream.origin), engineAt("b", next.origin)];
    const peak = await peakMegabytes(async () => {
      const { text } = await readRun(startRun(chain, effects, { timeouts: TIMES }));
      expect(text).toBe("Hello from b.");
    });
    expect(peak).toBeLessThan(64);
  });
});

describe("row 30: a slow reader", () => {
  test("holds the upstream back, costs no memory, and is not taken for a silent engine", async () => {
    const piece = textChunk("x".repeat(16 * 1024));
    let written = 0;
    const { upstream, effects } = await stage(async (exchange) => {
      await exchange.startStream();
      // 100 MB, were they taken.
      for (let sent = 0; sent < 6_400 && !exchange.gone; sent++) {
        await exchange.event(piece);
        written += 16 * 1024;
      }
    });
    const client = new AbortController();
    const run = startRun([engineAt("a", upstream.origin)], effects, {
      signal: client.signal,
      timeouts: TIMES,
      request: aRequest(),
    });
    const peak = await peakMegabytes(async () => {
      let read = 0;
      const slowly = async (batches: number): Promise<void> => {
        while (batches-- > 0) {
          const batch = await run.events.next();
          expect(batch.done).toBe(false);
          for (const event of answerOf(batch.value ?? []))
            if (event.type === "text") read += event.text.length;
          await pause(100);
        }
      };
      await slowly(10);
      // Longer than the idle time-out: it does not count while nobody reads.
      await pause(600);
      const before = written;
      await slowly(10);
      // What the kernel's buffers take was written at once; from then on only what is read makes room.
      expect(before).toBeLessThan(16 * MEGABYTE);
      expect(written - before).toBeLessThan(4 * MEGABYTE);
      expect(read).toBeGreaterThan(0);
      expect(read).toBeLessThan(4 * MEGABYTE);
    });
    expect(peak).toBeLessThan(48);
    expect(run.record.state).toBe("running");

    await run.events.return();

    expect(run.record.state).toBe("cancelled");
    expect(run.record.usages[0]?.usage.source).toBe("estimated");
    await pause(200);
    expect(upstream.inFlight).toBe(0);
  });

  test("of chat completions: a kilobyte a second, over sockets", async () => {
    const database = await startTestSupabase();
    const proxy = await startProxyGateway(database, { PROVIDER_TIMEOUT_MS: "1000" });
    const server = await serveApi(proxy.gateway.gateway);
    open.push(database, proxy, server);
    const { key, turnOf } = await openBooks(database, (await database.signUp()).userId);
    let written = 0;
    proxy.first.script = async (exchange) => {
      await exchange.startStream();
      for (let sent = 0; sent < 6_400 && !exchange.gone; sent++) {
        await exchange.event(textChunk("x".repeat(16 * 1024)));
        written += 16 * 1024;
      }
    };
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.write(
      rawPost(key, { model: "smart", messages: [{ role: "user", content: "Hello" }], stream: true }),
    );
    const peak = await peakMegabytes(async () => {
      await once(socket, "readable");
      let read = "";
      const slowly = async (milliseconds: number): Promise<void> => {
        for (let spent = 0; spent < milliseconds; spent += 100) {
          read += String(socket.read(102) ?? "");
          await pause(100);
        }
      };
      await slowly(1_000);
      const before = written;
      // Longer than the idle time-out: it does not count while nobody reads.
      await slowly(1_500);
      expect(read).toMatch(/^HTTP\/1.1 200 /);
      // The kernel's buffers of two connections, and then nothing more.
      expect(before).toBeLessThan(32 * MEGABYTE);
      expect(written - before).toBeLessThan(MEGABYTE);
    });
    // Of a hundred; what is not collected yet differs from run to run.
    expect(peak).toBeLessThan(80);
    expect(proxy.first.inFlight).toBe(1);
    expect(proxy.second.requests).toEqual([]);

    const leftAt = performance.now();
    socket.destroy();

    expect(await turnOf(undefined)).toMatchObject({
      state: "cancelled",
      delivered: true,
      source: "estimated",
    });
    await eventually("the upstream is closed", () => proxy.first.inFlight === 0);
    expect((proxy.first.requests[0]?.closedAt ?? 0) - leftAt).toBeLessThan(1_000);
    expect(proxy.second.requests).toEqual([]);
  });
});
