import { describe, expect, test, vi } from "vitest";
import type { AskedAdmission, KeyVerdict } from "#lib/services/admission/admission-store.ts";
import {
  type AdmissionRequest,
  assertModesAllowed,
  createKeyAdmission,
} from "#lib/services/admission/key-admission.ts";
import type { GatewayKeyLimits, ProxyCaller } from "#lib/services/identity/caller.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { FakeClock } from "../../support/fake-clock.ts";

function setUp() {
  const clock = new FakeClock();
  const store = {
    answer: async (): Promise<KeyVerdict> => ({ admitted: true, holds: true }),
    asked: 0,
    last: undefined as AskedAdmission | undefined,
    released: [] as string[],
    release: async (): Promise<void> => undefined,
  };
  const { admit, holds } = createKeyAdmission(
    {
      admit: (asked) => {
        store.asked++;
        store.last = asked;
        return store.answer();
      },
      release: async (ids) => {
        await store.release();
        store.released.push(...ids);
      },
    },
    clock,
    { warn: () => undefined },
    { run: (_, call) => call() },
  );
  let count = 0;
  const admission = {
    admit: (caller: ProxyCaller, changes: Partial<AdmissionRequest> = {}) =>
      admit(caller, { requestId: `r${++count}`, ...changes }),
    release: (requestId: string) => holds.release(requestId),
  };
  const key = (limits: GatewayKeyLimits, keyId = "k"): ProxyCaller => ({
    kind: "key",
    userId: "u",
    keyId,
    limits,
  });
  return { clock, store, admission, holds, key };
}

const away = async (): Promise<never> => {
  throw new GatewayError("database_unavailable", "away");
};
const says = (verdict: KeyVerdict) => async () => verdict;

describe("without a limit the database is not called", () => {
  test.each<[string, ProxyCaller]>([
    ["users", { kind: "user", userId: "u", email: undefined, accessToken: "t" }],
    ["open callers", { kind: "open" }],
    ["keys", { kind: "key", userId: "u", keyId: "k", limits: {} }],
    ["keys with modes only", { kind: "key", userId: "u", keyId: "k", limits: { modes: ["fast"] } }],
  ])("of %s", async (_, caller) => {
    const { store, admission } = setUp();
    store.answer = away;
    await admission.admit(caller);
    expect(store.asked).toBe(0);
  });
});

test("every mode that may answer must be one that the key may use", () => {
  const { key } = setUp();
  const caller = key({ modes: ["fast", "coder"] });
  const check =
    (...tiers: string[]) =>
    () =>
      assertModesAllowed(caller, ...tiers);
  expect(check("smart")).toThrow(/may not use mode "smart".*"fast", "coder"/);
  expect(check("fast", "smart")).toThrow(/smart/);
  expect(check("named")).toThrow(/may not name engines/);
  expect(check("fast", "coder")).not.toThrow();
  expect(() => assertModesAllowed(key({ modes: ["named"] }), "named")).not.toThrow();
  expect(() => assertModesAllowed({ kind: "open" }, "smart", "named")).not.toThrow();
});

test.each<[KeyVerdict, object]>([
  [
    { admitted: false, reason: "requests", retryAfterSeconds: 12 },
    { code: "rate_limited", status: 429, retryAfterSeconds: 12, message: expect.stringContaining("60") },
  ],
  [
    { admitted: false, reason: "budget", retryAfterSeconds: 999 },
    { code: "budget_exceeded", status: 429, retryAfterSeconds: 999, message: expect.stringContaining("7") },
  ],
  [
    { admitted: false, reason: "revoked" },
    { code: "unauthorized", status: 401 },
  ],
])("%j is told with what to do", async (verdict, expected) => {
  const { store, admission, key } = setUp();
  store.answer = says(verdict);
  const caller = key({ requestsPerMinute: 60, usdPerMonth: 7 });
  await expect(admission.admit(caller)).rejects.toMatchObject(expected);
});

describe("while the database is unavailable", () => {
  test("a key works on with the same limit, what passed before included", async () => {
    const { clock, store, admission, key } = setUp();
    const caller = key({ requestsPerMinute: 3 });
    await admission.admit(caller);
    store.answer = away;
    clock.advance(10_000);
    await admission.admit(caller);
    await admission.admit(caller);
    await expect(admission.admit(caller)).rejects.toMatchObject({
      code: "rate_limited",
      retryAfterSeconds: 50,
    });
    // Another key has a minute of its own.
    await admission.admit(key({ requestsPerMinute: 3 }, "other"));
    clock.advance(50_000);
    await admission.admit(caller);
  });

  test("a budget alone does not block requests", async () => {
    const { store, admission, key } = setUp();
    store.answer = away;
    for (let time = 0; time < 100; time++) await admission.admit(key({ usdPerMonth: 1 }));
  });

  test("it is not called for every request, but soon again", async () => {
    const { clock, store, admission, key } = setUp();
    store.answer = away;
    const caller = key({ requestsPerMinute: 1_000 });
    for (let time = 0; time < 100; time++) await admission.admit(caller);
    expect(store.asked).toBe(1);
    clock.advance(2_000);
    store.answer = says({ admitted: false, reason: "requests", retryAfterSeconds: 1 });
    await expect(admission.admit(caller)).rejects.toMatchObject({ code: "rate_limited" });
  });

  test("any other failure is no admission", async () => {
    const { store, admission, key } = setUp();
    store.answer = () => Promise.reject(new GatewayError("not_configured", "no"));
    await expect(admission.admit(key({ requestsPerMinute: 1 }))).rejects.toMatchObject({
      code: "not_configured",
    });
  });
});

describe("while the database is busy: it answers others, and one call takes too long", () => {
  /** The first call of `slow` fails when another one has been answered, and so do as many after it. */
  function busy(failures: number) {
    const own = setUp();
    let failed = 0;
    own.store.answer = async () => {
      if (own.store.last?.requestId !== "slow" || failed === failures) return { admitted: true };
      failed++;
      await own.admission.admit(own.key({ requestsPerMinute: 100 }, "other"));
      return away();
    };
    return own;
  }

  test("that one is asked for again", async () => {
    const { store, admission, key } = busy(1);
    await admission.admit(key({ requestsPerMinute: 1 }), { requestId: "slow" });
    expect(store.asked).toBe(3);
  });

  test("one that is silent is asked again, before it is taken to be away", async () => {
    const { clock, store, admission, key } = setUp();
    const silent = async () => {
      clock.advance(2_000);
      return away();
    };
    const answers: (typeof store.answer)[] = [silent, says({ admitted: true }), silent, silent];
    store.answer = () => (answers.shift() ?? away)();
    const caller = key({ requestsPerMinute: 1 });
    await admission.admit(caller);
    expect(store.asked).toBe(2);
    await expect(admission.admit(caller)).rejects.toMatchObject({ status: 429 });
    await expect(admission.admit(caller)).rejects.toMatchObject({ status: 429 });
    expect(store.asked).toBe(4);
  });

  test("and refused with 503 if that does not help: a crowd passes no limit", async () => {
    const { clock, store, admission, key } = busy(2);
    const limited = key({ requestsPerMinute: 1, requestsAtOnce: 1 });
    await expect(admission.admit(limited, { requestId: "slow" })).rejects.toMatchObject({ status: 503 });
    // Others are asked for as before.
    await admission.admit(limited, { requestId: "next" });
    expect(store.asked).toBe(5);
    await clock.advance(2_000);
    await vi.waitFor(() => expect(store.released).toEqual(["slow"]));
  });
});

describe("what is held by others", () => {
  test.each(["at_once", "reserved"] as const)(
    "is looked at once more before '%s' refuses",
    async (reason) => {
      const { clock, store, admission, key } = setUp();
      const verdicts: KeyVerdict[] = [{ admitted: false, reason, retryAfterSeconds: 1 }, { admitted: true }];
      store.answer = async () => verdicts.shift() ?? { admitted: false, reason, retryAfterSeconds: 1 };
      const caller = key({ requestsAtOnce: 1, usdPerMonth: 1 });
      const admitted = admission.admit(caller);
      await vi.waitFor(() => expect(store.asked).toBe(1));
      await clock.advance(150);
      await admitted;
      const refused = admission.admit(caller);
      await vi.waitFor(() => expect(store.asked).toBe(3));
      await clock.advance(150);
      await expect(refused).rejects.toMatchObject({ status: 429, retryAfterSeconds: 1 });
      expect(store.asked).toBe(4);
    },
  );

  test("the most that a request may cost is asked for keys with a budget only", async () => {
    const { store, admission, key } = setUp();
    const maxCostUsd = vi.fn(async () => 0.5);
    await admission.admit(key({ requestsPerMinute: 1 }), { maxCostUsd });
    expect([maxCostUsd.mock.calls.length, store.last?.maxCostUsd]).toEqual([0, undefined]);
    await admission.admit(key({ usdPerMonth: 1 }), { maxCostUsd });
    expect([maxCostUsd.mock.calls.length, store.last?.maxCostUsd]).toEqual([1, 0.5]);
  });

  test("a question behind an answer asks only for a budget", async () => {
    const { store, admission, key } = setUp();
    await admission.admit(key({ requestsPerMinute: 1, requestsAtOnce: 1 }), { inBackground: true });
    expect(store.asked).toBe(0);
    await admission.admit(key({ usdPerMonth: 1 }), { inBackground: true });
    expect(store.last).toMatchObject({ inBackground: true });
  });
});

describe("what a request holds", () => {
  const caller = (key: ReturnType<typeof setUp>["key"]): ProxyCaller => key({ requestsAtOnce: 1 });

  test("is released if nothing begins with it, and not by others once a turn has begun", async () => {
    const { store, admission, holds, key } = setUp();
    await admission.admit(caller(key), { requestId: "a" });
    await admission.release("a");
    await admission.release("a");
    expect([store.released, holds.slotsOf("k")]).toEqual([["a"], 0]);
    await admission.admit(caller(key), { requestId: "b" });
    holds.begin("b");
    await admission.release("b");
    expect([store.released, holds.slotsOf("k")]).toEqual([["a"], 1]);
  });

  test("is known to have ended until it is stored, and then released once more, if the row was refused", async () => {
    const { clock, store, admission, holds, key } = setUp();
    await admission.admit(caller(key), { requestId: "a" });
    holds.begin("a");
    holds.end("a");
    expect(holds.slotsOf("k")).toBe(0);
    await admission.admit(caller(key), { requestId: "b" });
    expect(store.last?.ended).toEqual(["a"]);
    holds.stored("a");
    expect([holds.endedOf("k"), store.released]).toEqual([[], []]);
    await clock.advance(2_000);
    await vi.waitFor(() => expect(store.released).toEqual(["a"]));
  });

  test("is released later if the database is unavailable now", async () => {
    const { clock, store, admission, key } = setUp();
    await admission.admit(caller(key), { requestId: "a" });
    store.release = away;
    await admission.release("a");
    expect(store.released).toEqual([]);
    store.release = async () => undefined;
    await clock.advance(2_000);
    await vi.waitFor(() => expect(store.released).toEqual(["a"]));
  });

  test("is counted here while the database is unavailable", async () => {
    const { store, admission, key } = setUp();
    store.answer = away;
    await admission.admit(key({ requestsPerMinute: 100 }, "other"));
    await admission.admit(caller(key), { requestId: "a" });
    await expect(admission.admit(caller(key), { requestId: "b" })).rejects.toMatchObject({
      code: "rate_limited",
      message: expect.stringContaining("1 request at once"),
    });
    await admission.release("a");
    await admission.admit(caller(key), { requestId: "b" });
    // It was not asked, so it knows nothing of it.
    expect(store.released).toEqual([]);
  });

  test.each<[string, GatewayKeyLimits]>([
    ["requests at once", { requestsAtOnce: 1 }],
    ["a budget", { usdPerMonth: 1 }],
    ["a limit that is not known here yet", { requestsPerMinute: 100 }],
  ])("is released although the answer was lost, of a key with %s", async (_, limits) => {
    const { clock, store, admission, key } = setUp();
    store.answer = away;
    await admission.admit(key(limits), { requestId: "a" });
    await admission.release("a");
    expect(store.released).toEqual(["a"]);
    // The database may have been slow, and admit it only now.
    await clock.advance(2_000);
    await vi.waitFor(() => expect(store.released).toEqual(["a", "a"]));
  });

  test("is released although the answer was lost and the request was then refused here", async () => {
    const { clock, store, admission, key } = setUp();
    await admission.admit(caller(key), { requestId: "a" });
    store.answer = away;
    await expect(admission.admit(caller(key), { requestId: "b" })).rejects.toMatchObject({ status: 429 });
    await clock.advance(2_000);
    await vi.waitFor(() => expect(store.released).toEqual(["b"]));
  });

  test("is released by what the database says, not by the limits that are remembered", async () => {
    const { store, admission, key } = setUp();
    await admission.admit(key({ requestsPerMinute: 5 }), { requestId: "a" });
    await admission.release("a");
    expect(store.released).toEqual(["a"]);
    store.answer = says({ admitted: true, holds: false });
    await admission.admit(key({ requestsPerMinute: 5 }), { requestId: "b" });
    await admission.release("b");
    expect(store.released).toEqual(["a"]);
  });
});
