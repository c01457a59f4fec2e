import { monitorEventLoopDelay } from "node:perf_hooks";
import { readEnv } from "#lib/server/env/env.ts";
import { createSelfHost } from "#lib/server/host/self-host.ts";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { createGateway } from "#lib/server/wiring/gateway.ts";
import { answerParent } from "./child.ts";

/** Of the main thread since the last question, milliseconds; and what the process has grown to, bytes. */
export type ExportReport = { delayMs: number; rss: number };

const delay = monitorEventLoopDelay({ resolution: 1 });

/**
 * A gateway behind its own server, in a process of its own, which tells how long its event loop was held up. First it
 * is told its variables, and answers with its address.
 */
answerParent(async (question: Record<string, string> | "report"): Promise<string | ExportReport> => {
  if (question !== "report") return start(question);
  const report = { delayMs: delay.max / 1e6, rss: process.memoryUsage.rss() };
  delay.reset();
  return report;
});

async function start(variables: Record<string, string>): Promise<string> {
  const gateway = await createGateway(readEnv(variables), () => undefined);
  const host = createSelfHost({
    routeOf: apiRouter(async () => gateway),
    logger: gateway.logger,
    pages: async (_incoming, outgoing) => void outgoing.end(),
    graceMs: 0,
    writeTimeoutMs: undefined,
  });
  const port = await host.listen(0, "127.0.0.1");
  delay.enable();
  return `http://127.0.0.1:${port}`;
}
