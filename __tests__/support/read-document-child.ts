// Reads a document in a process of its own, and prints what came of it and what it took.
import { readFileSync } from "node:fs";
import { DocumentError } from "#lib/documents/document.ts";
import { readDocument } from "#lib/documents/read-document.ts";

const bytes = readFileSync(process.argv[2] ?? "");
// What the libraries take is not the file's doing.
await readDocument(readFileSync(process.argv[3] ?? "")).catch(() => undefined);
const before = process.memoryUsage.rss();
const start = performance.now();
const outcome = await readDocument(bytes).then(
  ({ sections, notes }) => ({
    text: sections
      .map(({ text }) => text)
      .join("\n")
      .slice(0, 2_000),
    notes,
  }),
  (error: unknown) => ({ problem: error instanceof DocumentError ? error.problem : String(error) }),
);
const grown = Math.max(0, mostMemory() - before);
console.log(
  JSON.stringify({ ...outcome, grownMb: Math.round(grown / 1e6), ms: Math.round(performance.now() - start) }),
);

/** The most that the process ever had, bytes. Linux only says it of this program; `maxRSS` is also its parent's. */
function mostMemory(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;
}
