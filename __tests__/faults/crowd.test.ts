import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { engineAt, readRun, startRun, type TestEffects, testEffects } from "../support/engines.ts";
import {
  answers,
  type FakeUpstream,
  type Script,
  startFakeUpstream,
  textChunk,
} from "../support/fake-upstream.ts";
import { eventually } from "./harness.ts";
import { hangs } from "./scripts.ts";

const CROWD = 500;
const TIMES = {
  connectMs: 10_000,
  firstTokenMs: 10_000,
  answerMs: 10_000,
  idleMs: 10_000,
  deadlineMs: 30_000,
};

const open: (FakeUpstream | TestEffects)[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await ("stop" in one ? one.stop() : one.close());
});

const tricklesOn: Script = async (exchange) => {
  await exchange.startStream();
  while (!exchange.gone) {
    await exchange.event(textChunk("word "));
    await pause(50);
  }
};

describe("row 31: five hundred clients leave at once", () => {
  test.each([
    ["before the headers", hangs, (upstream: FakeUpstream) => upstream.requests.length === CROWD],
    [
      "in the middle of their answers",
      tricklesOn,
      (upstream: FakeUpstream) => upstream.requests.length === CROWD,
    ],
    ["while they are being connected", hangs, () => true],
  ] as const)("%s", { timeout: 30_000 }, async (_when, script, ready) => {
    const upstream = await startFakeUpstream(script);
    const next = await startFakeUpstream(answers("Hello from b."));
    const effects = testEffects();
    open.push(upstream, next, effects);
    const chain = [engineAt("a", upstream.origin), engineAt("b", next.origin)];
    const clients = Array.from({ length: CROWD }, () => new AbortController());
    const runs = clients.map(({ signal }) => startRun(chain, effects, { signal, times: TIMES }));
    const results = runs.map((run) => readRun(run));
    await eventually("everybody is connected", () => ready(upstream), 15_000);
    if (script === tricklesOn)
      await eventually("everybody reads", () => runs.every(({ record }) => record.committed), 15_000);
    const asked = upstream.requests.length;

    for (const client of clients) client.abort();

    await pause(1_000);
    expect(upstream.inFlight).toBe(0);
    expect(upstream.connections).toBe(0);
    // Nobody is called again, and a request that was not written yet never is.
    expect(upstream.requests.length).toBe(asked);
    expect(next.requests).toEqual([]);
    for (const result of await Promise.all(results)) {
      expect(result.error?.code).toBe("client_closed_request");
      expect(result.run.record.state).toBe("cancelled");
      expect(result.run.record.usages.length).toBe(script === tricklesOn ? 1 : 0);
    }
    expect(effects.health.wouldAdmit(engineAt("a", upstream.origin), 0)).toBe(true);
  });
});
