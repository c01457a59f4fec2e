import { runCommand } from "#lib/server/cli/command.ts";
import { runNextDev } from "#lib/server/cli/run-next.ts";

await runCommand(runNextDev);
