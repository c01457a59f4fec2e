import { performance } from "node:perf_hooks";
import type { ProcessReading } from "#lib/services/telemetry/gauges.ts";

/** What the process uses. */
export function readProcess(): ProcessReading {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    cpuSeconds: (user + system) / 1_000_000,
    residentBytes: rss,
    heapBytes: heapUsed,
    startedAt: performance.timeOrigin / 1_000,
    loopActiveSeconds: performance.eventLoopUtilization().active / 1_000,
  };
}
