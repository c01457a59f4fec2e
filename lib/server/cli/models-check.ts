import { runCommand } from "#lib/server/cli/command.ts";
import { runModelsCheck } from "#lib/server/cli/run-models-check.ts";

await runCommand(() => runModelsCheck(process.argv.slice(2)));
// Open keep-alive connections would keep the process running.
process.exit();
