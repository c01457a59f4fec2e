import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { ProcessScope } from "#lib/adapters/journal/process-scope.ts";
import { type ProcessStart, processState } from "#lib/adapters/process-start.ts";
import type { LedgerRow, StartedRow } from "#lib/services/ledger/ledger-row.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { parseJson } from "#lib/shared/json.ts";

/**
 * A file that has not been touched for this long has no process any more, milliseconds. Only for processes whose
 * state cannot be read: on another machine, in another container, or without a known start time, whose pid
 * another process may have by now. Generous, because wall clocks jump.
 */
const LEASE_MS = 300_000;
/** Process scope, pid, start time of the process if known, id of the journal, number of the file. */
const NAME = /^turns\.([A-Za-z0-9-]+)\.(\d+)(?:-(\d+))?\.([0-9a-f]+)\.(\d+)\.jsonl$/;

/** A file of a dead process; `problem` says why it cannot be used. */
export type OrphanFile = { path: string; order: number; problem: string | undefined };
/** The files of one process, in their order. */
type OrphanGroup = {
  files: OrphanFile[];
  touchedAt: number;
  scope: string;
  pid: number;
  start: ProcessStart;
};
/** A turn that began in a file and has no end yet. */
export type OpenTurn = { row: StartedRow; file: OrphanFile };

const toolCallSchema = z.object({
  backend: z.string(),
  status: z.string(),
  latencyMs: z.number(),
  meta: z.record(z.string(), z.unknown()),
});
const startedSchema = z.object({
  requestId: z.string(),
  tier: z.string(),
  route: z.string().optional(),
  startedAt: z.number(),
  userId: z.string().nullable(),
  keyId: z.string().nullable(),
  settleSecret: z.string().optional(),
  toolCalls: z.array(toolCallSchema).optional(),
});
const usageSchema = z.object({
  promptTokens: z.number(),
  cachedTokens: z.number(),
  cacheWriteTokens: z.number(),
  completionTokens: z.number(),
  reasoningTokens: z.number(),
  source: z.enum(["exact", "estimated"]),
  isBilled: z.boolean(),
  costUsd: z.number().nullable(),
  listUsd: z.number().nullable(),
  cachedSavingsUsd: z.number().nullable(),
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
  servedTokens: z.number().optional(),
  billableTokens: z.number().optional(),
  attempts: z.array(
    z.object({
      modelId: z.string(),
      backend: z.string(),
      keyIndex: z.number().nullable(),
      status: z.string(),
      latencyMs: z.number(),
      tokensOut: z.number().nullable(),
      meta: z.record(z.string(), z.unknown()),
      startedMs: z.number().optional(),
      firstTokenMs: z.number().optional(),
      usage: usageSchema.optional(),
    }),
  ),
  conversation: z
    .object({ userMessage: z.string(), assistantMessage: z.string(), sessionId: z.string().optional() })
    .optional(),
});
const lineSchema = z.object({
  begin: startedSchema.optional(),
  toolCall: toolCallSchema.extend({ requestId: z.string() }).optional(),
  end: endedSchema.optional(),
  forget: z.string().optional(),
});

/** What is needed to know whether a file's process is dead. */
export type OrphanContext = {
  clock: Clock;
  scope: ProcessScope;
  /** Whether the journal of this id is open in this process. */
  isOpenHere(id: string): boolean;
};

/** The files of dead processes, by process, oldest first. */
export async function findOrphans(folder: string, context: OrphanContext): Promise<OrphanFile[][]> {
  const groups = new Map<string, OrphanGroup>();
  for (const name of await readdir(folder)) {
    const [, scope = "", pid = "", start, id = "", order = ""] = NAME.exec(name) ?? [];
    if (id === "" || context.isOpenHere(id)) continue;
    const path = join(folder, name);
    const found = await inspect(path);
    if (found === undefined) continue;
    const group = groups.get(id) ?? { files: [], touchedAt: 0, scope, pid: Number(pid), start };
    group.files.push({ path, order: Number(order), problem: found.problem });
    group.touchedAt = Math.max(group.touchedAt, found.mtimeMs);
    groups.set(id, group);
  }
  const dead = [...groups.values()].filter((group) => isDead(group, context));
  return dead.map(({ files }) => files.sort((a, b) => a.order - b.order));
}

/** By the state of the process if the system knows it, else by the lease. */
function isDead({ scope, pid, start, touchedAt }: OrphanGroup, context: OrphanContext): boolean {
  const isUntouched = context.clock.wallNow() - touchedAt > LEASE_MS;
  if (!context.scope.isUnique || scope !== context.scope.name) return isUntouched;
  // Our own pid, but not a journal of this process: an earlier process had the same pid.
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

/** What is at a path; undefined if another process has deleted it. */
async function inspect(path: string): Promise<{ mtimeMs: number; problem: string | undefined } | undefined> {
  try {
    const found = await stat(path);
    // Reading a pipe or a device would never end.
    return { mtimeMs: found.mtimeMs, problem: found.isFile() ? undefined : "it is not a file" };
  } catch (error) {
    return isGone(error) ? undefined : { mtimeMs: 0, problem: reasonOf(error) };
  }
}

/**
 * Returns a file's ended turns; those that were only begun are put into `open`, and removed at their end.
 * A file that cannot be read has none, and gets a `problem`.
 */
export async function readOrphan(file: OrphanFile, open: Map<string, OpenTurn>): Promise<LedgerRow[]> {
  const ended: LedgerRow[] = [];
  for (const line of (await readText(file)).split("\n")) {
    // The last line may be incomplete.
    const parsed = lineSchema.safeParse(parseJson(line));
    if (!parsed.success) continue;
    const { begin, toolCall, end, forget } = parsed.data;
    if (begin !== undefined) open.set(begin.requestId, { row: begin, file });
    if (toolCall !== undefined) addToolCall(toolCall, open);
    if (end !== undefined) {
      open.delete(end.requestId);
      ended.push(end);
    }
    if (forget !== undefined) open.delete(forget);
  }
  return ended;
}

function addToolCall(
  { requestId, ...call }: ToolCallRecord & { requestId: string },
  open: ReadonlyMap<string, OpenTurn>,
): void {
  const row = open.get(requestId)?.row;
  if (row !== undefined) row.toolCalls = [...(row.toolCalls ?? []), call];
}

async function readText(file: OrphanFile): Promise<string> {
  try {
    return await readFile(file.path, "utf8");
  } catch (error) {
    if (!isGone(error)) file.problem = reasonOf(error);
    return "";
  }
}

/** Another process may have deleted the file. */
function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
