import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isRunning, thisProcess } from "#lib/adapters/process-start.ts";
import { ignoreMissing } from "#lib/local-supabase/system-user.ts";
import { parseJson } from "#lib/shared/json.ts";

const schema = z.object({
  /** The URL of the data API and of sign-in. */
  url: z.string(),
  publishableKey: z.string(),
  /** The user who can sign in; the password is in `demo-password`. */
  email: z.string(),
  /** The process that serves it, and when it began, because pids are reused. */
  pid: z.number(),
  start: z.string().optional(),
});

/** What other programs need to find the gateway's embedded Supabase. Contains no secret. */
export type EmbeddedAddress = z.infer<typeof schema>;

/** `supabase.json` in the data folder. */
export async function writeAddress(
  folder: string,
  address: Omit<EmbeddedAddress, "pid" | "start">,
): Promise<void> {
  const text = JSON.stringify({ ...address, ...thisProcess() }, null, 2);
  await writeFile(fileIn(folder), `${text}\n`, { mode: 0o600 });
}

/** Deletes the file, unless another process has written its own by now. */
export async function removeAddress(folder: string): Promise<void> {
  if ((await readAddress(folder))?.pid === process.pid) await rm(fileIn(folder), { force: true });
}

/** The address of the embedded Supabase that runs on this folder; undefined if none does. */
export async function readAddress(folder: string): Promise<EmbeddedAddress | undefined> {
  const text = await readFile(fileIn(folder), "utf8").catch(ignoreMissing);
  const parsed = schema.safeParse(parseJson(text ?? ""));
  return parsed.success && isRunning(parsed.data.pid, parsed.data.start) ? parsed.data : undefined;
}

function fileIn(folder: string): string {
  return join(folder, "supabase.json");
}
