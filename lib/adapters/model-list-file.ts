import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { makeFolder } from "#lib/adapters/make-folder.ts";
import type { KeptLists, ListStore } from "#lib/services/model-check/daily-check.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { parseJson } from "#lib/shared/json.ts";

/** Whoever has claimed a check and not ended it in this time has died, milliseconds. */
const CLAIM_MS = 120_000;

const PROBLEMS = ["no_list", "refused", "rate_limited", "unreachable", "unusable"] as const;
const keptSchema = z.object({
  checkedAt: z.number(),
  lists: z.array(
    z.tuple([
      z.string(),
      z.discriminatedUnion("ok", [
        z.object({ ok: z.literal(true), names: z.array(z.string()).transform((names) => new Set(names)) }),
        z.object({ ok: z.literal(false), reason: z.enum(PROBLEMS), message: z.string() }),
      ]),
    ]),
  ),
});

/** The lists in a file of the data folder, which all workers and the next start read. */
export function createModelListFile(folder: string, clock: Clock, logger: Pick<Logger, "warn">): ListStore {
  const path = join(folder, "models-check.json");
  const lock = join(folder, "models-check.lock");
  const unlessBroken = async <Value>(what: string, work: () => Promise<Value>, otherwise: Value) => {
    try {
      return await work();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn(`The check of models is not shared with other processes: ${what}.`, { reason });
      return otherwise;
    }
  };
  return {
    read: () => unlessBroken("its file cannot be read", () => readKept(path), undefined),
    // Without a folder each process asks by itself.
    claim: () => unlessBroken("it cannot be claimed", () => claim(folder, lock, clock), true),
    write: (kept) =>
      unlessBroken(
        "its file cannot be written",
        async () => {
          const temporary = `${path}.${randomUUID()}`;
          await writeFile(temporary, toJson(kept), { mode: 0o600 });
          await rename(temporary, path);
          await rm(lock, { force: true });
        },
        undefined,
      ),
  };
}

function toJson({ checkedAt, lists }: KeptLists): string {
  const own = [...lists].map(([provider, list]) => [
    provider,
    list.ok ? { ok: true, names: [...list.names] } : list,
  ]);
  return JSON.stringify({ checkedAt, lists: own });
}

async function readKept(path: string): Promise<KeptLists | undefined> {
  const text = await readFile(path, "utf8").catch(ignoreMissing);
  const parsed = keptSchema.safeParse(parseJson(text ?? ""));
  // Of another version: as if there were none.
  return parsed.success ? { checkedAt: parsed.data.checkedAt, lists: new Map(parsed.data.lists) } : undefined;
}

async function claim(folder: string, lock: string, clock: Clock): Promise<boolean> {
  makeFolder(folder, 0o700);
  const claimed = await stat(lock).catch(ignoreMissing);
  if (claimed !== undefined && clock.wallNow() - claimed.mtimeMs < CLAIM_MS) return false;
  await rm(lock, { force: true });
  try {
    await (await open(lock, "wx", 0o600)).close();
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!hasCode(error, "ENOENT")) throw error;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
