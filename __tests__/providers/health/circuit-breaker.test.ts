import { describe, expect, test } from "vitest";
import { CircuitBreaker, type Permit } from "#lib/providers/health/circuit-breaker.ts";
import { FakeClock } from "../../support/fake-clock.ts";

/** A breaker with a clock, and calls that end as they are told. */
function setUp() {
  const clock = new FakeClock();
  const breaker = new CircuitBreaker();
  const acquire = (): Permit => {
    const permit = breaker.tryAcquire(clock.now());
    if (permit === undefined) throw new Error("The breaker lets nothing through.");
    return permit;
  };
  const outcomes = (pattern: string, everyMs = 0): void => {
    for (const outcome of pattern) {
      const permit = acquire();
      if (outcome === "F") breaker.failed(permit, clock.now());
      else breaker.succeeded(permit, clock.now());
      clock.advance(everyMs);
    }
  };
  const state = () => breaker.state(clock.now());
  return { clock, breaker, acquire, outcomes, state };
}

describe("opens", () => {
  test.each([
    ["after five failures in a row", "FFFFF", "open"],
    ["not after four", "FFFF", "closed"],
    ["when a success comes between, but most fail", "FFFFSF", "open"],
    ["when more than half of five failed", "SFSFF", "open"],
    ["not when half of them did", "SFSFSF", "closed"],
    ["not when there are fewer than five", "SFFF", "closed"],
    ["not for successes", "SSSSSSSSSS", "closed"],
    ["when many successes are outweighed", "SSSSSSFFFFF", "open"],
  ])("%s (%s)", (_name, pattern, expected) => {
    const { outcomes, state } = setUp();
    outcomes(pattern);
    expect(state()).toBe(expected);
  });

  test("for failures within a minute, not over more", () => {
    const within = setUp();
    within.outcomes("FFFS", 1_000);
    within.clock.advance(50_000);
    within.outcomes("F");
    expect(within.state()).toBe("open");
    const beyond = setUp();
    beyond.outcomes("FFFS", 1_000);
    beyond.clock.advance(61_000);
    beyond.outcomes("F");
    expect(beyond.state()).toBe("closed");
  });

  test("for five in a row however long they take", () => {
    const { outcomes, state } = setUp();
    outcomes("FFFFF", 120_000);
    expect(state()).not.toBe("closed");
  });
});

describe("once open", () => {
  test("lets nothing through for 5 s, then one probe", () => {
    const { clock, breaker, outcomes, state } = setUp();
    outcomes("FFFFF");
    clock.advance(4_999);
    expect([state(), breaker.tryAcquire(clock.now()), breaker.wouldAdmit(clock.now())]).toEqual([
      "open",
      undefined,
      false,
    ]);
    expect(breaker.releaseAt(clock.now())).toBe(clock.now() + 1);
    clock.advance(1);
    expect([state(), breaker.wouldAdmit(clock.now())]).toEqual(["half_open", true]);
    expect(breaker.tryAcquire(clock.now())?.probe).toBe(true);
    expect(breaker.tryAcquire(clock.now())).toBeUndefined();
    expect(breaker.wouldAdmit(clock.now())).toBe(false);
  });

  test("stays open for 10 s after each probe that fails", () => {
    const { clock, breaker, acquire, outcomes } = setUp();
    outcomes("FFFFF");
    for (const openFor of [5_000, 10_000, 10_000, 10_000, 10_000]) {
      expect(breaker.releaseAt(clock.now()) - clock.now()).toBe(openFor);
      clock.advance(openFor);
      breaker.failed(acquire(), clock.now());
    }
  });

  test.each([
    ["at once", 0, 10_000],
    ["after 3 s of silence", 3_000, 7_000],
    ["after 12 s of silence", 12_000, 2_000],
    ["after a minute of silence", 60_000, 2_000],
  ])("counts the pause from the beginning of a probe that failed %s", (_name, silentMs, pauseMs) => {
    const { clock, breaker, acquire, outcomes, state } = setUp();
    outcomes("FFFFF");
    clock.advance(5_000);
    const probe = acquire();
    clock.advance(silentMs);
    expect(breaker.tryAcquire(clock.now()), "one probe at a time").toBeUndefined();
    breaker.failed(probe, clock.now());
    expect([state(), breaker.releaseAt(clock.now()) - clock.now()]).toEqual(["open", pauseMs]);
  });

  test("a good probe closes it, and the next opening is 5 s again", () => {
    const { clock, breaker, acquire, outcomes, state } = setUp();
    outcomes("FFFFF");
    clock.advance(5_000);
    breaker.failed(acquire(), clock.now());
    clock.advance(10_000);
    breaker.succeeded(acquire(), clock.now());
    expect(state()).toBe("closed");
    outcomes("FFFF");
    expect(state(), "the past is forgotten").toBe("open");
    expect(breaker.releaseAt(clock.now()) - clock.now()).toBe(5_000);
  });

  test("a probe that is being answered closes it before the answer is complete", () => {
    const { clock, breaker, acquire, outcomes, state } = setUp();
    outcomes("FFFFF");
    clock.advance(5_000);
    const probe = acquire();
    breaker.answering(probe);
    expect(state()).toBe("closed");
    breaker.failed(probe, clock.now());
    expect(state(), "its end counts like any other call's").toBe("closed");
    outcomes("FFFF");
    expect(state()).toBe("open");
  });

  test("an abandoned probe is handed back", () => {
    const { clock, breaker, acquire, outcomes, state } = setUp();
    outcomes("FFFFF");
    clock.advance(5_000);
    const probe = acquire();
    breaker.abandoned(probe);
    breaker.abandoned(probe);
    expect(state()).toBe("half_open");
    expect(acquire().probe).toBe(true);
  });
});

describe("a late result of an old call changes nothing", () => {
  /** Calls that were under way when the breaker opened. */
  function withOldCalls(count: number) {
    const set = setUp();
    const old = Array.from({ length: count }, () => set.acquire());
    set.outcomes("FFFFF");
    return { ...set, old };
  }

  test("a failure does not lengthen the opening", () => {
    const { clock, breaker, old } = withOldCalls(3);
    clock.advance(3_000);
    for (const permit of old) breaker.failed(permit, clock.now());
    expect(breaker.releaseAt(clock.now()) - clock.now()).toBe(2_000);
  });

  test("a success does not close it, nor give a second probe", () => {
    const { clock, breaker, acquire, old, state } = withOldCalls(2);
    for (const permit of old.slice(1)) breaker.succeeded(permit, clock.now());
    expect(state()).toBe("open");
    clock.advance(5_000);
    acquire();
    for (const permit of old.slice(0, 1)) breaker.succeeded(permit, clock.now());
    expect(breaker.tryAcquire(clock.now())).toBeUndefined();
  });

  test("earlier failures do not open it again once a probe has closed it", () => {
    const { clock, breaker, acquire, old, state } = withOldCalls(8);
    clock.advance(5_000);
    breaker.succeeded(acquire(), clock.now());
    for (const permit of old) breaker.failed(permit, clock.now());
    expect(state()).toBe("closed");
  });

  test("a success does not break a new row of failures", () => {
    const { clock, breaker, acquire, outcomes, old, state } = withOldCalls(1);
    clock.advance(5_000);
    breaker.succeeded(acquire(), clock.now());
    clock.advance(61_000);
    outcomes("FFFF");
    for (const permit of old) breaker.succeeded(permit, clock.now());
    outcomes("F");
    expect(state()).toBe("open");
  });
});
