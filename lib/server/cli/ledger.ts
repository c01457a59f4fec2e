import { runCommand } from "#lib/server/cli/command.ts";
import { runLedger } from "#lib/server/cli/run-ledger.ts";

await runCommand(() => runLedger(process.argv.slice(2)));
// Open keep-alive connections would keep the process running.
process.exit();
