import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { walk } from "#lib/providers/failover.ts";
import type { Failure, FailureProblem } from "#lib/providers/failures/failure.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { tokenOf } from "#lib/providers/vendors/credentials.ts";
import {
  type Attempt,
  type AttemptOutcome,
  type AttemptReport,
  type EngineCall,
  newProgress,
  type WalkOptions,
  type WalkResult,
} from "#lib/providers/walk/walk-types.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { engineAt, keysOf } from "../support/engines.ts";
import { FakeClock } from "../support/fake-clock.ts";

function engine(id: string, changes: Partial<Engine> = {}): Engine {
  return engineAt(id, `http://${id}.test`, changes);
}

const fail = (kind: Failure["kind"], more: Partial<Failure> = {}): { ok: false; failure: Failure } => ({
  ok: false,
  failure: { kind, reason: `It is ${kind}.`, ...more },
});
const answer = { ok: true, value: "answer" } as const;

type Walked = { result: WalkResult<string>; reports: AttemptReport[]; targets: EngineCall[] };

function setUp(changes: Partial<WalkOptions> = {}): {
  clock: FakeClock;
  health: EngineHealth;
  options: WalkOptions;
} {
  const clock = new FakeClock();
  const health = new EngineHealth(clock);
  const options: WalkOptions = {
    health,
    clock,
    random: () => 0.5,
    signal: new AbortController().signal,
    deadline: clock.now() + 60_000,
    keySeed: 0,
    ...changes,
  };
  return { clock, health, options };
}

async function walkAll(
  engines: readonly Engine[],
  attempt: Attempt<string>,
  options: WalkOptions,
): Promise<Walked> {
  const targets: EngineCall[] = [];
  const reports: AttemptReport[] = [];
  const steps = walk(
    engines,
    (target) => {
      targets.push(target);
      return attempt(target);
    },
    options,
  );
  while (true) {
    const step = await steps.next();
    if (step.done === true) return { result: step.value, reports, targets };
    reports.push(step.value);
  }
}

const errorOf = (result: WalkResult<string>): string | undefined =>
  result.ok ? undefined : result.error.code;
const names = (targets: readonly EngineCall[]): string[] =>
  targets.map(({ engine: { label }, key }) => `${label} ${tokenOf(key)}`);

/** Five failures open the breaker; five seconds later one probe is allowed. */
async function halfOpen(one: Engine, { clock, options }: ReturnType<typeof setUp>): Promise<void> {
  for (let count = 0; count < 5; count++) await walkAll([one], async () => fail("server_error"), options);
  clock.advance(5_000);
}

describe("the order of calls", () => {
  test("begins with the key that the seed chooses, and keeps to it", async () => {
    const keys = ["k1", "k2", "k3"];
    for (const [keySeed, expected] of [
      [0, ["a k1", "a k2", "a k3"]],
      [1, ["a k2", "a k3", "a k1"]],
      [5, ["a k3", "a k1", "a k2"]],
    ] as const) {
      const { options } = setUp({ keySeed });
      const { targets } = await walkAll(
        [engine("a", { keys: keysOf(...keys) })],
        async () => fail("key_rejected"),
        options,
      );
      expect(names(targets)).toEqual(expected);
    }
  });

  test("never calls an engine again that an earlier walk of the request called", async () => {
    const { options } = setUp({ progress: newProgress() });
    const engines = [engine("a"), engine("b")];
    await walkAll(
      engines,
      async ({ engine: { label } }) => (label === "a" ? fail("server_error") : answer),
      options,
    );
    const { targets, result } = await walkAll(engines, async () => fail("reset"), options);
    expect(names(targets)).toEqual(["b key-of-b"]);
    expect(errorOf(result)).toBe("engines_unavailable");
    expect(options.progress?.calls).toBe(3);
  });

  test("calls an engine once, even if the list names it twice", async () => {
    const { options } = setUp();
    const engines = [engine("a"), engine("b"), engine("a")];
    const { targets } = await walkAll(engines, async () => fail("timeout"), options);
    expect(targets.map(({ engine: { label }, isLast }) => [label, isLast])).toEqual([
      ["a", false],
      ["b", true],
    ]);
  });

  test("repeats a call once without the gateway's additions, with the same key", async () => {
    const { options } = setUp({ keySeed: 1 });
    const refused = { ...fail("refused"), repeat: { kind: "without_additions" } } as const;
    const { targets, result } = await walkAll(
      [engine("a", { keys: keysOf("k1", "k2") })],
      async () => refused,
      options,
    );
    expect(targets.map(({ key, withoutAdditions }) => [tokenOf(key), withoutAdditions])).toEqual([
      ["k2", false],
      ["k2", true],
    ]);
    expect(errorOf(result)).toBe("engines_refused");
  });

  test("the retry of a named engine also leaves out the additions", async () => {
    const { clock, options } = setUp({ named: true });
    const outcomes = [
      { ...fail("refused"), repeat: { kind: "without_additions" } } as const,
      fail("server_error"),
      answer,
    ];
    const walking = walkAll([engine("a")], async () => outcomes.shift() ?? answer, options);
    await clock.advanceAsync(1_000);
    const { targets, result } = await walking;
    expect(targets.map(({ withoutAdditions }) => withoutAdditions)).toEqual([false, true, true]);
    expect(result.ok).toBe(true);
  });
});

describe("the last engine", () => {
  test("is the one behind which no other could answer", async () => {
    const setup = setUp();
    const benched = engine("c");
    setup.health.acquire(benched, 0)?.failed({ kind: "rate_limited", reason: "", retryAfterMs: 60_000 });
    const { targets } = await walkAll(
      [engine("a"), engine("b"), benched],
      async () => fail("timeout"),
      setup.options,
    );
    expect(targets.map(({ engine: { label }, isLast }) => [label, isLast])).toEqual([
      ["a", false],
      ["b", true],
    ]);
  });

  test("is not one behind which a half-open engine waits, unless its probe is out", async () => {
    const setup = setUp();
    const recovering = engine("b");
    await halfOpen(recovering, setup);
    const first = await walkAll([engine("a"), recovering], async () => answer, setup.options);
    expect(first.targets[0]?.isLast).toBe(false);
    const probe = setup.health.acquire(recovering, 0);
    const second = await walkAll([engine("a"), recovering], async () => answer, setup.options);
    expect(second.targets[0]?.isLast).toBe(true);
    probe?.abandoned();
  });

  test("receives the remaining time; with almost none left, no engine is called", async () => {
    const setup = setUp();
    const { targets, result } = await walkAll(
      [engine("a"), engine("b"), engine("c")],
      async () => {
        setup.clock.advance(29_990);
        return fail("timeout");
      },
      setup.options,
    );
    expect(targets.map(({ remainingMs }) => remainingMs)).toEqual([60_000, 30_010]);
    expect(errorOf(result)).toBe("engines_unavailable");
  });
});

describe("a client that disconnects", () => {
  test("during a call: it is reported, and no other engine is called", async () => {
    const client = new AbortController();
    const { options } = setUp({ signal: client.signal });
    const { result, reports, targets } = await walkAll(
      [engine("a"), engine("b")],
      () => {
        client.abort();
        return Promise.reject(new DOMException("Gone.", "AbortError"));
      },
      options,
    );
    expect(errorOf(result)).toBe("client_closed_request");
    expect(reports.map(({ outcome }) => outcome)).toEqual(["cancelled"]);
    expect(targets.length).toBe(1);
  });

  test("while a named engine is waited for: the wait ends at once, and the engine is not called", async () => {
    const client = new AbortController();
    const { clock, options } = setUp({ signal: client.signal, named: true });
    const walking = walkAll(
      [engine("a"), engine("b")],
      async () => fail("rate_limited", { retryAfterMs: 4_000 }),
      options,
    );
    await clock.advanceAsync(100);
    client.abort();
    const { result, targets } = await walking;
    expect(errorOf(result)).toBe("client_closed_request");
    expect(targets.length).toBe(1);
    expect(options.progress?.calls ?? 1).toBe(1);
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("when a call has just failed: no other engine is called", async () => {
    const client = new AbortController();
    const { options } = setUp({ signal: client.signal });
    const { result, targets } = await walkAll(
      [engine("a"), engine("b")],
      async () => {
        client.abort();
        return fail("server_error");
      },
      options,
    );
    expect(errorOf(result)).toBe("client_closed_request");
    expect(targets.length).toBe(1);
  });

  test("hands a probe back", async () => {
    const client = new AbortController();
    const setup = setUp({ signal: client.signal });
    const one = engine("a");
    await halfOpen(one, { ...setup, options: { ...setup.options, signal: new AbortController().signal } });
    const attempt = (): Promise<never> => {
      expect(setup.health.wouldAdmit(one, 0)).toBe(false);
      client.abort();
      return Promise.reject(new Error("aborted"));
    };
    await walkAll([one], attempt, setup.options);
    expect(setup.health.wouldAdmit(one, 0)).toBe(true);
  });
});

describe("a permit", () => {
  test("is given back when the attempt has a bug, and the bug is not hidden", async () => {
    const setup = setUp();
    const one = engine("a");
    await halfOpen(one, setup);
    const bug = new TypeError("undefined is not a function");
    await expect(walkAll([one], () => Promise.reject(bug), setup.options)).rejects.toBe(bug);
    expect(setup.health.wouldAdmit(one, 0)).toBe(true);
  });

  test("is released when a walk is abandoned at a report", async () => {
    const setup = setUp();
    const one = engine("a");
    await halfOpen(one, setup);
    const steps = walk([one, engine("b")], async () => fail("refused"), setup.options);
    await steps.next();
    await steps.return({ ok: false, error: new GatewayError("internal_error", "Left.") });
    expect(setup.health.wouldAdmit(one, 0)).toBe(true);
  });

  test("goes to the caller with the answer, a half-open breaker closed by then", async () => {
    const setup = setUp();
    const one = engine("a");
    await halfOpen(one, setup);
    const { result } = await walkAll([one], async () => answer, setup.options);
    expect(setup.health.wouldAdmit(one, 0)).toBe(true);
    if (!result.ok) throw result.error;
    result.permit.failed({ kind: "reset", reason: "" });
    result.permit.succeeded();
    expect(setup.health.report()[0]?.breaker).toBe("closed");
  });
});

describe("the end of a walk without an answer", () => {
  test("says when the first engine can be called again", async () => {
    const { options } = setUp();
    const hints: Record<string, number> = { a: 30_000, b: 12_400 };
    const { result } = await walkAll(
      [engine("a"), engine("b")],
      async ({ engine: { label } }) => fail("rate_limited", { retryAfterMs: hints[label] ?? 0 }),
      options,
    );
    expect(result.ok ? undefined : result.error.retryAfterSeconds).toBe(13);
    const again = await walkAll([engine("a"), engine("b")], async () => answer, options);
    expect(again.targets).toEqual([]);
    expect(errorOf(again.result)).toBe("engines_unavailable");
  });

  test("without any engine is a 503, too", async () => {
    const { options } = setUp();
    const { result } = await walkAll([], async () => answer, options);
    expect(errorOf(result)).toBe("engines_unavailable");
    expect(result.ok ? undefined : result.error.retryAfterSeconds).toBe(1);
  });
});

describe("whose fault it is", () => {
  const engines = ["a", "b", "c", "d"].map((name) => engine(name));
  const byLabel =
    (outcomes: Record<string, AttemptOutcome<string>>) =>
    async ({ engine: { label } }: EngineCall): Promise<AttemptOutcome<string>> =>
      outcomes[label] ?? answer;

  test("what is too large for three accounts may be small for the fourth", async () => {
    const { options } = setUp();
    const { targets, result } = await walkAll(
      engines,
      byLabel({ a: fail("oversized"), b: fail("oversized"), c: fail("oversized") }),
      options,
    );
    expect([targets.length, result.ok]).toEqual([4, true]);
  });

  test("too large for all of them, the client can only send less", async () => {
    const { options } = setUp();
    const { result } = await walkAll(engines, async () => fail("oversized"), options);
    expect(errorOf(result)).toBe("context_length_exceeded");
  });

  test.each<[FailureProblem | undefined, number, boolean, boolean]>([
    ["no_credit", 2, true, true],
    ["daily_allowance", 2, true, true],
    ["account_disabled", 2, true, true],
    [undefined, 2, true, true],
    ["region", 1, false, false],
    ["data_policy", 1, false, true],
    ["not_enabled", 1, false, true],
  ])("an account with %s: %d keys are called", async (problem, calls, otherKey, otherModel) => {
    const { health, options } = setUp();
    const one = engine("a", { keys: keysOf("k1", "k2", "k3") });
    const outcomes = [fail("account", problem === undefined ? {} : { problem })];
    const { targets } = await walkAll(
      [one],
      async ({ keyIndex }) => (keyIndex === 0 ? (outcomes[0] ?? answer) : answer),
      options,
    );
    expect(targets).toHaveLength(calls);
    expect(health.wouldAdmit(one, 0)).toBe(false);
    expect(health.wouldAdmit(one, 1)).toBe(otherKey);
    expect(health.wouldAdmit({ ...one, model: "other", keys: keysOf("k9") }, 0)).toBe(otherModel);
  });

  test("refusals beside an account's fault are the answer: nothing is better soon", async () => {
    const { options } = setUp();
    const { result } = await walkAll(
      engines.slice(0, 2),
      byLabel({ a: fail("account", { problem: "no_credit" }), b: fail("refused") }),
      options,
    );
    expect(errorOf(result)).toBe("engines_refused");
  });

  test("a learnt limit of the output is used from the first call on, for six hours", async () => {
    const { clock, options } = setUp();
    const limit = { kind: "at_most", tokens: 10, lasting: true } as const;
    const picky = async ({ outputLimit }: EngineCall) =>
      outputLimit === undefined ? fail("refused", { outputLimit: limit }) : answer;
    const limits = async () => {
      const { targets } = await walkAll([engine("a")], picky, options);
      return targets.map(({ outputLimit }) => outputLimit?.tokens);
    };
    // Each walk has its own deadline, which the clock passes here.
    options.deadline = Number.POSITIVE_INFINITY;
    expect(await limits()).toEqual([undefined, 10]);
    expect(await limits()).toEqual([10]);
    clock.advance(6 * 3_600_000);
    expect(await limits()).toEqual([undefined, 10]);
  });

  test("a limit beside one prompt is not remembered", async () => {
    const { options } = setUp();
    const limit = { kind: "at_most", tokens: 10, lasting: false } as const;
    const picky = async ({ outputLimit }: EngineCall) =>
      outputLimit === undefined ? fail("context_length", { outputLimit: limit }) : answer;
    for (let time = 0; time < 2; time++) {
      expect((await walkAll([engine("a")], picky, options)).targets).toHaveLength(2);
    }
  });
});
