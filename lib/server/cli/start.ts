import cluster from "node:cluster";
import { runCommand } from "#lib/server/cli/command.ts";
import { runStart, runStartWorker } from "#lib/server/cli/run-start.ts";

await runCommand(cluster.isPrimary ? runStart : runStartWorker);
// Next.js and pooled connections would keep the process; everything has been closed or given up.
process.exit();
