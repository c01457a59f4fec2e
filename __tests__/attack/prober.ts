import { Agent, request } from "node:http";
import { parentPort } from "node:worker_threads";

/** How often the gateway is asked whether it is there, milliseconds. */
const PAUSE_MS = 5;

/** The longest wait for `GET /api/health` since the last report, milliseconds, and how often it was asked. */
export type ProbeReport = { longestMs: number; answers: number; failures: number };

// A thread of its own: what builds and sends hostile bodies must not be measured along.
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let report: ProbeReport = { longestMs: 0, answers: 0, failures: 0 };
let askedAt = 0;

function probe(url: string): void {
  askedAt = performance.now();
  const asked = request(`${url}/api/health`, { agent }, (answer) => {
    answer.resume();
    answer.once("end", () => {
      if (answer.statusCode === 200) report.answers++;
      else report.failures++;
      next();
    });
  });
  asked.once("error", () => {
    report.failures++;
    next();
  });
  asked.end();

  function next(): void {
    report.longestMs = Math.max(report.longestMs, performance.now() - askedAt);
    setTimeout(() => probe(url), PAUSE_MS);
  }
}

parentPort?.on("message", (message: { probe: string } | "report") => {
  if (message !== "report") return probe(message.probe);
  // One that still waits counts as well.
  report.longestMs = Math.max(report.longestMs, performance.now() - askedAt);
  parentPort?.postMessage(report);
  report = { longestMs: 0, answers: 0, failures: 0 };
});
