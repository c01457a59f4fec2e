import { runCommand } from "#lib/server/cli/command.ts";
import { runKey } from "#lib/server/cli/run-key.ts";

await runCommand(() => runKey(process.argv.slice(2)));
// Open keep-alive connections would keep the process running.
process.exit();
