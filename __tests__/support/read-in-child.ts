import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export type ChildReading = {
  problem?: string;
  message?: string;
  pages?: number;
  sections?: number;
  notes?: string[];
  text?: string;
  warnings: unknown[];
  milliseconds: number;
  growthMb: number;
  delayMs: number;
};

/** Reads a file in a process of its own, as the gateway does, and measures it. */
export async function readInChild(bytes: Uint8Array): Promise<ChildReading> {
  const folder = await mkdtemp(join(tmpdir(), "document-"));
  try {
    const file = join(folder, "file");
    await writeFile(file, bytes);
    const child = join(import.meta.dirname, "document-child.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [child, file], { timeout: 30_000 });
    return JSON.parse(stdout) as ChildReading;
  } finally {
    await rm(folder, { recursive: true });
  }
}
