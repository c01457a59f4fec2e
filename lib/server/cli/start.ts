import cluster from "node:cluster";
import { runCommand } from "#lib/server/cli/command.ts";
import { runStart, runStartWorker } from "#lib/server/cli/run-start.ts";

await runCommand(cluster.isPrimary ? runStart : runStartWorker);
// Everything has been closed or given up, but pooled connections would keep the process running.
process.exit();
