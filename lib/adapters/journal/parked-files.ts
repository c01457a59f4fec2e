import { createHash, randomBytes } from "node:crypto";
import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { endedRow, isGone } from "#lib/adapters/journal/orphan-files.ts";
import { makeFolder } from "#lib/adapters/make-folder.ts";
import type { ParkedTurn, ParkedTurns } from "#lib/services/ledger/ledger-ports.ts";
import { type Waiting, waitingOf } from "#lib/services/ledger/waiting.ts";
import { parseJson } from "#lib/shared/json.ts";

/** Turns that are kept. */
const MAX_PARKED = 10_000;
/** Bytes of their files together. */
const MAX_PARKED_BYTES = 256 * 1024 * 1024;
/** Files that are read at once. */
const PART = 20;
/** When the turn began, epoch milliseconds, and its id. */
const NAME = /^turn\.(\d{1,16})\.([0-9a-f-]{36})\.json$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const parkedSchema = z.object({
  row: z.unknown(),
  code: z.enum(["not_found", "forbidden", "rejected"]),
  reason: z.string(),
  parkedAt: z.number(),
});

/**
 * Parked turns in a folder, each in a file of its own (mode 0600), so that processes and the command need no lock.
 * Makes the folder when the first turn comes.
 */
export class ParkedFiles implements ParkedTurns {
  readonly isShared = true;
  readonly #folder: string;
  readonly #limits: { turns: number; bytes: number };
  /** Names of files, as this process knows them. */
  #names: Set<string>;
  #bytes = 0;

  /** @param folder readable by its owner only. */
  constructor(folder: string, limits = { turns: MAX_PARKED, bytes: MAX_PARKED_BYTES }) {
    this.#folder = folder;
    this.#limits = limits;
    this.#names = new Set(this.#list());
  }

  get kept(): Waiting {
    return waitingOf([...this.#names].map(timeOf));
  }

  add(turn: ParkedTurn): boolean {
    const name = nameOf(turn);
    if (this.#names.has(name)) return true;
    const text = JSON.stringify(turn);
    const bytes = Buffer.byteLength(text);
    if (this.#names.size >= this.#limits.turns || this.#bytes + bytes > this.#limits.bytes) return false;
    makeFolder(this.#folder, 0o700);
    // Whole or not at all, whatever happens meanwhile.
    const partial = join(this.#folder, `partial.${randomBytes(8).toString("hex")}`);
    try {
      writeFileSync(partial, text, { mode: 0o600, flag: "wx" });
      renameSync(partial, join(this.#folder, name));
    } catch (error) {
      rmSync(partial, { force: true });
      throw error;
    }
    this.#names.add(name);
    this.#bytes += bytes;
    return true;
  }

  async refresh(): Promise<void> {
    const names = (await readFolder(this.#folder)).filter((name) => NAME.test(name));
    this.#names = new Set(names);
    this.#bytes = 0;
    for (const name of names) this.#bytes += await sizeOf(join(this.#folder, name));
  }

  async *read(): ReturnType<ParkedTurns["read"]> {
    await this.refresh();
    const names = [...this.#names].sort((a, b) => timeOf(a) - timeOf(b));
    for (let from = 0; from < names.length; from += PART) {
      const part = await Promise.all(names.slice(from, from + PART).map((name) => this.#readFile(name)));
      yield part.filter((turn) => turn !== undefined);
    }
  }

  remove(turn: ParkedTurn): void {
    const name = nameOf(turn);
    rmSync(join(this.#folder, name), { force: true });
    this.#names.delete(name);
  }

  #list(): string[] {
    try {
      return readdirSync(this.#folder).filter((name) => NAME.test(name));
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  }

  /** Undefined if another process has removed it, or if it cannot be read: then it stays. */
  async #readFile(name: string): Promise<ParkedTurn | undefined> {
    const text = await readFile(join(this.#folder, name), "utf8").catch(() => "");
    const { data } = parkedSchema.safeParse(parseJson(text));
    const row = endedRow(data?.row);
    return data === undefined || row === undefined ? undefined : { ...data, row };
  }
}

/** The same for a turn whenever it is parked, so that none is there twice. */
function nameOf({ row: { requestId, startedAt } }: ParkedTurn): string {
  const time = Math.min(Math.max(Math.trunc(startedAt), 0), Number.MAX_SAFE_INTEGER);
  return `turn.${time}.${UUID.test(requestId) ? requestId : digestOf(requestId)}.json`;
}

/** An id that a journal says and that is none may not become part of a path; in the form of a UUID. */
function digestOf(text: string): string {
  const digest = createHash("sha256").update(text).digest("hex");
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    digest.slice(12, 16),
    digest.slice(16, 20),
    digest.slice(20, 32),
  ].join("-");
}

function timeOf(name: string): number {
  return Number(NAME.exec(name)?.[1] ?? 0);
}

async function readFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isGone(error)) return 0;
    throw error;
  }
}
