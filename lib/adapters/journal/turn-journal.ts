import { randomBytes } from "node:crypto";
import { closeSync, openSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import {
  append,
  closeSegment,
  flush,
  openSegment,
  SEGMENT_BYTES,
  type Segment,
} from "#lib/adapters/journal/journal-segment.ts";
import { OrphanReader } from "#lib/adapters/journal/orphan-reader.ts";
import { processScope } from "#lib/adapters/journal/process-scope.ts";
import { SpillFiles } from "#lib/adapters/journal/spill-files.ts";
import { makeFolder } from "#lib/adapters/make-folder.ts";
import { processStart } from "#lib/adapters/process-start.ts";
import type { JournalTicket, SpilledTurns, TurnJournal } from "#lib/services/ledger/ledger-ports.ts";
import type { LedgerRow, StartedRow } from "#lib/services/ledger/ledger-row.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";

/** How often a process touches its file, milliseconds. */
const HEARTBEAT_MS = 30_000;
/** Numbers of files with spilled turns: ends come after the begins of all other files. */
const FIRST_SPILL = 1_000_000_000;

export type TurnJournalOptions = {
  /** Created if it does not exist, readable by its owner only. */
  folder: string;
  clock: Clock;
};

/** Ids of the journals open in this process, from every copy of this module: none of them is an orphan. */
const OPEN = Symbol.for("sarmalink.turn-journals");

function openHere(): Set<string> {
  const holder = globalThis as { [OPEN]?: Set<string> };
  holder[OPEN] ??= new Set();
  return holder[OPEN];
}

/**
 * A journal of turns in files. A written line survives the end of the process, however it ends; a power failure
 * may lose the last seconds.
 *
 * Throws if the folder cannot be written. Files are made with the first turn, and deleted when the database has
 * all their turns.
 */
export function openTurnJournal({ folder, clock }: TurnJournalOptions): TurnJournal {
  makeFolder(folder, 0o700);
  const probe = join(folder, `probe.${process.pid}.${randomBytes(4).toString("hex")}`);
  closeSync(openSync(probe, "wx", 0o600));
  rmSync(probe);
  return new FileJournal(folder, clock);
}

/** One line of a file. */
type JournalLine =
  | { begin: StartedRow }
  | { toolCall: ToolCallRecord & { requestId: string } }
  | { end: LedgerRow }
  | { forget: string };

class FileJournal implements TurnJournal {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #scope = processScope();
  readonly #owner = ownerName();
  readonly #id = randomBytes(8).toString("hex");
  readonly #closing = new AbortController();
  /** The segments in which the turns in flight have begun, by request id. */
  readonly #begun = new Map<string, Segment>();
  readonly #orphans: OrphanReader;
  readonly #spill: SpillFiles;
  #current: Segment | undefined;
  #segments = 0;
  #flushing: NodeJS.Immediate | undefined;

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
    const isOpenHere = (id: string): boolean => openHere().has(id);
    this.#orphans = new OrphanReader(folder, { clock, scope: this.#scope, isOpenHere });
    let spills = FIRST_SPILL;
    this.#spill = new SpillFiles(
      () => this.#pathOf(spills++),
      () => clock.wallNow(),
    );
    openHere().add(this.#id);
  }

  /** The line is written when this returns: a provider may be called then. */
  begin(row: StartedRow): void {
    const segment = this.#add({ begin: row });
    const failure = flush(segment);
    if (failure !== undefined) throw failure;
    segment.waiting++;
    this.#begun.set(row.requestId, segment);
  }

  /** Written like the line of an end. */
  toolCall(requestId: string, call: ToolCallRecord): void {
    if (!this.#begun.has(requestId)) return;
    this.#add({ toolCall: { requestId, ...call } });
    this.#flushing ??= setImmediate(this.#flushSoon);
  }

  /** The line is written before the event loop goes on, or with the next begin, so that ends share a write. */
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

  /** Written like the line of an end. */
  forget(requestId: string): void {
    const started = this.#begun.get(requestId);
    if (started === undefined) return;
    this.#begun.delete(requestId);
    this.#add({ forget: requestId });
    this.#flushing ??= setImmediate(this.#flushSoon);
    this.#stored(started);
  }

  spill(row: LedgerRow): void {
    this.#spill.add(row);
    // Whoever reads the journal later finds the end alone.
    const started = this.#begun.get(row.requestId);
    this.#begun.delete(row.requestId);
    if (started !== undefined) this.#stored(started);
  }

  get spilled(): TurnJournal["spilled"] {
    return this.#spill.spilled;
  }

  takeSpilled(): Promise<SpilledTurns | undefined> {
    return this.#spill.take();
  }

  orphans(): ReturnType<TurnJournal["orphans"]> {
    return this.#orphans.read();
  }

  close(): void {
    this.#closing.abort();
    openHere().delete(this.#id);
    this.#spill.close();
    const last = this.#current;
    this.#current = undefined;
    if (last === undefined) return;
    closeSegment(last);
    if (last.waiting === 0) rmSync(last.path, { force: true });
  }

  #add(line: JournalLine): Segment {
    const segment = this.#segment();
    append(segment, line);
    return segment;
  }

  readonly #flushSoon = (): void => {
    this.#flushing = undefined;
    // A failure is not lost: the lines are written again with the next begin, which throws if that fails.
    if (this.#current !== undefined) flush(this.#current);
  };

  #segment(): Segment {
    const current = this.#current;
    if (current !== undefined && current.bytes < SEGMENT_BYTES) return current;
    const next = openSegment(this.#pathOf(this.#segments));
    this.#segments++;
    this.#current = next;
    if (current !== undefined) {
      closeSegment(current);
      if (current.waiting === 0) rmSync(current.path, { force: true });
    } else void this.#heartbeat();
    return next;
  }

  #pathOf(number: number): string {
    const name = `turns.${this.#scope.name}.${this.#owner}.${this.#id}.${number}.jsonl`;
    return join(this.#folder, name);
  }

  #stored(segment: Segment): void {
    segment.waiting--;
    if (segment.waiting === 0 && segment !== this.#current) rmSync(segment.path, { force: true });
  }

  /** Touches the current file, so that no other process takes it for an orphan. */
  async #heartbeat(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await sleep(this.#clock, HEARTBEAT_MS, this.#closing.signal);
      if (this.#current === undefined) continue;
      const now = this.#clock.wallNow() / 1_000;
      try {
        utimesSync(this.#current.path, now, now);
      } catch {
        // The file has been deleted: lines in it would not survive this process, so a new one is begun.
        this.#current.bytes = SEGMENT_BYTES;
      }
    }
  }
}

/** This process in the name of a file: with its start time, because pids are reused. */
function ownerName(): string {
  const start = processStart(process.pid);
  return start === undefined ? String(process.pid) : `${process.pid}-${start}`;
}
