import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder and its parents, as `mkdirSync` with `recursive` does, but one by one: if the system reports
 * that a new folder does not exist (`/proc`), Node's own loop never ends. Throws the system's error.
 */
export function makeFolder(path: string, mode?: number): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  for (const folder of missing) makeOne(folder, mode);
  // If a file is in its place, this throws.
  if (missing.length === 0 && !statSync(path).isDirectory()) mkdirSync(path);
}

function makeOne(folder: string, mode: number | undefined): void {
  try {
    mkdirSync(folder, mode);
  } catch (error) {
    // Another process may have been faster.
    if (!(existsSync(folder) && statSync(folder).isDirectory())) throw error;
  }
}
