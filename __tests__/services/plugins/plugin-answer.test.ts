import { expect, test } from "vitest";
import type { Plugin } from "#lib/plugins/plugin.ts";
import { pluginById } from "#lib/plugins/plugins.ts";
import type { Upstream, UpstreamRequest } from "#lib/providers/call/upstream.ts";
import { pluginAnswer } from "#lib/services/plugins/plugin-answer.ts";
import { TEST_TIMEOUTS } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake-clock.ts";

type Piece = string | { afterMs: number; text: string };

/** A plugin that sends these pieces, each when it is asked for, at once or after some time. */
function setUp(id: string, contentType: string, answers: (request: UpstreamRequest) => readonly Piece[]) {
  const clock = new FakeClock();
  const requests: string[] = [];
  const open = new Set<number>();
  const upstream: Upstream = {
    async send(request, { signal }) {
      const number = requests.push(`${request.method} ${request.url}`);
      open.add(number);
      const left = [...answers(request)];
      const read = (): Promise<Uint8Array | null> => {
        const piece = left.shift();
        if (piece === undefined) return Promise.resolve(null);
        if (typeof piece === "string") return Promise.resolve(Buffer.from(piece));
        return new Promise((resolve, reject) => {
          clock.after(piece.afterMs, () => resolve(Buffer.from(piece.text)));
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        });
      };
      const close = (): void => void open.delete(number);
      const header = (name: string): string | undefined =>
        name === "content-type" ? contentType : undefined;
      return { status: 200, header, body: { read, poll: () => undefined, release: close, cancel: close } };
    },
  };
  const plugin: Plugin = pluginById(id) ?? expect.fail(`There is no ${id}.`);
  const client = new AbortController();
  const ask = {
    plugin,
    endpoint: { base: "http://plugin.test", token: "token-of-it" },
    question: { message: "Hi", history: [], image: undefined },
    signal: client.signal,
  };
  const parts = pluginAnswer(ask, {
    effects: { upstream, clock, random: () => 0.5 },
    timeouts: TEST_TIMEOUTS,
  });
  /** Something that waits for the clock, while the clock goes on. */
  const inTime = async <Value>(work: Promise<Value>): Promise<Value> => {
    let isDone = false;
    const settled = work.finally(() => {
      isDone = true;
    });
    settled.catch(() => undefined);
    while (!isDone) await clock.advanceAsync(50);
    return settled;
  };
  return { clock, client, open, parts, requests, inTime };
}

const runs =
  (...statuses: object[]) =>
  ({ method }: UpstreamRequest): string[] =>
    method === "POST" ? ['{"id":"run-1"}'] : [JSON.stringify(statuses.shift() ?? { status: "running" })];

test("a workflow that outlasts the chat goes on without it, and the text names its run", async () => {
  const { parts, clock, requests, open, inTime } = setUp("agent-orchestrator", "application/json", runs());
  const from = clock.now();
  const first = await inTime(parts.next());
  expect(first.value?.text).toContain("still running. Its run is run-1.");
  expect(clock.now() - from).toBeGreaterThanOrEqual(20_000);
  expect(clock.now() - from).toBeLessThan(22_000);
  await parts.return();
  expect(requests.length).toBeLessThanOrEqual(22);
  expect(open.size).toBe(0);
});

test.each([
  [{ status: "failed", error: "no key" }, "The workflow ended as failed: no key"],
  [{ status: "budget_exceeded" }, "The workflow ended as budget_exceeded: no reason"],
])("a workflow that comes to nothing is no answer: %j", async (run, message) => {
  const { parts, open, inTime } = setUp(
    "agent-orchestrator",
    "application/json",
    runs({ status: "running" }, run),
  );
  await expect(inTime(parts.next())).rejects.toThrow(message);
  expect(open.size).toBe(0);
});

test("nobody looks at a workflow for a client that has left", async () => {
  const { parts, client, requests, inTime } = setUp("agent-orchestrator", "application/json", runs());
  const next = parts.next();
  await Promise.resolve();
  client.abort();
  await expect(inTime(next)).rejects.toMatchObject({ code: "client_closed_request" });
  expect(requests.length).toBeLessThanOrEqual(2);
});

test.each(["../admin", "a/b", "", "x?y"])("a run with the id %j is looked at nowhere", async (id) => {
  const { parts, requests, inTime } = setUp("agent-orchestrator", "application/json", () => [
    JSON.stringify({ id }),
  ]);
  await expect(inTime(parts.next())).rejects.toThrow("The workflow has no run.");
  expect(requests).toEqual(["POST http://plugin.test/runs"]);
});

test("time does not count while the client takes nothing", async () => {
  const { parts, clock, inTime } = setUp("rag-over-pdf", "text/plain", () => [
    "One",
    { afterMs: 10, text: " two" },
  ]);
  expect((await inTime(parts.next())).value?.text).toBe("One");
  await clock.advanceAsync(TEST_TIMEOUTS.idleMs * 10);
  expect((await inTime(parts.next())).value?.text).toBe(" two");
});

test("a plugin may be silent as long as an engine, and no longer", async () => {
  const { idleMs, firstTokenMs } = TEST_TIMEOUTS;
  const late = setUp("rag-over-pdf", "text/plain", () => [{ afterMs: firstTokenMs + 1_000, text: "One" }]);
  await expect(late.inTime(late.parts.next())).rejects.toMatchObject({ code: "plugin_timeout" });
  const silent = setUp("rag-over-pdf", "text/plain", () => ["One", { afterMs: idleMs + 1_000, text: "two" }]);
  await silent.inTime(silent.parts.next());
  await expect(silent.inTime(silent.parts.next())).rejects.toMatchObject({ code: "plugin_timeout" });
  expect([late.open.size, silent.open.size]).toEqual([0, 0]);
});

test("a reader that stops early closes the connection", async () => {
  const { parts, open, inTime } = setUp("rag-over-pdf", "text/plain", () => ["One", "two"]);
  await inTime(parts.next());
  expect(open.size).toBe(1);
  await parts.return();
  expect(open.size).toBe(0);
});
