import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { ProcessScope } from "#lib/adapters/journal/process-scope.ts";
import { type ProcessStart, processState } from "#lib/adapters/process-start.ts";
import type { LedgerRow, StartedRow } from "#lib/services/ledger/ledger-row.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { parseJson } from "#lib/shared/json.ts";

/**
 * A file that nobody has touched for this long has no process any more, milliseconds. Only for processes
 * that cannot be asked: on another machine, in another container, or with a start that is not known, whose
 * number another process may have by now. Wall clocks jump.
 */
const LEASE_MS = 300_000;
/** Place, number of the process, its start if the system tells it, id of the journal, number of the file. */
const NAME = /^turns\.([A-Za-z0-9-]+)\.(\d+)(?:-(\d+))?\.([0-9a-f]+)\.(\d+)\.jsonl$/;

/** A file that somebody has left, or why it cannot be read. */
export type OrphanFile = { path: string; order: number; problem: string | undefined };
/** The files of one process, in their order. */
type OrphanGroup = { files: OrphanFile[]; youngest: number; place: string; pid: number; start: ProcessStart };
/** A turn that began in a file, and has not been seen to end. */
export type OpenTurn = { row: StartedRow; file: OrphanFile };

const startedSchema = z.object({
  requestId: z.string(),
  tier: z.string(),
  startedAt: z.number(),
  userId: z.string().nullable(),
  keyId: z.string().nullable(),
  settleSecret: z.string().optional(),
});
const endedSchema = startedSchema.extend({
  status: z.enum(["completed", "failed", "cancelled", "interrupted"]),
  deliveredContent: z.boolean(),
  model: z.string().nullable(),
  backend: z.string().nullable(),
  promptTokens: z.number(),
  completionTokens: z.number(),
  cachedTokens: z.number(),
  costUsd: z.number().nullable(),
  usageSource: z.enum(["exact", "estimated"]),
  attempts: z.array(
    z.object({
      modelId: z.string(),
      backend: z.string(),
      keyIndex: z.number().nullable(),
      status: z.string(),
      latencyMs: z.number(),
      tokensOut: z.number().nullable(),
      meta: z.record(z.string(), z.unknown()),
    }),
  ),
  conversation: z.object({ userMessage: z.string(), assistantMessage: z.string() }).optional(),
});
const lineSchema = z.object({
  begin: startedSchema.optional(),
  end: endedSchema.optional(),
  forget: z.string().optional(),
});

/** What has to be known to tell the living from the dead. */
export type Surroundings = {
  clock: Clock;
  place: ProcessScope;
  /** Whether the journal of this id is open in this very process. */
  isOpenHere(id: string): boolean;
};

/** The files of processes that are no more, by process, oldest first. */
export async function leftBehind(folder: string, surroundings: Surroundings): Promise<OrphanFile[][]> {
  const groups = new Map<string, OrphanGroup>();
  for (const name of await readdir(folder)) {
    const [, place = "", pid = "", start, id = "", order = ""] = NAME.exec(name) ?? [];
    if (id === "" || surroundings.isOpenHere(id)) continue;
    const path = join(folder, name);
    const found = await look(path);
    if (found === undefined) continue;
    const group = groups.get(id) ?? { files: [], youngest: 0, place, pid: Number(pid), start };
    group.files.push({ path, order: Number(order), problem: found.problem });
    group.youngest = Math.max(group.youngest, found.mtimeMs);
    groups.set(id, group);
  }
  const left = [...groups.values()].filter((group) => isDead(group, surroundings));
  return left.map(({ files }) => files.sort((a, b) => a.order - b.order));
}

/** Asked of the system if it can tell; else a file that was not touched for long has lost its process. */
function isDead({ place, pid, start, youngest }: OrphanGroup, surroundings: Surroundings): boolean {
  const isUntouched = surroundings.clock.wallNow() - youngest > LEASE_MS;
  if (!surroundings.place.isUnique || place !== surroundings.place.name) return isUntouched;
  // Our own number, and not one of ours: it was somebody's before us.
  if (pid === process.pid) return true;
  switch (processState(pid, start)) {
    case "running":
      return false;
    case "gone":
      return true;
    case "unknown":
      return isUntouched;
  }
}

/** What is at a path; undefined when another process has cleared it up. */
async function look(path: string): Promise<{ mtimeMs: number; problem: string | undefined } | undefined> {
  try {
    const found = await stat(path);
    // Reading a pipe or a device would wait for ever.
    return { mtimeMs: found.mtimeMs, problem: found.isFile() ? undefined : "it is not a file" };
  } catch (error) {
    return isGone(error) ? undefined : { mtimeMs: 0, problem: reasonOf(error) };
  }
}

/**
 * Reads a file's ended turns; those that were only begun are put into `open`, and taken out at their end.
 * A file that cannot be read has none, and is marked so.
 */
export async function readOrphan(file: OrphanFile, open: Map<string, OpenTurn>): Promise<LedgerRow[]> {
  const ended: LedgerRow[] = [];
  for (const line of (await readText(file)).split("\n")) {
    // The last line may have been cut off with its process.
    const parsed = lineSchema.safeParse(parseJson(line));
    if (!parsed.success) continue;
    const { begin, end, forget } = parsed.data;
    if (begin !== undefined) open.set(begin.requestId, { row: begin, file });
    if (end !== undefined) {
      open.delete(end.requestId);
      ended.push(end);
    }
    if (forget !== undefined) open.delete(forget);
  }
  return ended;
}

async function readText(file: OrphanFile): Promise<string> {
  try {
    return await readFile(file.path, "utf8");
  } catch (error) {
    if (!isGone(error)) file.problem = reasonOf(error);
    return "";
  }
}

/** Another process may be clearing up as well. */
function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
