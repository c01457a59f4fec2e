import { describe, expect, test } from "vitest";
import type { RefusedTurn, TurnJournal } from "#lib/services/ledger/ledger-ports.ts";
import { interruptedRow, type LedgerRow, type StartedRow } from "#lib/services/ledger/ledger-row.ts";
import { createLedgerWriter } from "#lib/services/ledger/ledger-writer.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { aLedgerEntry, aToolCall, type LedgerEntry, ledgerRow, startedRow } from "../../support/turns.ts";

type Part = { ended: LedgerRow[]; started: StartedRow[] };

function setUp(options: { journal?: boolean; orphans?: Part[] } = {}) {
  const clock = new FakeClock();
  const logs: string[] = [];
  const batches: LedgerRow[][] = [];
  const store = {
    record: async (_rows: readonly LedgerRow[]): Promise<RefusedTurn[]> => [],
    inFlight: 0,
    mostInFlight: 0,
  };
  const journal = {
    lines: [] as string[],
    stored: [] as string[],
    /** Ends that wait on disk alone, and how many parts of them are in memory, now and at most. */
    spilled: [] as LedgerRow[],
    taken: 0,
    mostTaken: 0,
    closed: false,
    /** Parts that the database has. */
    recovered: 0,
    write: (): void => undefined,
  };
  const port: TurnJournal = {
    begin: ({ requestId }) => {
      journal.write();
      journal.lines.push(`begin ${requestId}`);
    },
    toolCall: (requestId, { backend }) => {
      journal.write();
      journal.lines.push(`tool ${backend} ${requestId}`);
    },
    end: ({ requestId }) => {
      journal.write();
      journal.lines.push(`end ${requestId}`);
      return { stored: () => journal.stored.push(requestId) };
    },
    forget: (requestId) => journal.lines.push(`forget ${requestId}`),
    spill: (row) => {
      journal.write();
      journal.spilled.push(row);
    },
    get spilled() {
      return { turns: journal.spilled.length, since: journal.spilled[0]?.startedAt };
    },
    takeSpilled: async () => {
      const rows = journal.spilled.splice(0, 100);
      journal.mostTaken = Math.max(journal.mostTaken, ++journal.taken);
      const stored = (): void => {
        journal.taken--;
        journal.recovered += rows.length;
      };
      return rows.length === 0 ? void journal.taken-- : { rows, since: rows[0]?.startedAt ?? 0, stored };
    },
    async *orphans() {
      for (const part of (options.orphans ?? []).splice(0)) {
        yield part;
        journal.recovered++;
      }
    },
    close: () => {
      journal.closed = true;
    },
  };
  const ledger = createLedgerWriter({
    store: {
      record: async (rows) => {
        batches.push([...rows]);
        store.mostInFlight = Math.max(store.mostInFlight, ++store.inFlight);
        try {
          return await store.record(rows);
        } finally {
          store.inFlight--;
        }
      },
    },
    clock,
    random: () => 0.5,
    logger: {
      info: (line) => logs.push(line),
      warn: (line) => logs.push(line),
      error: (line) => logs.push(line),
    },
    ...(options.journal === true || options.orphans !== undefined ? { journal: port } : {}),
  });
  const begin = (entry: LedgerEntry = aLedgerEntry()) => ledger.begin(entry);
  const end = (changes: Partial<LedgerEntry> = {}): Promise<void> => {
    const entry = aLedgerEntry(changes);
    return begin(entry).end(entry);
  };
  const sizes = () => batches.map((batch) => batch.length);
  return { clock, logs, batches, sizes, store, journal, ledger, begin, end };
}

const away = async (): Promise<never> => {
  throw new GatewayError("database_unavailable", "away");
};
const many = <Value>(count: number, make: () => Value): Value[] => Array.from({ length: count }, make);

describe("batches", () => {
  test("leave after half a second, with one promise and one timer for all", async () => {
    const { clock, sizes, end } = setUp();
    const promises = many(50, () => end());
    expect(new Set(promises).size).toBe(1);
    expect(clock.pending).toBe(1);
    await clock.advanceAsync(499);
    expect(sizes()).toEqual([]);
    await clock.advanceAsync(1);
    await Promise.all(promises);
    expect(sizes()).toEqual([50]);
    expect(clock.pending).toBe(0);
  });

  test("leave at two hundred, one at a time, in the order in which turns ended", async () => {
    const { clock, batches, sizes, store, end } = setUp();
    const done = many(450, () => end());
    await clock.advanceAsync(500);
    await Promise.all(done);
    expect(sizes()).toEqual([200, 200, 50]);
    expect(store.mostInFlight).toBe(1);
    expect(new Set(batches.flat().map(({ requestId }) => requestId)).size).toBe(450);
  });

  test("of a key with a budget leave at once; what ends meanwhile goes together", async () => {
    const { clock, sizes, store, end } = setUp();
    const limits = { usdPerMonth: 1 };
    const caller = { kind: "key", userId: "u", keyId: "k", limits } as const;
    const answered = Promise.withResolvers<RefusedTurn[]>();
    store.record = () => answered.promise;
    const done = many(30, () => end({ caller }));
    await clock.advanceAsync(0);
    expect(sizes()).toEqual([1]);
    done.push(...many(20, () => end({ caller })));
    await clock.advanceAsync(10);
    expect(sizes()).toEqual([1]);
    answered.resolve([]);
    await Promise.all(done);
    expect(sizes()).toEqual([1, 49]);
  });

  test("carry ids, and no credential", async () => {
    const { clock, batches, end } = setUp();
    const done = end({ caller: { kind: "user", userId: "u", email: "a@b.test", accessToken: "secret" } });
    await clock.advanceAsync(500);
    await done;
    expect(batches[0]?.[0]).toMatchObject({ userId: "u", keyId: null });
    expect(JSON.stringify(batches)).not.toMatch(/secret|a@b\.test/);
  });
});

describe("a database that is unavailable", () => {
  test("for ten minutes costs no turn", async () => {
    const { clock, batches, store, end, logs } = setUp();
    store.record = away;
    const done = many(10, () => end());
    await clock.advanceAsync(600_000);
    const tries = batches.length;
    expect(tries).toBeGreaterThan(10);
    expect(tries).toBeLessThan(400);
    expect(logs.filter((line) => line.includes("trying again")).length).toBeLessThan(15);
    const stored: LedgerRow[] = [];
    store.record = async (rows) => {
      stored.push(...rows);
      return [];
    };
    // Its return is noticed within seconds, however long it was unavailable.
    await clock.advanceAsync(3_000);
    await Promise.all(done);
    expect(stored).toHaveLength(10);
    expect(logs.at(-1)).toContain("stored again");
    expect(clock.pending).toBe(0);
  });

  test("keeps fifty thousand turns in memory without a disk, and logs what is too many", async () => {
    const { clock, batches, store, begin, end, logs } = setUp();
    store.record = away;
    const entry = aLedgerEntry();
    for (let turn = 0; turn < 50_000; turn++) void begin(entry).end(entry);
    await end();
    await end();
    expect(logs.filter((line) => line.includes("could not be saved"))).toHaveLength(2);
    batches.length = 0;
    store.record = async () => [];
    await clock.advanceAsync(30_000);
    expect(batches.flat().length).toBeGreaterThanOrEqual(50_000);
  });

  test("keeps ten thousand in memory beside a disk; the others wait there, and are stored without a restart", async () => {
    const { clock, batches, store, begin, ledger, logs, journal } = setUp({ journal: true });
    store.record = away;
    const entries = many(12_000, () => aLedgerEntry());
    for (const entry of entries) void begin(entry).end(entry);
    await clock.advanceAsync(5_000);
    expect(journal.lines.filter((line) => line.startsWith("end"))).toHaveLength(10_000);
    expect(logs.filter((line) => line.includes("wait on disk"))).toHaveLength(1);
    // One part of them is in memory, behind the others.
    expect(ledger.gauges()).toMatchObject({ waiting: 12_000, oldestSeconds: expect.any(Number) });
    expect(journal.spilled).toHaveLength(1_999);
    batches.length = 0;
    store.record = async () => [];
    await clock.advanceAsync(10_000);
    expect(new Set(batches.flat().map(({ requestId }) => requestId)).size).toBe(12_000);
    expect(batches.flat()).toHaveLength(12_000);
    expect(journal).toMatchObject({ recovered: 2_000, mostTaken: 1, taken: 0 });
    expect(ledger.gauges()).toEqual({ waiting: 0, parked: 0, oldestSeconds: 0 });
  });

  test("and a disk that is full: they wait in memory as without one", async () => {
    const { clock, store, begin, end, journal, logs } = setUp({ journal: true });
    store.record = away;
    for (let turn = 0; turn < 10_000; turn++) void end();
    journal.write = () => {
      throw new Error("ENOSPC");
    };
    const entry = aLedgerEntry();
    const done = begin(entry).end(entry);
    journal.write = () => undefined;
    const stored: string[] = [];
    store.record = async (rows) => {
      stored.push(...rows.map(({ requestId }) => requestId));
      return [];
    };
    await clock.advanceAsync(10_000);
    await done;
    expect(stored).toContain(entry.requestId);
    expect(logs.filter((line) => line.includes("could not be saved"))).toEqual([]);
  });

  test("and a gateway that is closed meanwhile leaves on disk what waits there", async () => {
    const { clock, store, begin, journal, ledger } = setUp({ journal: true });
    store.record = away;
    for (let turn = 0; turn < 10_300; turn++) {
      const entry = aLedgerEntry();
      void begin(entry).end(entry);
    }
    await clock.advanceAsync(1_000);
    await ledger.close();
    // One part was taken and its file stays.
    expect(journal).toMatchObject({ recovered: 0, taken: 1, closed: true });
    expect(journal.spilled).toHaveLength(299);
  });

  test("and one that is not set up is tried again as well", async () => {
    const { clock, batches, store, end } = setUp();
    store.record = () => Promise.reject(new GatewayError("not_configured", "no function"));
    const done = end();
    await clock.advanceAsync(5_000);
    store.record = async () => [];
    await clock.advanceAsync(30_000);
    await done;
    expect(batches.length).toBeGreaterThan(2);
  });
});

describe("what waits is told:", () => {
  test("nothing, what is being gathered, what the database does not take, and for how long", async () => {
    const { clock, store, end, ledger } = setUp();
    expect(ledger.gauges()).toEqual({ waiting: 0, parked: 0, oldestSeconds: 0 });
    store.record = away;
    const done = [end()];
    expect(ledger.gauges()).toEqual({ waiting: 1, parked: 0, oldestSeconds: 0 });
    await clock.advanceAsync(90_000);
    done.push(end());
    expect(ledger.gauges()).toEqual({ waiting: 2, parked: 0, oldestSeconds: 90 });
    store.record = async () => [];
    await clock.advanceAsync(5_000);
    await Promise.all(done);
    expect(ledger.gauges()).toEqual({ waiting: 0, parked: 0, oldestSeconds: 0 });
  });

  test("a turn that may not have been begun waits until it is known", async () => {
    const { clock, store, begin, ledger } = setUp();
    store.record = async (rows) =>
      rows.map(({ requestId }) => ({ requestId, code: "not_found", reason: "" }));
    begin(aLedgerEntry({ settleSecret: "s" })).abandon();
    await clock.advanceAsync(4_000);
    expect(ledger.gauges()).toEqual({ waiting: 1, parked: 0, oldestSeconds: 4 });
    await clock.advanceAsync(600_000);
    expect(ledger.gauges()).toEqual({ waiting: 0, parked: 0, oldestSeconds: 0 });
  });

  test("a turn of an earlier run is as old as its begin, and a clock that was set back makes none younger than now", async () => {
    const start = startedRow(aLedgerEntry());
    const { clock, store, ledger } = setUp({ orphans: [{ ended: [], started: [start] }] });
    store.record = away;
    clock.setWall(start.startedAt + 3_600_000);
    await clock.advanceAsync(0);
    expect(ledger.gauges()).toMatchObject({ waiting: 1, oldestSeconds: 3_600 });
    clock.setWall(start.startedAt - 3_600_000);
    expect(ledger.gauges()).toMatchObject({ waiting: 1, oldestSeconds: 0 });
  });
});

describe("turns that the database will not have", () => {
  const refuse = async (rows: readonly LedgerRow[]): Promise<RefusedTurn[]> =>
    rows.flatMap(({ requestId, tier }) =>
      tier === "poison" ? { requestId, code: "rejected" as const, reason: "bad" } : [],
    );

  test("are parked, told once, and the others are stored", async () => {
    const { clock, store, end, logs, ledger, batches } = setUp();
    store.record = refuse;
    const done = [end({ tier: "poison" }), end(), end()];
    await clock.advanceAsync(500);
    await Promise.all(done);
    expect(logs).toEqual([expect.stringContaining("it is parked")]);
    expect(ledger.gauges()).toMatchObject({ waiting: 0, parked: 1 });
    expect(batches.map((rows) => rows.length)).toEqual([3, 1]);
  });

  test("are tried again once an hour, and forgotten when they are stored", async () => {
    const { clock, store, end, logs, ledger, batches } = setUp();
    store.record = refuse;
    const entry = aLedgerEntry({ tier: "poison" });
    const done = end(entry);
    await clock.advanceAsync(500);
    await done;
    const tries = batches.length;
    await clock.advanceAsync(3_500_000);
    expect(batches.length).toBe(tries);
    await clock.advanceAsync(200_000);
    expect(batches.length).toBeGreaterThan(tries);
    expect(ledger.gauges()).toMatchObject({ parked: 1, oldestSeconds: expect.any(Number) });
    store.record = async () => [];
    await clock.advanceAsync(3_700_000);
    expect(ledger.gauges()).toEqual({ waiting: 0, parked: 0, oldestSeconds: 0 });
    expect(logs.at(-1)).toBe("Parked turns were stored.");
    // As it was, not as it was sent last.
    expect(batches.at(-1)?.[0]).toMatchObject({ requestId: entry.requestId, attempts: [{ status: "ok" }] });
  });

  test("are tried again every minute while the database is unavailable when their hour has come", async () => {
    const { clock, store, end, ledger } = setUp();
    store.record = refuse;
    void end({ tier: "poison" });
    await clock.advanceAsync(1_000);
    store.record = away;
    await clock.advanceAsync(3_700_000);
    expect(ledger.gauges()).toMatchObject({ parked: 1 });
    store.record = async () => [];
    await clock.advanceAsync(61_000);
    expect(ledger.gauges()).toMatchObject({ parked: 0 });
  });

  test("are found when the whole batch fails for one", async () => {
    const { clock, store, end, logs } = setUp();
    const stored: LedgerRow[] = [];
    store.record = async (rows) => {
      if (rows.some(({ tier }) => tier === "poison")) throw new GatewayError("internal_error", "no");
      stored.push(...rows);
      return [];
    };
    const done = [...many(60, () => end()), end({ tier: "poison" }), ...many(60, () => end())];
    await clock.advanceAsync(500);
    await Promise.all(done);
    expect(stored).toHaveLength(120);
    expect(logs.filter((line) => line.includes("is parked"))).toHaveLength(1);
  });

  test("are found when the database does not say which one it refuses", async () => {
    const { clock, store, end, logs, ledger } = setUp();
    const stored = new Set<string>();
    store.record = async (rows) => {
      if (rows.some(({ tier }) => tier === "poison"))
        return [{ requestId: null, code: "rejected", reason: "no" }];
      for (const { requestId } of rows) stored.add(requestId);
      return [];
    };
    const done = [...many(6, () => end()), end({ tier: "poison" }), ...many(6, () => end())];
    await clock.advanceAsync(500);
    await Promise.all(done);
    expect(stored.size).toBe(12);
    expect(ledger.gauges()).toMatchObject({ waiting: 0, parked: 1 });
    expect(logs).toEqual([expect.stringContaining("is parked")]);
  });

  test("are logged with what they cost when there is no room for more", async () => {
    const { clock, store, begin, logs, ledger } = setUp();
    store.record = async (rows) =>
      rows.map(({ requestId }) => ({ requestId, code: "forbidden", reason: "wrong secret" }));
    for (const entry of many(1_001, () => aLedgerEntry())) void begin(entry).end(entry);
    await clock.advanceAsync(5_000);
    expect(ledger.gauges()).toMatchObject({ waiting: 0, parked: 1_000 });
    expect(logs.filter((line) => line.includes("could not be saved"))).toHaveLength(1);
  });
});

describe("native turns", () => {
  const native = (changes: Partial<LedgerEntry> = {}): LedgerEntry =>
    aLedgerEntry({
      settleSecret: "s",
      conversation: { userMessage: "q", assistantMessage: "a" },
      ...changes,
    });
  const nothing: Partial<LedgerEntry> = {
    ...{ deliveredContent: false, attempts: [], costUsd: null, status: "cancelled" },
  };
  const unknown = async (rows: readonly LedgerRow[]): Promise<RefusedTurn[]> =>
    rows.map(({ requestId }) => ({ requestId, code: "not_found", reason: "no such turn" }));

  test("leave at once; those that end while one is stored go together", async () => {
    const { clock, sizes, store, end } = setUp();
    const answered = Promise.withResolvers<RefusedTurn[]>();
    store.record = () => answered.promise;
    const done = many(30, () => end(native()));
    expect(sizes()).toEqual([1]);
    answered.resolve([]);
    await Promise.all(done);
    expect(sizes()).toEqual([1, 29]);
    expect(clock.pending).toBe(0);
  });

  test("carry their secret and their messages, if anything was delivered", async () => {
    const { batches, end, journal } = setUp({ journal: true });
    await end(native());
    await end(native(nothing));
    expect(batches.flat().map(({ settleSecret, conversation }) => [settleSecret, conversation])).toEqual([
      ["s", { userMessage: "q", assistantMessage: "a" }],
      ["s", undefined],
    ]);
    expect(journal.stored).toHaveLength(2);
  });

  test("end once, by what was called first", async () => {
    const { batches, begin, journal } = setUp({ journal: true });
    const [entry, forgotten] = [native(), native()];
    const turn = begin(entry);
    await turn.end(entry);
    await turn.end({ ...entry, status: "failed" });
    turn.forget();
    turn.abandon();
    const other = begin(forgotten);
    other.forget();
    await other.end(forgotten);
    expect(batches.flat().map(({ status }) => status)).toEqual(["completed"]);
    expect(journal.lines).toEqual([
      `begin ${entry.requestId}`,
      `end ${entry.requestId}`,
      `begin ${forgotten.requestId}`,
      `forget ${forgotten.requestId}`,
    ]);
  });

  test("carry the tools that were called, the first twenty, bounded; none after their end", async () => {
    const { batches, begin, journal } = setUp({ journal: true });
    const entry = native(nothing);
    const turn = begin(entry);
    const long = "x".repeat(100_000);
    for (let call = 1; call <= 25; call++) {
      turn.noteToolCall(aToolCall({ backend: long, latencyMs: Number.NaN, meta: { call, long } }));
    }
    await turn.end(entry);
    turn.noteToolCall(aToolCall());
    const [row] = batches.flat();
    expect(row?.toolCalls).toHaveLength(20);
    expect(row?.toolCalls?.map(({ meta }) => meta["call"])).toEqual(
      Array.from({ length: 20 }, (_, at) => at + 1),
    );
    expect(row?.toolCalls?.[0]).toMatchObject({ status: "ok", latencyMs: 0 });
    expect(JSON.stringify(row?.toolCalls).length).toBeLessThan(20 * 500);
    expect(journal.lines.filter((line) => line.startsWith("tool "))).toHaveLength(20);
    expect(journal.lines.at(-1)).toBe(`end ${entry.requestId}`);
  });

  test("without a tool have no trace of one", async () => {
    const { batches, end } = setUp();
    await end(native());
    expect(batches.flat()[0]).not.toHaveProperty("toolCalls");
  });

  test("that the database refuses are saved without their messages and attempts, one by one", async () => {
    const { clock, batches, store, end, logs } = setUp();
    store.record = async (rows) => {
      if (rows.some((row) => row.conversation?.userMessage === "bad")) {
        throw new GatewayError("internal_error", "refused");
      }
      return [];
    };
    const bad = { conversation: { userMessage: "bad", assistantMessage: "a" } };
    const done = [end(native()), end(native(bad)), end(native()), end(native(bad))];
    await clock.advanceAsync(1_000);
    await Promise.all(done);
    const bare = batches.filter(([row]) => row?.attempts.length === 0);
    expect(bare.map((rows) => rows.length)).toEqual([1, 1]);
    expect(logs.filter((line) => line.includes("without its messages"))).toHaveLength(2);
    expect(logs.filter((line) => line.includes("could not be saved"))).toEqual([]);
  });

  test("that may not have been begun are looked for for some minutes, then taken for never begun", async () => {
    const { clock, batches, store, begin, logs, journal } = setUp({ journal: true });
    store.record = unknown;
    const entry = native();
    begin(entry).abandon();
    await clock.advanceAsync(600_000);
    expect(batches.length).toBe(4);
    expect(batches.at(-1)).toMatchObject([{ status: "failed", deliveredContent: false, settleSecret: "s" }]);
    expect(journal.stored).toEqual([entry.requestId]);
    expect(logs).toEqual([]);
    expect(clock.pending).toBe(1);
  });

  test("that may not have been begun stay in the journal if the gateway is closed meanwhile", async () => {
    const { clock, store, begin, journal, ledger } = setUp({ journal: true });
    store.record = unknown;
    begin(native()).abandon();
    await clock.advanceAsync(1_000);
    await ledger.close();
    expect(journal).toMatchObject({ stored: [], closed: true });
    expect(clock.pending).toBe(0);
  });

  test("that are being looked for at the close are let go by the journal once", async () => {
    const { clock, store, begin, journal, ledger } = setUp({ journal: true });
    store.record = unknown;
    const entry = native();
    begin(entry).abandon();
    await clock.advanceAsync(1_000);
    const answered = Promise.withResolvers<RefusedTurn[]>();
    store.record = () => answered.promise;
    // The second look is under way.
    await clock.advanceAsync(6_000);
    const closed = ledger.close();
    answered.resolve([]);
    await closed;
    expect(journal.stored).toEqual([entry.requestId]);
  });

  test("that may not have been begun leave room for those that were billed", async () => {
    const { clock, batches, store, begin, end, logs } = setUp();
    store.record = away;
    for (let turn = 0; turn < 50_000; turn++) begin(native()).abandon();
    const done = end({ tier: "billed" });
    store.record = async () => [];
    await clock.advanceAsync(30_000);
    await done;
    expect(batches.flat().some(({ tier }) => tier === "billed")).toBe(true);
    expect(logs.filter((line) => line.includes("could not be saved"))).toEqual([]);
    expect(logs.filter((line) => line.includes("may not have been begun"))).toHaveLength(1);
  });

  test("that were begun after the gateway had given up are closed", async () => {
    const { clock, batches, store, begin } = setUp();
    store.record = unknown;
    begin(native()).abandon();
    await clock.advanceAsync(1_000);
    store.record = async () => [];
    await clock.advanceAsync(600_000);
    expect(batches.length).toBe(2);
    expect(clock.pending).toBe(0);
  });

  test("that an earlier run left are noted again until they are known to be no turns", async () => {
    const start = startedRow(native());
    const { clock, batches, store, logs, journal } = setUp({ orphans: [{ ended: [], started: [start] }] });
    store.record = unknown;
    await clock.advanceAsync(1_000);
    expect(journal).toMatchObject({ recovered: 1, stored: [], lines: [`end ${start.requestId}`] });
    await clock.advanceAsync(200_000);
    expect(batches.length).toBe(4);
    expect(journal.stored).toEqual([start.requestId]);
    expect(logs.filter((line) => !line.includes("earlier run"))).toEqual([]);
  });

  test("that were billed and are not known to the database are parked", async () => {
    const { store, end, logs, ledger } = setUp();
    store.record = unknown;
    await end(native());
    expect(logs).toEqual([expect.stringContaining("is parked")]);
    expect(ledger.gauges()).toMatchObject({ waiting: 0, parked: 1 });
  });

  test("wait without their messages when too many of those wait", async () => {
    const { clock, batches, store, end, logs } = setUp();
    store.record = away;
    const long = { conversation: { userMessage: "q", assistantMessage: "x".repeat(400_000) } };
    const done = many(200, () => end(native(long)));
    store.record = async () => [];
    await clock.advanceAsync(5_000);
    await Promise.all(done);
    const stored = batches.slice(1).flat();
    expect(stored.length).toBeGreaterThanOrEqual(199);
    const kept = stored.filter((row) => row.conversation !== undefined).length;
    expect(kept).toBeGreaterThan(100);
    expect(kept).toBeLessThan(170);
    expect(logs.filter((line) => line.includes("without theirs"))).toHaveLength(1);
    // Once those are stored there is room again.
    await end(native(long));
    expect(batches.at(-1)?.[0]?.conversation).toBeDefined();
  });
});

describe("what fails again and again", () => {
  test("is sent in smaller parts, which a slow database can take", async () => {
    const { clock, batches, store, end } = setUp();
    const stored: LedgerRow[] = [];
    store.record = async (rows) => {
      if (rows.length > 20) throw new GatewayError("database_unavailable", "too slow");
      stored.push(...rows);
      return [];
    };
    const done = many(150, () => end());
    await clock.advanceAsync(120_000);
    await Promise.all(done);
    expect(new Set(stored.map(({ requestId }) => requestId)).size).toBe(150);
    expect(stored).toHaveLength(150);
    expect(batches.length).toBeLessThan(80);
  });

  const failWith = (tier: string) => async (rows: readonly LedgerRow[]) => {
    if (rows.some((row) => row.tier === tier)) throw new GatewayError("database_unavailable", "500");
    return [];
  };

  test("does not hold up others, also those of its batch", async () => {
    const { clock, store, end, ledger } = setUp();
    store.record = failWith("poison");
    void end({ tier: "poison" });
    await clock.advanceAsync(500);
    const done = many(250, () => end());
    void end({ tier: "poison" });
    await clock.advanceAsync(30_000);
    await Promise.all(done.slice(0, 200));
    expect(ledger.gauges().waiting).toBeLessThan(3);
  });

  test("is found in seconds, also where there are many of it", async () => {
    const { clock, store, end, ledger } = setUp();
    store.record = failWith("poison");
    for (let turn = 0; turn < 400; turn++) void end(turn % 50 === 7 ? { tier: "poison" } : {});
    await clock.advanceAsync(40_000);
    expect(ledger.gauges().waiting + ledger.gauges().parked).toBe(8);
  });

  test("while others are stored is no outage: it is parked, and no one waits for it", async () => {
    const { clock, store, end, ledger, logs } = setUp();
    store.record = failWith("poison");
    const done = [end({ tier: "poison" })];
    for (let second = 0; second < 20; second++) {
      done.push(end());
      await clock.advanceAsync(1_000);
    }
    await Promise.all(done);
    expect(ledger.gauges()).toMatchObject({ waiting: 0, parked: 1 });
    expect(logs.filter((line) => line.includes("is parked"))).toHaveLength(1);
    // With the database's return it is taken.
    store.record = async () => [];
    await clock.advanceAsync(3_700_000);
    expect(ledger.gauges()).toEqual({ waiting: 0, parked: 0, oldestSeconds: 0 });
  });

  test("because of its messages is saved without them", async () => {
    const { clock, store, end, ledger, logs } = setUp();
    store.record = async (rows) => {
      if (rows.some(({ tier, attempts }) => tier === "poison" && attempts.length > 0))
        throw new GatewayError("database_unavailable", "500");
      return [];
    };
    const done = [end({ tier: "poison" })];
    for (let second = 0; second < 20; second++) {
      done.push(end());
      await clock.advanceAsync(1_000);
    }
    await Promise.all(done);
    expect(ledger.gauges()).toMatchObject({ waiting: 0, parked: 0 });
    expect(logs.filter((line) => line.includes("without its messages"))).toHaveLength(1);
  });

  test("in an outage is no one's fault: nothing is parked, whatever its length", async () => {
    const { clock, store, end, ledger } = setUp();
    store.record = away;
    const done = many(450, () => end());
    await clock.advanceAsync(3_600_000);
    expect(ledger.gauges()).toMatchObject({ waiting: 450, parked: 0 });
    store.record = async () => [];
    await clock.advanceAsync(5_000);
    await Promise.all(done);
    expect(ledger.gauges()).toMatchObject({ waiting: 0, parked: 0 });
  });
});

describe("the journal", () => {
  test("knows a turn before a provider is called, and hears when it may forget it", async () => {
    const { clock, journal, begin } = setUp({ journal: true });
    const entry = aLedgerEntry();
    const turn = begin(entry);
    expect(journal.lines).toEqual([`begin ${entry.requestId}`]);
    const done = turn.end(entry);
    expect(journal.lines.at(-1)).toBe(`end ${entry.requestId}`);
    expect(journal.stored).toEqual([]);
    await clock.advanceAsync(500);
    await done;
    expect(journal.stored).toEqual([entry.requestId]);
  });

  test("that cannot be written is logged once, and the ledger goes on", async () => {
    const { clock, batches, journal, begin, logs } = setUp({ journal: true });
    journal.write = () => {
      throw new Error("ENOSPC");
    };
    const entries = many(10, () => aLedgerEntry());
    const begun = entries.map((entry) => begin(entry));
    const done = begun.map((turn, index) => turn.end(entries[index] ?? aLedgerEntry()));
    await clock.advanceAsync(500);
    await Promise.all(done);
    expect(batches[0]).toHaveLength(10);
    expect(logs).toEqual([expect.stringContaining("could not be written")]);
  });

  test("gives what an earlier run left; what was only begun becomes interrupted", async () => {
    const started = many(3, () => startedRow(aLedgerEntry()));
    const ended = many(401, () => ledgerRow(aLedgerEntry()));
    const { clock, batches, journal } = setUp({
      orphans: [
        { ended, started: [] },
        { ended: [], started },
      ],
    });
    await clock.advanceAsync(0);
    expect(batches.map((batch) => batch.length)).toEqual([200, 200, 1, 3]);
    expect(batches[3]).toEqual(started.map((row) => interruptedRow(row)));
    expect(batches[3]?.[0]).toMatchObject({
      status: "interrupted",
      usageSource: "estimated",
      promptTokens: 0,
      costUsd: null,
      deliveredContent: false,
    });
    expect(journal.recovered).toBe(2);
  });

  test("keeps what an earlier run left until the database has it", async () => {
    const orphans = [{ ended: [ledgerRow(aLedgerEntry())], started: [] }];
    const { clock, store, journal, ledger } = setUp({ orphans });
    store.record = away;
    await clock.advanceAsync(5_000);
    expect(journal.recovered).toBe(0);
    await ledger.close();
    expect(journal).toMatchObject({ recovered: 0, closed: true });
  });
});

describe("closing", () => {
  test("writes what is waiting", async () => {
    const { sizes, end, ledger, clock, journal } = setUp({ journal: true });
    const done = many(250, () => end());
    await ledger.close();
    await Promise.all(done);
    expect(sizes()).toEqual([200, 50]);
    expect(journal.closed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("tries once more while the database is unavailable, logs what is lost, and does not hang", async () => {
    const { batches, store, end, ledger, clock, logs } = setUp();
    store.record = away;
    const done = many(3, () => end());
    await clock.advanceAsync(10_000);
    const before = batches.length;
    await ledger.close();
    await Promise.all(done);
    expect(batches.length).toBe(before + 1);
    expect(logs.filter((line) => line.includes("are lost"))).toHaveLength(1);
    expect(logs.filter((line) => line.includes("could not be saved"))).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  test("what ends after it is in the journal at least", async () => {
    const { end, ledger, journal, logs } = setUp({ journal: true });
    await ledger.close();
    await end();
    expect(journal.lines.map((line) => line.split(" ")[0])).toEqual(["begin", "end"]);
    expect(logs.at(-1)).toContain("it stays in the journal");
  });
});
