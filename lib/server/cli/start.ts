import { runNext } from "#lib/server/cli/run-next.ts";

await runNext("start");
