import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import fs, {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { processScope } from "#lib/adapters/journal/process-scope.ts";
import { openTurnJournal } from "#lib/adapters/journal/turn-journal.ts";
import { processStart } from "#lib/adapters/process-start.ts";
import type { TurnJournal } from "#lib/services/ledger/ledger-ports.ts";
import { interruptedRow, type LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import { createLedgerWriter } from "#lib/services/ledger/ledger-writer.ts";
import { parseJson } from "#lib/shared/json.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { aLedgerEntry, aToolCall, type LedgerEntry, ledgerRow, startedRow } from "../../support/turns.ts";

const CHILD = fileURLToPath(new URL("../../support/journal-child.ts", import.meta.url));
const PLACE = processScope().name;
const LEASE_MS = 300_000;

let folder: string;
let clock: FakeClock;
const open: TurnJournal[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sarmalink-journal-"));
  clock = new FakeClock(Date.now());
});
afterEach(() => {
  for (const journal of open.splice(0)) journal.close();
  rmSync(folder, { recursive: true, force: true });
});

function aJournal(): TurnJournal {
  const journal = openTurnJournal({ folder, clock });
  open.push(journal);
  return journal;
}

const files = (): string[] => readdirSync(folder).sort();
const path = (name: string): string => join(folder, name);

async function orphansOf(journal: TurnJournal): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = [];
  for await (const { ended, started } of journal.orphans())
    rows.push(...ended, ...started.map(interruptedRow));
  return rows;
}

/** The file of a process that is no more, with these lines. */
function leave(
  lines: readonly unknown[],
  options: { place?: string; pid?: number | string; part?: number; id?: string } = {},
) {
  const { place = PLACE, pid = 4_194_305, part = 0, id = "aa" } = options;
  const name = `turns.${place}.${pid}.${id}.${part}.jsonl`;
  writeFileSync(path(name), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return name;
}
const began = (entry: LedgerEntry) => ({ begin: startedRow(entry) });
const ended = (entry: LedgerEntry) => ({ end: ledgerRow(entry) });

describe("a process that is killed", () => {
  test("leaves every turn: ended ones as they were, begun ones interrupted", async () => {
    const child = spawn(process.execPath, [CHILD, folder], { stdio: ["pipe", "pipe", "inherit"] });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const tell = async (verb: string, entry: LedgerEntry): Promise<void> => {
      child.stdin.write(`${JSON.stringify([verb, entry])}\n`);
      expect((await answers.next()).value).toBe("ok");
    };
    const caller = { kind: "user", userId: randomUUID(), email: "a@b.test", accessToken: "SECRET" } as const;
    const complete = aLedgerEntry({ caller });
    const cut = aLedgerEntry({ caller });
    await tell("begin", complete);
    await tell("begin", cut);
    await tell("tool", cut);
    await tell("tool", cut);
    await tell("end", complete);

    const journal = aJournal();
    expect(await orphansOf(journal)).toEqual([]);
    child.kill("SIGKILL");
    await once(child, "exit");

    const [name = ""] = files();
    expect(statSync(path(name)).mode & 0o777).toBe(0o600);
    const stored: LedgerRow[] = [];
    const ledger = createLedgerWriter({
      random: () => 0.5,
      store: {
        record: async (rows) => {
          stored.push(...rows);
          return [];
        },
      },
      clock,
      logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
      journal,
    });
    while (files().length > 0) await clock.advanceAsync(1);
    const toolCalls = [aToolCall(), aToolCall()];
    expect(stored).toEqual([ledgerRow(complete), { ...interruptedRow(startedRow(cut)), toolCalls }]);
    expect(JSON.stringify(stored)).not.toMatch(/SECRET|a@b/);
    await ledger.close();
  });
});

describe("lines", () => {
  const lines = (): string[] =>
    readFileSync(path(files()[0] ?? ""), "utf8")
      .split("\n")
      .filter(Boolean);

  test("go on whole after a write that was cut off, and none is lost", async () => {
    const journal = aJournal();
    const entries = [aLedgerEntry(), aLedgerEntry(), aLedgerEntry()] as const;
    const [first, second, third] = entries.map((entry) => startedRow(entry));
    const write = fs.writeSync.bind(fs) as (fd: number, bytes: Uint8Array, offset?: number) => number;
    const full = new Error("ENOSPC");
    const spy = vi.spyOn(fs, "writeSync").mockImplementation(((
      fd: number,
      bytes: Uint8Array,
      from?: number | null,
    ) => {
      if ((from ?? 0) > 0) throw full;
      return write(fd, bytes.subarray(0, 40));
    }) as typeof fs.writeSync);
    syncBuiltinESMExports();
    try {
      if (first !== undefined) expect(() => journal.begin(first)).toThrow(full);
      spy.mockImplementation(((fd: number, bytes: Uint8Array, from?: number | null) =>
        write(fd, bytes.subarray(from ?? 0, (from ?? 0) + 40))) as typeof fs.writeSync);
      if (second !== undefined) journal.begin(second);
    } finally {
      spy.mockRestore();
      syncBuiltinESMExports();
    }
    if (third !== undefined) journal.begin(third);
    const whole = lines().flatMap((line) => parseJson(line) ?? []);
    expect(whole).toEqual([{ begin: first }, { begin: second }, { begin: third }]);
  });

  test("of a beginning are written at once, those of an end before the event loop goes on", async () => {
    const journal = aJournal();
    const [first, second] = [aLedgerEntry(), aLedgerEntry()];
    journal.begin(startedRow(first));
    expect(lines()).toHaveLength(1);
    journal.end(ledgerRow(first));
    journal.begin(startedRow(second));
    expect(lines().map((line) => Object.keys(JSON.parse(line) as object))).toEqual([
      ["begin"],
      ["end"],
      ["begin"],
    ]);
    journal.end(ledgerRow(second));
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines()).toHaveLength(4);
  });

  test("of an end are written when the journal closes", () => {
    const journal = aJournal();
    journal.end(ledgerRow(aLedgerEntry()));
    journal.close();
    expect(lines()).toHaveLength(1);
  });
});

describe("files", () => {
  test("are made with the first turn and gone when all is stored", () => {
    const journal = aJournal();
    expect(files()).toEqual([]);
    const entry = aLedgerEntry();
    journal.begin(startedRow(entry));
    expect(files()).toHaveLength(1);
    journal.end(ledgerRow(entry)).stored();
    journal.close();
    expect(files()).toEqual([]);
  });

  test("stay when something in them is not stored", () => {
    const journal = aJournal();
    journal.end(ledgerRow(aLedgerEntry())).stored();
    journal.end(ledgerRow(aLedgerEntry()));
    journal.close();
    expect(files()).toHaveLength(1);
  });

  test("are followed by new ones, and deleted one by one as their turns are stored", () => {
    const journal = aJournal();
    const early = aLedgerEntry();
    journal.begin(startedRow(early));
    const tickets = Array.from({ length: 8_000 }, () => journal.end(ledgerRow(aLedgerEntry())));
    const all = files();
    expect(all.length).toBeGreaterThan(2);
    for (const ticket of tickets) ticket.stored();
    // The first holds the beginning of a turn that has not ended, the last is being written.
    expect(files()).toEqual([all[0], all.at(-1)]);
    journal.end(ledgerRow(early)).stored();
    expect(files()).toEqual([all.at(-1)]);
  });

  test("cannot be made in a folder that cannot be written", () => {
    const file = path("file");
    writeFileSync(file, "");
    expect(() => openTurnJournal({ folder: join(file, "journal"), clock })).toThrow();
    if (process.getuid?.() === 0) return;
    chmodSync(folder, 0o500);
    expect(() => openTurnJournal({ folder, clock })).toThrow();
    chmodSync(folder, 0o700);
  });
});

describe("spilled turns", () => {
  const spillMany = (journal: TurnJournal, count: number): LedgerEntry[] =>
    Array.from({ length: count }, () => {
      const entry = aLedgerEntry();
      journal.begin(startedRow(entry));
      journal.spill(ledgerRow(entry));
      return entry;
    });

  test("are on disk when they are spilled, readable by their owner only, and need no begin any more", () => {
    const journal = aJournal();
    const [entry] = spillMany(journal, 1);
    const spilled = files().at(-1) ?? "";
    expect(statSync(path(spilled)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path(spilled), "utf8"))).toEqual({
      end: ledgerRow(entry ?? aLedgerEntry()),
    });
    journal.close();
    // The file of the begin is gone: it holds nothing that waits.
    expect(files()).toEqual([spilled]);
  });

  test("are taken oldest first, a file at a time, and their file is deleted when they are stored", async () => {
    const journal = aJournal();
    const entries = spillMany(journal, 5_000);
    expect(journal.spilled).toEqual({ turns: 5_000, since: clock.wallNow() });
    const ids: string[] = [];
    let parts = 0;
    for (let part = await journal.takeSpilled(); part !== undefined; part = await journal.takeSpilled()) {
      parts++;
      ids.push(...part.rows.map(({ requestId }) => requestId));
      expect(part.rows.length).toBeLessThan(4_000);
      part.stored();
    }
    expect(parts).toBeGreaterThan(1);
    expect(ids).toEqual(entries.map(({ requestId }) => requestId));
    expect(journal.spilled).toEqual({ turns: 0, since: undefined });
    journal.close();
    expect(files()).toEqual([]);
  });

  test("that were taken and not stored are there for the next process, once each", async () => {
    const journal = aJournal();
    const [first, second] = [...spillMany(journal, 1), ...spillMany(journal, 1)];
    await journal.takeSpilled();
    const [third] = spillMany(journal, 1);
    journal.close();
    const left = await orphansOf(aJournal());
    const expected = [first, second, third].map((entry) => entry && ledgerRow(entry));
    // In this test both are of one process, whose other journals are orphans once they are closed.
    expect(left).toEqual(expected);
    expect(files()).toEqual([]);
  });

  test("are found after a crash as turns that have ended, although their begin is in another file", async () => {
    const entry = aLedgerEntry();
    leave([began(entry)], { part: 3 });
    leave([ended(entry)], { part: 1_000_000_000 });
    expect(await orphansOf(aJournal())).toEqual([ledgerRow(entry)]);
  });

  test("are refused while the disk is full, and nothing of them is written later", async () => {
    const journal = aJournal();
    const [before, refused, after] = [aLedgerEntry(), aLedgerEntry(), aLedgerEntry()].map((entry) =>
      ledgerRow(entry),
    );
    if (before === undefined || refused === undefined || after === undefined) throw new Error("no rows");
    journal.spill(before);
    const write = fs.writeSync.bind(fs) as (fd: number, bytes: Uint8Array, offset?: number) => number;
    const spy = vi.spyOn(fs, "writeSync").mockImplementation(((
      fd: number,
      bytes: Uint8Array,
      from?: number | null,
    ) => {
      if ((from ?? 0) > 0) throw new Error("ENOSPC");
      return write(fd, bytes.subarray(0, 30));
    }) as typeof fs.writeSync);
    syncBuiltinESMExports();
    try {
      expect(() => journal.spill(refused)).toThrow("ENOSPC");
    } finally {
      spy.mockRestore();
      syncBuiltinESMExports();
    }
    journal.spill(after);
    expect((await journal.takeSpilled())?.rows).toEqual([before, after]);
  });

  test("in a file that cannot be read stay, and the others can be taken", async () => {
    const journal = aJournal();
    spillMany(journal, 1);
    rmSync(path(files().at(-1) ?? ""));
    await expect(journal.takeSpilled()).rejects.toThrow("ENOENT");
    const [entry] = spillMany(journal, 1);
    expect((await journal.takeSpilled())?.rows).toEqual([entry && ledgerRow(entry)]);
    expect(journal.spilled.turns).toBe(1);
    expect(await journal.takeSpilled()).toBeUndefined();
  });
});

describe("orphans", () => {
  test("are read across the files of their process, and deleted once they were taken", async () => {
    const [a, b, c] = [aLedgerEntry(), aLedgerEntry(), aLedgerEntry()];
    leave([began(a), began(b)], { part: 9 });
    leave([ended(a), began(c)], { part: 10 });
    expect(await orphansOf(aJournal())).toEqual([
      ledgerRow(a),
      interruptedRow(startedRow(b)),
      interruptedRow(startedRow(c)),
    ]);
    expect(files()).toEqual([]);
  });

  test("stay if the rest is not read", async () => {
    leave([ended(aLedgerEntry())]);
    for await (const part of aJournal().orphans()) {
      expect(part.ended).toHaveLength(1);
      break;
    }
    expect(files()).toHaveLength(1);
  });

  test("may end in the middle of a line, or hold what cannot be read", async () => {
    const entry = aLedgerEntry();
    const name = leave([ended(entry), { end: { requestId: "x" } }, 7, null]);
    appendFileSync(path(name), '{"begin":{"requestId":"cut');
    expect(await orphansOf(aJournal())).toEqual([ledgerRow(entry)]);
  });

  test("of an earlier process with our pid are orphans: pids are reused", async () => {
    leave([ended(aLedgerEntry())], { pid: process.pid });
    const other = aJournal();
    other.begin(startedRow(aLedgerEntry()));
    expect(await orphansOf(aJournal())).toHaveLength(1);
    // The other journal of this very process is none.
    expect(files()).toHaveLength(1);
  });

  test.each([
    ["another machine", { place: "elsewhere" }],
    ["another container of our name", { place: PLACE.replace(/.$/, "x") }],
  ])("of %s are left alone until nobody has touched them for five minutes", async (_, where) => {
    const name = leave([ended(aLedgerEntry())], where);
    const touched = (clock.wallNow() - LEASE_MS + 10_000) / 1_000;
    utimesSync(path(name), touched, touched);
    const journal = aJournal();
    expect(await orphansOf(journal)).toEqual([]);
    clock.advance(10_001);
    expect(await orphansOf(journal)).toHaveLength(1);
    expect(files()).toEqual([]);
  });

  test("of a process whose pid another one may have by now are orphans if they were not touched for five minutes", async () => {
    // As older releases, and systems that do not tell the start of a process, name them.
    const entry = aLedgerEntry();
    const name = leave([ended(entry)], { pid: process.ppid });
    const touched = (clock.wallNow() - LEASE_MS + 10_000) / 1_000;
    utimesSync(path(name), touched, touched);
    const journal = aJournal();
    expect(await orphansOf(journal)).toEqual([]);
    clock.advance(10_001);
    expect(await orphansOf(journal)).toEqual([ledgerRow(entry)]);
    expect(files()).toEqual([]);
  });

  test.runIf(process.platform === "linux")(
    "of a process whose start cannot be read now are, if nobody has touched them for five minutes",
    async () => {
      const entry = aLedgerEntry();
      leave([ended(entry)], { pid: `${process.ppid}-${processStart(process.ppid)}` });
      const journal = aJournal();
      const read = fs.readFileSync.bind(fs);
      // As a container that hides the processes of others does.
      const spy = vi.spyOn(fs, "readFileSync").mockImplementation(((file: string, options: "utf8") => {
        if (String(file).startsWith("/proc/")) throw Object.assign(new Error("EACCES"), { code: "EACCES" });
        return read(file, options);
      }) as typeof fs.readFileSync);
      syncBuiltinESMExports();
      try {
        expect(await orphansOf(journal)).toEqual([]);
        clock.advance(LEASE_MS + 1_000);
        expect(await orphansOf(journal)).toEqual([ledgerRow(entry)]);
      } finally {
        spy.mockRestore();
        syncBuiltinESMExports();
      }
    },
  );

  test("of a running process are not touched, whatever the clock says", async () => {
    leave([ended(aLedgerEntry())], { pid: `${process.ppid}-${processStart(process.ppid)}` });
    const journal = aJournal();
    for (const jumpMs of [0, LEASE_MS + 1, 365 * 86_400_000]) {
      clock.advance(jumpMs);
      expect(await orphansOf(journal)).toEqual([]);
    }
    expect(files()).toHaveLength(1);
  });

  test("of a process whose number another one has now are orphans at once", async () => {
    const entry = aLedgerEntry();
    leave([ended(entry)], { pid: `${process.ppid}-1` });
    expect(await orphansOf(aJournal())).toEqual([ledgerRow(entry)]);
    expect(files()).toEqual([]);
  });

  test("are not what strangers put into the folder", async () => {
    writeFileSync(path("notes.txt"), "mine");
    expect(await orphansOf(aJournal())).toEqual([]);
    expect(files()).toEqual(["notes.txt"]);
  });
});

describe("a file that cannot be read", () => {
  const isRoot = process.getuid?.() === 0;
  const name = (part = 0, id = "aa"): string => `turns.${PLACE}.4194305.${id}.${part}.jsonl`;
  const OBSTACLES: readonly [string, (path: string) => void][] = [
    ["a directory", (path) => mkdirSync(path)],
    ["a link to itself", (path) => symlinkSync(path, path)],
    ["a pipe", (path) => execFileSync("mkfifo", [path])],
    ["a file that may not be read", (path) => writeFileSync(path, "", { mode: 0 })],
  ];

  test.each(isRoot ? OBSTACLES.slice(0, -1) : OBSTACLES)(
    "%s is passed over, told once, and tried again",
    async (_, put) => {
      put(path(name()));
      const [first, later] = [aLedgerEntry(), aLedgerEntry()];
      leave([ended(first)], { id: "bb" });
      const stored: LedgerRow[] = [];
      const warnings: unknown[] = [];
      const ledger = createLedgerWriter({
        random: () => 0.5,
        store: {
          record: async (rows) => {
            stored.push(...rows);
            return [];
          },
        },
        clock,
        logger: {
          info: () => undefined,
          warn: (message, fields) => warnings.push([message, fields]),
          error: (message, cause) => warnings.push([message, cause]),
        },
        journal: aJournal(),
      });
      const goOn = async (): Promise<void> => {
        for (let turn = 0; turn < 20; turn++) {
          await clock.advanceAsync(turn === 0 ? 60_000 : 1);
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      };
      await goOn();
      expect(stored).toEqual([ledgerRow(first)]);
      expect(files()).toEqual([name()]);
      leave([ended(later)], { id: "cc" });
      await goOn();
      expect(stored).toEqual([first, later].map((entry) => ledgerRow(entry)));
      const reason = expect.stringMatching(/./);
      expect(warnings).toEqual([[expect.stringMatching(/cannot be read/), { file: path(name()), reason }]]);

      rmSync(path(name()), { recursive: true });
      const mended = aLedgerEntry();
      leave([ended(mended)]);
      await goOn();
      expect(stored).toEqual([first, later, mended].map((entry) => ledgerRow(entry)));
      expect(files()).toEqual([]);
      await ledger.close();
    },
  );

  test("holds back only what may have ended in it", async () => {
    const [before, complete, after] = [aLedgerEntry(), aLedgerEntry(), aLedgerEntry()];
    leave([began(before), began(complete), ended(complete)], { part: 0 });
    mkdirSync(path(name(1)));
    leave([began(after)], { part: 2 });
    const journal = aJournal();
    expect(await orphansOf(journal)).toEqual([ledgerRow(complete), interruptedRow(startedRow(after))]);
    // Not again and again.
    expect(await orphansOf(journal)).toEqual([]);
    expect(files()).toEqual([name(0), name(1)]);
    rmSync(path(name(1)), { recursive: true });
    leave([ended(before)], { part: 1 });
    expect(await orphansOf(journal)).toEqual([ledgerRow(before)]);
    expect(files()).toEqual([]);
  });

  test("may fail while it is read, as on a bad disk, and the others go on", async () => {
    const [bad, good] = [aLedgerEntry(), aLedgerEntry()];
    leave([ended(bad)]);
    leave([ended(good)], { id: "bb" });
    const read = fs.promises.readFile.bind(fs.promises);
    const spy = vi
      .spyOn(fs.promises, "readFile")
      .mockImplementation(((file: string, options: "utf8") =>
        file === path(name())
          ? Promise.reject(Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" }))
          : read(file, options)) as typeof fs.promises.readFile);
    syncBuiltinESMExports();
    const journal = aJournal();
    try {
      expect(await orphansOf(journal)).toEqual([ledgerRow(good)]);
    } finally {
      spy.mockRestore();
      syncBuiltinESMExports();
    }
    expect(await orphansOf(journal)).toEqual([ledgerRow(bad)]);
  });
});

test("the name of a file says when its process began", () => {
  const journal = aJournal();
  journal.begin(startedRow(aLedgerEntry()));
  expect(files()).toEqual([expect.stringContaining(`.${process.pid}-${processStart(process.pid)}.`)]);
});

test("a running process touches its file, and makes a new one if it is deleted", async () => {
  const journal = aJournal();
  journal.begin(startedRow(aLedgerEntry()));
  const [name = ""] = files();
  utimesSync(path(name), 1, 1);
  await clock.advanceAsync(30_000);
  expect(statSync(path(name)).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
  rmSync(path(name));
  await clock.advanceAsync(30_000);
  journal.begin(startedRow(aLedgerEntry()));
  expect(files()).toHaveLength(1);
  journal.close();
  expect(clock.pending).toBe(0);
});

test("a folder that is deleted while it runs is made again, and what comes then survives", async () => {
  const journal = aJournal();
  const first = aLedgerEntry();
  journal.begin(startedRow(first));
  rmSync(folder, { recursive: true });
  // The heartbeat finds that its file is gone.
  await clock.advanceAsync(30_000);
  const second = aLedgerEntry();
  journal.begin(startedRow(second));
  journal.end(ledgerRow(second));
  journal.spill(ledgerRow(first));
  await new Promise(setImmediate);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const text = files().map((name) => readFileSync(path(name), "utf8"));
  for (const { requestId } of [first, second]) expect(text.join("")).toContain(requestId);
});
