import { getEventListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { systemClock } from "#lib/adapters/clock.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { aRequest, chatProvider, engineAt, keysOf } from "../support/engines.ts";
import { answers, type FakeUpstream, type SeenRequest, startFakeUpstream } from "../support/fake-upstream.ts";
import type { Front, MakeFront, Timeouts, Told } from "./front.ts";
import type { Ask, Expected, FaultRow, FaultyEngine, Mode, Place, Stage } from "./row.ts";

/** An upstream connection must be closed this soon after its request has ended, milliseconds. */
const CLOSED_WITHIN_MS = 1_000;
/** Time-outs of rows that are not about them: long enough for a busy machine. */
const GENEROUS: Timeouts = {
  connectMs: 5_000,
  firstTokenMs: 8_000,
  answerMs: 8_000,
  idleMs: 8_000,
  deadlineMs: 20_000,
};
/** Longer than any bench. */
const TWO_HOURS = 7_200_000;

/** The real clock, whose monotonic time can be made to jump ahead, and which counts its timers. */
export type JumpingClock = Clock & {
  jump(milliseconds: number): void;
  readonly timers: number;
};

export function jumpingClock(): JumpingClock {
  let ahead = 0;
  const pending = new Set<object>();
  return {
    now: () => systemClock.now() + ahead,
    wallNow: () => systemClock.wallNow(),
    after(milliseconds, action) {
      const token = {};
      pending.add(token);
      const timer = systemClock.after(milliseconds, () => {
        pending.delete(token);
        action();
      });
      return {
        cancel() {
          pending.delete(token);
          timer.cancel();
        },
      };
    },
    jump: (milliseconds) => {
      ahead += milliseconds;
    },
    get timers() {
      return pending.size;
    },
  };
}

/** Waits until a condition holds, or fails with what it was. */
export async function eventually(
  what: string,
  holds: () => boolean,
  withinMs = CLOSED_WITHIN_MS,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await pause(5);
  }
}

type Player = {
  definition: FaultyEngine;
  engine: Engine;
  upstream: FakeUpstream | undefined;
  place: Place | undefined;
};

/** Plays one row through one front and checks what client, upstream, ledger and breaker saw. */
export async function playRow(row: FaultRow, mode: Mode, makeFront: MakeFront): Promise<void> {
  const clock = jumpingClock();
  const health = new EngineHealth(clock);
  const bystander = await startFakeUpstream(answers("The bystander answered."));
  let client = new AbortController();
  let leftAt: number | undefined;
  const stage: Stage = {
    bystander: bystander.origin,
    leave() {
      leftAt ??= performance.now();
      client.abort(new DOMException("The client has left.", "AbortError"));
    },
  };
  const players = await Promise.all(row.chain.map((definition) => cast(definition, stage)));
  const front = makeFront({
    health,
    clock,
    timeouts: { ...GENEROUS, ...row.timeouts },
    recovery: row.recovery ?? true,
    named: row.named ?? false,
  });
  const chain = players.map(({ engine }) => engine);
  const request = aRequest({ ...row.request, stream: mode === "streaming" });
  try {
    for (const [index, step] of row.asks.entries()) {
      clock.jump(step.after ?? 0);
      for (const { definition, upstream } of players) {
        const script = step.scripts?.[definition.name];
        if (script !== undefined && upstream !== undefined) upstream.script = script(stage);
      }
      for (let time = 0; time < (step.repeat ?? 1); time++) {
        client = new AbortController();
        leftAt = undefined;
        const seenBefore = players.map(({ upstream }) => upstream?.requests.length ?? 0);
        const tolds = await askAll({
          front,
          chain,
          request,
          signal: client.signal,
          times: step.parallel ?? 1,
        });
        const wanted = expectedOf(step, mode);
        const seen = (name: string): SeenRequest[] => {
          const at = players.findIndex(({ definition }) => definition.name === name);
          return players[at]?.upstream?.requests.slice(seenBefore[at]) ?? [];
        };
        try {
          for (const { told, tookMs } of tolds) checkTold(told, tookMs, wanted, seen);
          checkUpstreams(players, wanted, seen);
          checkHealth(players, health, clock, wanted);
          await checkNothingLeft({ players, client, clock, leftAt, readsOnMs: row.readsOnMs });
        } catch (error) {
          const tale = tolds
            .map(({ told, tookMs }) => JSON.stringify({ ...told, tookMs }).slice(0, 1_500))
            .join("\n");
          throw new Error(`Ask ${index + 1}, time ${time + 1}:\n${tale}`, {
            cause: error,
          });
        }
      }
    }
    expect(bystander.requests, "requests to a server outside the chain").toEqual([]);
    for (const [name, [least, most]] of Object.entries(row.totalCalls ?? {})) {
      const calls =
        players.find(({ definition }) => definition.name === name)?.upstream?.requests.length ?? 0;
      expect(calls, `calls to ${name} in all`).toBeGreaterThanOrEqual(least);
      expect(calls, `calls to ${name} in all`).toBeLessThanOrEqual(most);
    }
    // A probe that was never given back would keep its engine out for ever.
    clock.jump(TWO_HOURS);
    for (const engine of chain) {
      for (const keyIndex of engine.keys.keys()) {
        expect(health.wouldAdmit(engine, keyIndex), `${engine.label} is admitted in the end`).toBe(true);
      }
    }
  } finally {
    await Promise.all(players.flatMap(({ upstream, place }) => [upstream?.stop(), place?.stop()]));
    await bystander.stop();
    await front.close();
  }
}

async function cast(definition: FaultyEngine, stage: Stage): Promise<Player> {
  const {
    name,
    script,
    tls,
    keys,
    protocol,
    model,
    prefill,
    contextTokens,
    firstTokenTimeoutMs,
    sameProviderAs,
  } = definition;
  const place = await definition.place?.();
  const upstream =
    place === undefined
      ? await startFakeUpstream(script?.(stage) ?? answers(`Hello from ${name}.`), tls)
      : undefined;
  const base = engineAt(name, place?.baseUrl ?? upstream?.origin ?? "");
  const engine: Engine = {
    ...base,
    keys: keysOf(...(keys ?? [`key-of-${sameProviderAs ?? name}`])),
    model: model ?? base.model,
    contextTokens,
    firstTokenTimeoutMs,
    protocol: protocol ?? "openai-compatible",
    provider: chatProvider(sameProviderAs ?? name, base.baseUrl, protocol, { prefill: prefill ?? "none" }),
  };
  return { definition, engine, upstream, place };
}

type Asked = { told: Told; tookMs: number };

function askAll(options: {
  front: Front;
  chain: readonly Engine[];
  request: Parameters<Front["ask"]>[1];
  signal: AbortSignal;
  times: number;
}): Promise<Asked[]> {
  const { front, chain, request, signal, times } = options;
  const one = async (): Promise<Asked> => {
    const startedAt = performance.now();
    const told = await front.ask(chain, request, signal);
    return { told, tookMs: performance.now() - startedAt };
  };
  return Promise.all(Array.from({ length: times }, one));
}

function expectedOf(step: Ask, mode: Mode): Expected {
  return mode === "whole" && step.whole !== undefined ? { ...step.expect, ...step.whole } : step.expect;
}

function checkTold(
  told: Told,
  tookMs: number,
  wanted: Expected,
  seen: (name: string) => SeenRequest[],
): void {
  if (wanted.error === undefined) {
    if (wanted.state !== "cancelled") expect(told.error, "error").toBeUndefined();
  } else {
    expect({ code: told.error?.code, status: told.error?.status }, "error").toEqual({
      code: wanted.error.code,
      status: wanted.error.status,
    });
    const { message, retryAfter } = wanted.error;
    if (typeof message === "string") expect(told.error?.message).toBe(message);
    else if (message !== undefined) expect(told.error?.message).toMatch(message);
    if (retryAfter !== undefined) {
      expect(told.error?.retryAfterSeconds, "retryAfter").toBeGreaterThanOrEqual(retryAfter[0]);
      expect(told.error?.retryAfterSeconds, "retryAfter").toBeLessThanOrEqual(retryAfter[1]);
    }
    expect(told.finish, "no success marker beside an error").toBeUndefined();
  }
  if (wanted.text !== undefined) expect(told.text, "text").toBe(wanted.text);
  if (wanted.thinking !== undefined) expect(told.thinking, "thinking").toBe(wanted.thinking);
  const tells = (what: Parameters<NonNullable<Told["untold"]>["has"]>[0]): boolean => !told.untold?.has(what);
  if (wanted.toolCalls !== undefined && tells("toolCalls"))
    expect(told.toolCalls, "tool calls").toEqual(wanted.toolCalls);
  if (wanted.finish !== undefined && tells("finish"))
    expect(told.finish, "finish").toBe(told.finishWords?.[wanted.finish] ?? wanted.finish);
  if (wanted.engines !== undefined) expect(told.engines, "engines").toEqual(wanted.engines);
  if (wanted.attempts !== undefined) expect(told.attempts, "attempts").toEqual(wanted.attempts);
  if (wanted.malformedFrames !== undefined && tells("malformedFrames"))
    expect(told.malformedFrames, "malformed").toBe(wanted.malformedFrames);
  if (wanted.usages !== undefined && told.source !== undefined) {
    // Of calls that reported nothing, nothing is known exactly.
    const untold = wanted.usages.length === 0 && told.attempts.length > 0;
    const estimated = untold || wanted.usages.some((usage) => usage.endsWith(" estimated"));
    expect(told.source, "usage_source of the ledger's row").toBe(estimated ? "estimated" : "exact");
  }
  if (wanted.usages !== undefined && tells("usages")) {
    expect(
      told.usages.map(({ engine, usage }) => `${engine} ${usage.source}`),
      "usages",
    ).toEqual(wanted.usages);
  }
  expect(told.state, "state").toBe(wanted.state ?? (wanted.error === undefined ? "completed" : "failed"));
  if (wanted.within !== undefined) {
    expect(tookMs, "milliseconds").toBeGreaterThanOrEqual(wanted.within[0]);
    expect(tookMs, "milliseconds").toBeLessThanOrEqual(wanted.within[1]);
  }
  wanted.also?.(seen, told);
}

function checkUpstreams(
  players: readonly Player[],
  wanted: Expected,
  seen: (name: string) => SeenRequest[],
): void {
  for (const { definition, upstream } of players) {
    if (upstream === undefined) continue;
    const { name } = definition;
    if (wanted.calls !== undefined)
      expect(seen(name).length, `calls to ${name}`).toBe(wanted.calls[name] ?? 0);
    const connections = wanted.connections?.[name];
    if (connections !== undefined)
      expect(upstream.connectionsEver, `connections to ${name}`).toBe(connections);
  }
}

function checkHealth(
  players: readonly Player[],
  health: EngineHealth,
  clock: Clock,
  { health: wanted }: Expected,
): void {
  if (wanted === undefined) return;
  const known = new Map(health.report().map((report) => [report.engine, report]));
  for (const { definition, engine } of players) {
    const {
      breaker = "closed",
      benchedMs = [0, 0],
      secondKeyMs,
      dead = false,
    } = wanted[definition.name] ?? {};
    const report = known.get(`${engine.provider.id}/${engine.model}`);
    expect(report?.breaker ?? "closed", `breaker of ${definition.name}`).toBe(breaker);
    expect(report?.dead ?? false, `${definition.name} is reported dead`).toBe(dead);
    const benched = (keyIndex: number): number =>
      Math.max(0, health.releaseAt(engine, keyIndex) - clock.now());
    expect(benched(0), `bench of ${definition.name}`).toBeGreaterThanOrEqual(benchedMs[0]);
    expect(benched(0), `bench of ${definition.name}`).toBeLessThanOrEqual(benchedMs[1]);
    if (secondKeyMs === undefined) continue;
    expect(benched(1), `bench of ${definition.name}, second key`).toBeGreaterThanOrEqual(secondKeyMs[0]);
    expect(benched(1), `bench of ${definition.name}, second key`).toBeLessThanOrEqual(secondKeyMs[1]);
  }
}

/** After every request: nothing in flight, no timer, no listener on the client's signal. */
async function checkNothingLeft(options: {
  players: readonly Player[];
  client: AbortController;
  clock: JumpingClock;
  leftAt: number | undefined;
  readsOnMs: number | undefined;
}): Promise<void> {
  const { players, client, clock, leftAt, readsOnMs } = options;
  if (readsOnMs === undefined) expect(clock.timers, "timers left").toBe(0);
  else await eventually("no timer is left", () => clock.timers === 0, readsOnMs);
  // What little follows a complete answer is read away, for a second at most.
  const patience = leftAt === undefined ? 2 * CLOSED_WITHIN_MS : CLOSED_WITHIN_MS;
  const inFlight = (): number => players.reduce((sum, { upstream }) => sum + (upstream?.inFlight ?? 0), 0);
  await eventually("no request is in flight", () => inFlight() === 0, patience);
  await eventually(
    "no listener is left on the client's signal",
    () => getEventListeners(client.signal, "abort").length === 0,
  );
  if (leftAt === undefined) return;
  for (const { upstream } of players) {
    for (const { closedAt } of upstream?.requests ?? []) {
      if (closedAt !== undefined)
        expect(closedAt - leftAt, "closed after leaving").toBeLessThan(CLOSED_WITHIN_MS);
    }
  }
}
