import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What a process holds after a garbage collection, bytes. */
export type MemoryReport = { rss: number; used: number };
/** The TCP sockets that a process has open. */
export type SocketReport = { sockets: number };

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

// Loaded before a measured program, which need not know of it.
process.on("message", (message) => {
  if (message === "memory") process.send?.(memory());
  if (message === "sockets") process.send?.(sockets());
});

function memory(): MemoryReport {
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, used: heapUsed + external };
}

function sockets(): SocketReport {
  const kinds = process.getActiveResourcesInfo();
  return { sockets: kinds.filter((kind) => kind === "TCPSocketWrap").length };
}
