// Run as a process of its own: reads one file as the gateway does, and says with a line of JSON what came of it,
// how much more memory the process took, and how long its event loop was held up.
import { readFile } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "#lib/adapters/clock.ts";
import { DocumentPool } from "#lib/adapters/workers/document-pool.ts";
import { DocumentError } from "#lib/documents/document.ts";

const MEGABYTE = 1024 * 1024;
const [file = ""] = process.argv.slice(2);
const bytes = await readFile(file);
const warnings: unknown[] = [];
const pool = new DocumentPool({ warn: (...entry) => void warnings.push(entry) }, systemClock);
await sleep(100);
const before = process.memoryUsage.rss();
let peak = before;
const look = (): void => {
  peak = Math.max(peak, process.memoryUsage.rss());
};
const sampler = setInterval(look, 5);
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const startedAt = performance.now();
const outcome = await pool.read({ name: file, bytes }, new AbortController().signal).then(
  ({ pages, notes, sections }) => ({
    pages,
    notes,
    sections: sections.length,
    text: sections
      .map(({ text }) => text)
      .join("\n")
      .slice(0, 300),
  }),
  (error: unknown) => {
    if (!(error instanceof DocumentError)) throw error;
    return { problem: error.problem, message: error.message };
  },
);
look();
delay.disable();
clearInterval(sampler);
console.log(
  JSON.stringify({
    ...outcome,
    warnings,
    milliseconds: Math.round(performance.now() - startedAt),
    growthMb: Math.round((peak - before) / MEGABYTE),
    delayMs: Math.round(delay.max / 1e6),
  }),
);
await pool.close();
