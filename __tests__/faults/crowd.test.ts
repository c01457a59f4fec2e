import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { engineAt, readRun, startRun, testEffects } from "../support/engines.ts";
import {
  answers,
  type FakeUpstream,
  type Script,
  startFakeUpstream,
  textChunk,
} from "../support/fake-upstream.ts";
import { startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { eventually } from "./harness.ts";
import { type HttpAnswer, post } from "./openai-client.ts";
import { serveApi } from "./openai-front.ts";
import { hangs } from "./scripts.ts";

const CROWD = 500;
const TIMES = {
  connectMs: 10_000,
  firstTokenMs: 10_000,
  answerMs: 10_000,
  idleMs: 10_000,
  deadlineMs: 30_000,
};

/** Two engines, and a way to them that a crowd takes. */
type Scene = {
  first: FakeUpstream;
  second: FakeUpstream;
  /** The clients come; each leaves when its signal aborts. */
  come(clients: readonly AbortSignal[]): Crowd;
  /** Milliseconds after which nothing of the crowd is left. */
  goneWithin: number;
};
type Crowd = {
  /** How many have read something of an answer. */
  reading(): number;
  /** Sees, once all have left, what became of them and of their turns. */
  check(): Promise<void>;
};

let database: TestSupabase;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
}, 30_000);

afterAll(() => database.stop());

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
});

async function runnerScene(): Promise<Scene> {
  const first = await startFakeUpstream(hangs);
  const second = await startFakeUpstream(answers("Hello from b."));
  const effects = testEffects();
  open.push(first, second, { stop: () => effects.close() });
  const chain = [engineAt("a", first.origin), engineAt("b", second.origin)];
  return {
    first,
    second,
    goneWithin: 1_000,
    come(clients) {
      const runs = clients.map((signal) => startRun(chain, effects, { signal, timeouts: TIMES }));
      const results = runs.map((run) => readRun(run));
      return {
        reading: () => runs.filter(({ record }) => record.committed).length,
        async check() {
          for (const { error, run } of await Promise.all(results)) {
            expect(error?.code).toBe("client_closed_request");
            expect(run.record.state).toBe("cancelled");
            expect(run.record.usages.length).toBe(run.record.committed ? 1 : 0);
          }
          expect(effects.health.wouldAdmit(engineAt("a", first.origin), 0)).toBe(true);
        },
      };
    },
  };
}

async function routeScene(stream: boolean): Promise<Scene> {
  await database.sql`delete from public.ai_chat_usage`;
  const proxy = await startProxyGateway(database, {
    CONNECT_TIMEOUT_MS: String(TIMES.connectMs),
    FIRST_TOKEN_TIMEOUT_MS: String(TIMES.firstTokenMs),
    ANSWER_TIMEOUT_MS: String(TIMES.answerMs),
  });
  open.push(proxy);
  const server = await serveApi(proxy.gateway.gateway);
  open.push(server);
  const { first, second, gateway } = proxy;
  const body = { model: "smart", messages: [{ role: "user", content: "Hello" }], stream };
  return {
    first,
    second,
    // The gateway of this test shares its process with the crowd's own sockets; the runner alone is held to a second.
    goneWithin: 3_000,
    come(clients) {
      const readers = new Set<AbortSignal>();
      const results = clients.map(
        (signal): Promise<HttpAnswer> =>
          post({
            url: `${server.url}/api/v1/chat/completions`,
            key: "anybody",
            body,
            signal,
            onText: () => readers.add(signal),
          }),
      );
      return {
        reading: () => readers.size,
        async check() {
          for (const { left } of await Promise.all(results)) expect(left).toBe(true);
          await gateway.gateway.ledger.close();
          const turns = await database.sql`
            select status, user_id, usage_source, delivered from public.ai_chat_usage`;
          // Nobody was asked to pay: in an open deployment a turn is nobody's.
          expect(turns.filter((turn) => turn["status"] !== "cancelled" || turn["user_id"] !== null)).toEqual(
            [],
          );
          const delivered = turns.filter((turn) => turn["delivered"] === true);
          expect(delivered.length).toBe(readers.size);
          expect(delivered.filter((turn) => turn["usage_source"] !== "estimated")).toEqual([]);
          // Every request that reached a provider has its one row.
          expect(turns.length).toBeGreaterThanOrEqual(first.requests.length);
          expect(turns.length).toBeLessThanOrEqual(clients.length);
          expect(gateway.gateway.health.report().every(({ breaker }) => breaker === "closed")).toBe(true);
        },
      };
    },
  };
}

const tricklesOn: Script = async (exchange) => {
  await exchange.startStream();
  while (!exchange.gone) {
    await exchange.event(textChunk("word "));
    await pause(200);
  }
};

const allAreAsked = ({ first }: Scene): boolean => first.requests.length === CROWD;
const allRead = (_scene: Scene, crowd: Crowd): boolean => crowd.reading() === CROWD;
const someAreAsked = ({ first }: Scene): boolean => first.requests.length > CROWD / 10;

const streaming = (): Promise<Scene> => routeScene(true);
const whole = (): Promise<Scene> => routeScene(false);

describe("row 31: five hundred clients leave at once", () => {
  test.each([
    ["the runner, before the headers", runnerScene, hangs, allAreAsked],
    ["the runner, in the middle of their answers", runnerScene, tricklesOn, allRead],
    ["the runner, while they are being connected", runnerScene, hangs, () => true],
    ["chat completions, before the headers", streaming, hangs, allAreAsked],
    ["chat completions, in the middle of their answers", streaming, tricklesOn, allRead],
    ["chat completions, while they are coming in", streaming, hangs, someAreAsked],
    ["chat completions, not streaming", whole, hangs, allAreAsked],
    ["chat completions, not streaming, while they are coming in", whole, hangs, someAreAsked],
  ] as const)("%s", { timeout: 30_000 }, async (_when, makeScene, script, ready) => {
    const scene = await makeScene();
    scene.first.script = script;
    const clients = Array.from({ length: CROWD }, () => new AbortController());
    const crowd = scene.come(clients.map(({ signal }) => signal));
    await eventually("everybody is there", () => ready(scene, crowd), 15_000);
    const asked = scene.first.requests.length;

    for (const client of clients) client.abort();

    const { first, goneWithin } = scene;
    const isGone = (): boolean => first.inFlight === 0 && first.connections === 0;
    // Connections that were being made are there for a moment.
    await pause(200);
    await eventually("nothing is in flight, no connection open", isGone, goneWithin - 200);
    // Nobody is called again, and a request that was not written yet never is; some were on their way.
    expect(first.requests.length).toBeLessThanOrEqual(ready === someAreAsked ? CROWD : asked);
    expect(scene.second.requests).toEqual([]);
    await crowd.check();
  });
});
