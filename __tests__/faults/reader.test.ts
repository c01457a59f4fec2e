import { getEventListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { ChatRun, RunEvent } from "#lib/providers/chat/run.ts";
import { answerOf, engineAt, readRun, startRun, type TestEffects, testEffects } from "../support/engines.ts";
import {
  answers,
  type FakeUpstream,
  type Script,
  startFakeUpstream,
  textChunk,
  usageChunk,
} from "../support/fake-upstream.ts";
import { eventually } from "./harness.ts";
import { fails, TOKENS } from "./scripts.ts";

const TIMES = { connectMs: 5_000, firstTokenMs: 5_000, answerMs: 5_000, idleMs: 5_000, deadlineMs: 10_000 };

const open: (FakeUpstream | TestEffects)[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await ("stop" in one ? one.stop() : one.close());
});

async function stage(
  ...scripts: Script[]
): Promise<{ upstreams: FakeUpstream[]; effects: TestEffects; run: ChatRun; client: AbortController }> {
  const upstreams = await Promise.all(scripts.map((script) => startFakeUpstream(script)));
  const effects = testEffects();
  open.push(...upstreams, effects);
  const client = new AbortController();
  const chain = upstreams.map(({ origin }, index) => engineAt(`engine-${index}`, origin));
  const run = startRun(chain, effects, { timeouts: TIMES, signal: client.signal });
  return { upstreams, effects, run, client };
}

/** Reads until an event of this type has come. */
async function readUntil(run: ChatRun, type: RunEvent["type"] | ChatEvent["type"]): Promise<void> {
  while (true) {
    const { done, value } = await run.events.next();
    if (done === true) throw new Error(`No ${type} event came.`);
    const kinds = [...value, ...answerOf(value)].map((event) => event.type);
    if (kinds.includes(type)) return;
  }
}

const tokens =
  (finish: boolean): Script =>
  async (exchange) => {
    await exchange.startStream();
    for (const token of TOKENS) {
      await exchange.event(textChunk(token));
      await pause(2);
    }
    if (!finish) return;
    await exchange.event(textChunk("", "stop"));
    await exchange.event(usageChunk(10, 30));
  };

describe("row 29: a reader that stops reading", () => {
  test("in the middle of the answer: the connection is closed, the usage estimated, nobody else called", async () => {
    const { upstreams, run, client, effects } = await stage(tokens(false), answers("Hello."));
    await readUntil(run, "text");
    await run.events.return();
    expect(run.record.state).toBe("cancelled");
    expect(run.record.usages.map(({ usage }) => usage.source)).toEqual(["estimated"]);
    expect(run.record.attempts.map(({ outcome }) => outcome)).toEqual(["cancelled"]);
    await eventually("the connection is closed", () => upstreams[0]?.connections === 0);
    expect(upstreams[1]?.requests).toEqual([]);
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
    expect(effects.health.report().every(({ breaker }) => breaker === "closed")).toBe(true);
  });

  test("between two engines: the next one is not called", async () => {
    const { upstreams, run, client } = await stage(fails(500), answers("Hello."));
    await readUntil(run, "attempt");
    await run.events.return();
    expect(run.record.state).toBe("cancelled");
    expect(run.record.usages).toEqual([]);
    await pause(50);
    expect(upstreams[1]?.requests).toEqual([]);
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
  });

  test("while it waits for the next batch: what is asked for then is the end", async () => {
    const { upstreams, run, client } = await stage(async (exchange) => {
      await exchange.startStream();
      await exchange.event(textChunk("Hello"));
    }, answers("Hello."));
    await readUntil(run, "text");
    const waiting = run.events.next();
    const end = run.events.return();
    client.abort();
    await expect(waiting).rejects.toMatchObject({ code: "client_closed_request" });
    await end;
    expect(run.record.state).toBe("cancelled");
    await eventually("the connection is closed", () => upstreams[0]?.connections === 0);
    expect(upstreams[1]?.requests).toEqual([]);
  });

  test("at the last batch: the answer is complete, and its usage exact", async () => {
    const { upstreams, run } = await stage(answers("Hello."));
    await readUntil(run, "completed");
    await run.events.return();
    expect(run.record.state).toBe("completed");
    expect(run.record.usages.map(({ usage }) => usage.source)).toEqual(["exact"]);
    expect(upstreams[0]?.connections).toBe(1);
  });

  test("a half-open breaker's probe is given back", async () => {
    const { upstreams, run, effects } = await stage(tokens(false));
    const engine = engineAt("engine-0", upstreams[0]?.origin ?? "");
    await readUntil(run, "text");
    await run.events.return();
    expect(effects.health.wouldAdmit(engine, 0)).toBe(true);
  });
});

describe("a client's signal that outlives many requests", () => {
  test("collects no listeners, whatever becomes of the requests", async () => {
    const upstream = await startFakeUpstream((exchange) => {
      const scripts = [answers("Hello."), fails(500), (): void => exchange.reset(), tokens(true)];
      return scripts[upstream.requests.length % scripts.length]?.(exchange);
    });
    const effects = testEffects();
    open.push(upstream, effects);
    const client = new AbortController();
    for (let count = 0; count < 12; count++) {
      await readRun(
        startRun([engineAt("a", upstream.origin)], effects, { timeouts: TIMES, signal: client.signal }),
      );
    }
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
  });

  test("that has aborted already calls nobody", async () => {
    const { upstreams, run, client } = await stage(answers("Hello."));
    client.abort();
    const { error } = await readRun(run);
    expect(error?.code).toBe("client_closed_request");
    expect(run.record).toMatchObject({ state: "cancelled", calls: 0, attempts: [], usages: [] });
    expect(upstreams[0]?.connectionsEver).toBe(0);
  });
});
