import { runCommand } from "#lib/server/cli/command.ts";
import { runKey } from "#lib/server/cli/run-key.ts";

await runCommand(() => runKey(process.argv.slice(2)));
// Connections that are kept alive would keep the process.
process.exit();
