import { rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import {
  append,
  closeSegment,
  flush,
  openSegment,
  SEGMENT_BYTES,
  type Segment,
} from "#lib/adapters/journal/journal-segment.ts";
import { endedRows } from "#lib/adapters/journal/orphan-files.ts";
import type { SpilledTurns } from "#lib/services/ledger/ledger-ports.ts";
import type { LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import { type Waiting, waitingOf } from "#lib/services/ledger/waiting.ts";

/** A file of turns that nobody has taken yet. */
type SpillFile = { segment: Segment; turns: number; since: number };

/**
 * Files of the journal whose turns are on disk alone: about one object a megabyte is in memory. To a later process
 * they are files of the journal like the others.
 */
export class SpillFiles {
  readonly #nextPath: () => string;
  readonly #now: () => number;
  /** Complete files, the oldest first. */
  readonly #complete: SpillFile[] = [];
  /** Files that could not be read. */
  readonly #unreadable: SpillFile[] = [];
  #current: SpillFile | undefined;
  /** The file that is being read. */
  #reading: SpillFile | undefined;

  /**
   * @param nextPath the path of a new file.
   * @param now wall clock, epoch milliseconds.
   */
  constructor(nextPath: () => string, now: () => number) {
    this.#nextPath = nextPath;
    this.#now = now;
  }

  /** The line is written when this returns. Throws if it cannot be. */
  add(row: LedgerRow): void {
    const file = this.#open();
    append(file.segment, { end: row });
    const failure = flush(file.segment);
    if (failure !== undefined) {
      // It goes elsewhere, and must not be written later as well.
      file.segment.unwritten = "";
      throw failure;
    }
    file.turns++;
  }

  get spilled(): Waiting {
    const files = [...this.#unreadable, this.#reading, ...this.#complete, this.#current].filter(
      (file) => file !== undefined,
    );
    const turns = files.reduce((sum, file) => sum + file.turns, 0);
    return { turns, since: waitingOf(files.map(({ since }) => since)).since };
  }

  async take(): Promise<SpilledTurns | undefined> {
    const file = this.#complete.shift() ?? this.#closeCurrent();
    if (file === undefined) return undefined;
    const { path } = file.segment;
    this.#reading = file;
    try {
      const rows = endedRows(await readFile(path, "utf8"));
      return { rows, since: file.since, stored: () => rmSync(path, { force: true }) };
    } catch (error) {
      this.#unreadable.push(file);
      throw error;
    } finally {
      this.#reading = undefined;
    }
  }

  /** The files stay for a later process. */
  close(): void {
    this.#closeCurrent();
  }

  #open(): SpillFile {
    if (this.#current !== undefined && this.#current.segment.bytes >= SEGMENT_BYTES) {
      const complete = this.#closeCurrent();
      if (complete !== undefined) this.#complete.push(complete);
    }
    this.#current ??= { segment: openSegment(this.#nextPath()), turns: 0, since: this.#now() };
    return this.#current;
  }

  #closeCurrent(): SpillFile | undefined {
    const file = this.#current;
    this.#current = undefined;
    if (file !== undefined) closeSegment(file.segment);
    return file;
  }
}
