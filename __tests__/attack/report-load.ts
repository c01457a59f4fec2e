import { monitorEventLoopDelay } from "node:perf_hooks";

/** The most memory that a process has taken, bytes, and the longest block of its event loop since it was last asked, milliseconds. */
export type LoadReport = { peakRss: number; longestHaltMs: number };

const RESOLUTION_MS = 5;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();

// Loaded before a measured program, which need not know of it.
process.on("message", (message) => {
  if (message !== "load") return;
  const report: LoadReport = {
    peakRss: process.resourceUsage().maxRSS * 1024,
    longestHaltMs: Math.max(0, delays.max / 1e6 - RESOLUTION_MS),
  };
  delays.reset();
  process.send?.(report);
});
