import { runCommand } from "#lib/server/cli/command.ts";
import { runDoctor } from "#lib/server/cli/run-doctor.ts";

await runCommand(() => runDoctor(process.argv.slice(2)));
// Open keep-alive connections would keep the process running.
process.exit();
