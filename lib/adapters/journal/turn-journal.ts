import { randomBytes } from "node:crypto";
import { closeSync, openSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import {
  append,
  closeSegment,
  flush,
  openSegment,
  type Segment,
} from "#lib/adapters/journal/journal-segment.ts";
import {
  leftBehind,
  type OpenTurn,
  type OrphanFile,
  readOrphan,
  reasonOf,
} from "#lib/adapters/journal/orphan-files.ts";
import { processScope } from "#lib/adapters/journal/process-scope.ts";
import { makeFolder } from "#lib/adapters/make-folder.ts";
import { processStart } from "#lib/adapters/process-start.ts";
import type { JournalTicket, TurnJournal, UnreadableFile } from "#lib/services/ledger/ledger-ports.ts";
import type { LedgerRow, StartedRow } from "#lib/services/ledger/ledger-row.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";

/** A file that has grown to this is followed by a new one. */
const SEGMENT_BYTES = 1024 * 1024;
/** A living process touches its file this often, milliseconds. */
const HEARTBEAT_MS = 30_000;

export type TurnJournalOptions = {
  /** Made if it is not there, for us alone. */
  folder: string;
  clock: Clock;
};

/** The journals open in this process, whoever opened them: none of them is an orphan. */
const OPEN = Symbol.for("sarmalink.turn-journals");

function openHere(): Set<string> {
  const place = globalThis as { [OPEN]?: Set<string> };
  place[OPEN] ??= new Set();
  return place[OPEN];
}

/**
 * A journal of turns in files. A line that was written survives the end of the process, however it ends;
 * the end of the machine may take the last seconds along.
 *
 * Throws when the folder cannot be written. Files are made with the first turn, and deleted when the
 * database has all that is in them.
 */
export function openTurnJournal({ folder, clock }: TurnJournalOptions): TurnJournal {
  makeFolder(folder, 0o700);
  const probe = join(folder, `probe.${process.pid}.${randomBytes(4).toString("hex")}`);
  closeSync(openSync(probe, "wx", 0o600));
  rmSync(probe);
  return new FileJournal(folder, clock);
}

class FileJournal implements TurnJournal {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #place = processScope();
  readonly #owner = ownerName();
  readonly #id = randomBytes(8).toString("hex");
  readonly #closing = new AbortController();
  /** Where the turns in flight have begun. */
  readonly #begun = new Map<string, Segment>();
  /** Files that were told of: nothing can be done about them here. */
  readonly #told = new Set<string>();
  /** Files of other processes that have to stay although their ended turns are stored. */
  readonly #kept = new Set<string>();
  #current: Segment | undefined;
  #segments = 0;
  #flushing: NodeJS.Immediate | undefined;

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
    openHere().add(this.#id);
  }

  /** The line is written when this returns: the turn may be asked of a provider. */
  begin(row: StartedRow): void {
    const segment = this.#add({ begin: row });
    const failure = flush(segment);
    if (failure !== undefined) throw failure;
    segment.waiting++;
    this.#begun.set(row.requestId, segment);
  }

  /** The line is written before the event loop goes on, or with the next begin: ends often come together. */
  end(row: LedgerRow): JournalTicket {
    const started = this.#begun.get(row.requestId);
    this.#begun.delete(row.requestId);
    const ended = this.#add({ end: row });
    this.#flushing ??= setImmediate(this.#flushSoon);
    ended.waiting++;
    return {
      stored: () => {
        this.#stored(ended);
        if (started !== undefined) this.#stored(started);
      },
    };
  }

  /** Written as the line of an end is. */
  forget(requestId: string): void {
    const started = this.#begun.get(requestId);
    if (started === undefined) return;
    this.#begun.delete(requestId);
    this.#add({ forget: requestId });
    this.#flushing ??= setImmediate(this.#flushSoon);
    this.#stored(started);
  }

  async *orphans(): ReturnType<TurnJournal["orphans"]> {
    const isOpenHere = (id: string): boolean => openHere().has(id);
    const surroundings = { clock: this.#clock, place: this.#place, isOpenHere };
    for (const files of await leftBehind(this.#folder, surroundings)) {
      const open = new Map<string, OpenTurn>();
      for (const file of files) {
        const ended = file.problem === undefined ? await readOrphan(file, open) : [];
        if (ended.length > 0 && !this.#kept.has(file.path)) yield { ended, started: [] };
      }
      // The end of a turn stands in the file of its beginning or in a later one: it may be what cannot be read.
      const lastUnread = Math.max(-1, ...files.flatMap(({ order, problem }) => (problem ? order : [])));
      const [held, started] = partition([...open.values()], ({ file }) => file.order <= lastUnread);
      if (started.length > 0) yield { ended: [], started: started.map(({ row }) => row) };
      this.#clearUp(files, new Set(held.map(({ file }) => file)));
      const unreadable = this.#tellOnce(files);
      if (unreadable.length > 0) yield { ended: [], started: [], unreadable };
    }
  }

  /** Deletes files whose turns are all stored. */
  #clearUp(files: readonly OrphanFile[], needed: ReadonlySet<OrphanFile>): void {
    for (const file of files) {
      if (file.problem !== undefined) continue;
      if (needed.has(file)) {
        this.#kept.add(file.path);
        continue;
      }
      try {
        rmSync(file.path, { force: true });
        this.#kept.delete(file.path);
      } catch (error) {
        file.problem = `it is stored but cannot be deleted: ${reasonOf(error)}`;
        this.#kept.add(file.path);
      }
    }
  }

  /** The files that something is wrong with, each once for as long as it is. */
  #tellOnce(files: readonly OrphanFile[]): UnreadableFile[] {
    return files.flatMap(({ path, problem }) => {
      if (problem === undefined) this.#told.delete(path);
      if (problem === undefined || this.#told.has(path)) return [];
      this.#told.add(path);
      return { file: path, reason: problem };
    });
  }

  close(): void {
    this.#closing.abort();
    openHere().delete(this.#id);
    const last = this.#current;
    this.#current = undefined;
    if (last === undefined) return;
    closeSegment(last);
    if (last.waiting === 0) rmSync(last.path, { force: true });
  }

  #add(line: { begin: StartedRow } | { end: LedgerRow } | { forget: string }): Segment {
    const segment = this.#segment();
    append(segment, line);
    return segment;
  }

  readonly #flushSoon = (): void => {
    this.#flushing = undefined;
    // What cannot be written goes out with the next line, whose failure somebody is told of.
    if (this.#current !== undefined) flush(this.#current);
  };

  #segment(): Segment {
    const current = this.#current;
    if (current !== undefined && current.bytes < SEGMENT_BYTES) return current;
    const name = `turns.${this.#place.name}.${this.#owner}.${this.#id}.${this.#segments}.jsonl`;
    const next = openSegment(join(this.#folder, name));
    this.#segments++;
    this.#current = next;
    if (current !== undefined) {
      closeSegment(current);
      if (current.waiting === 0) rmSync(current.path, { force: true });
    } else void this.#heartbeat();
    return next;
  }

  #stored(segment: Segment): void {
    segment.waiting--;
    if (segment.waiting === 0 && segment !== this.#current) rmSync(segment.path, { force: true });
  }

  /** Keeps the current file young, so that nobody takes it for an orphan. */
  async #heartbeat(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await sleep(this.#clock, HEARTBEAT_MS, this.#closing.signal);
      if (this.#current === undefined) continue;
      const now = this.#clock.wallNow() / 1_000;
      try {
        utimesSync(this.#current.path, now, now);
      } catch {
        // Somebody has deleted the file: what is written to it from now on would be lost with us.
        this.#current.bytes = SEGMENT_BYTES;
      }
    }
  }
}

/** This process in the name of a file: with its start, since numbers are given anew. */
function ownerName(): string {
  const start = processStart(process.pid);
  return start === undefined ? String(process.pid) : `${process.pid}-${start}`;
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  const [first, second]: [Item[], Item[]] = [[], []];
  for (const item of items) (isFirst(item) ? first : second).push(item);
  return [first, second];
}
