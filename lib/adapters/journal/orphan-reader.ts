import { rmSync } from "node:fs";
import {
  findOrphans,
  type OpenTurn,
  type OrphanContext,
  type OrphanFile,
  readOrphan,
  reasonOf,
} from "#lib/adapters/journal/orphan-files.ts";
import type { TurnJournal, UnreadableFile } from "#lib/services/ledger/ledger-ports.ts";

/** Reads what dead processes left in the folder of the journal, and deletes it when it is stored. */
export class OrphanReader {
  readonly #folder: string;
  readonly #context: OrphanContext;
  /** Unusable files that have been reported. */
  readonly #reported = new Set<string>();
  /** Files that cannot be deleted yet although their ended turns are stored. */
  readonly #kept = new Set<string>();

  constructor(folder: string, context: OrphanContext) {
    this.#folder = folder;
    this.#context = context;
  }

  /** A part at a time; see `TurnJournal.orphans`. */
  async *read(): ReturnType<TurnJournal["orphans"]> {
    for (const files of await findOrphans(this.#folder, this.#context)) {
      const open = new Map<string, OpenTurn>();
      for (const file of files) {
        const ended = file.problem === undefined ? await readOrphan(file, open) : [];
        if (ended.length > 0 && !this.#kept.has(file.path)) yield { ended, started: [] };
      }
      // The end of a turn is in the file of its beginning or in a later one, which may be the unreadable one.
      const lastUnread = Math.max(-1, ...files.flatMap(({ order, problem }) => (problem ? order : [])));
      const [held, started] = partition([...open.values()], ({ file }) => file.order <= lastUnread);
      if (started.length > 0) yield { ended: [], started: started.map(({ row }) => row) };
      this.#deleteStored(files, new Set(held.map(({ file }) => file)));
      const unreadable = this.#unreported(files);
      if (unreadable.length > 0) yield { ended: [], started: [], unreadable };
    }
  }

  /** Deletes files whose turns are all stored. */
  #deleteStored(files: readonly OrphanFile[], needed: ReadonlySet<OrphanFile>): void {
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

  /** The unusable files that have not been reported yet. */
  #unreported(files: readonly OrphanFile[]): UnreadableFile[] {
    return files.flatMap(({ path, problem }) => {
      if (problem === undefined) this.#reported.delete(path);
      if (problem === undefined || this.#reported.has(path)) return [];
      this.#reported.add(path);
      return { file: path, reason: problem };
    });
  }
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  const [first, second]: [Item[], Item[]] = [[], []];
  for (const item of items) (isFirst(item) ? first : second).push(item);
  return [first, second];
}
