import { setTimeout as pause } from "node:timers/promises";
import { writeToStandardError } from "#lib/adapters/standard-error.ts";
import type { Env } from "#lib/server/env/env.ts";
import { AccessLog } from "#lib/server/host/access-log.ts";
import { addressError } from "#lib/server/host/address.ts";
import { createPages, type Pages } from "#lib/server/host/pages.ts";
import { reportDatabase } from "#lib/server/host/report-database.ts";
import { createSelfHost, type SelfHost } from "#lib/server/host/self-host.ts";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { type Gateway, getGateway } from "#lib/server/wiring/gateway.ts";

/** Levels at which lines of requests are written. */
const VERBOSE_LEVELS: readonly string[] = ["debug", "info"];
/** How long a stop waits for the ledger and for connections to providers, milliseconds. */
const CLOSE_MS = 10_000;

export type Serving = {
  port: number;
  /** Resolves with the exit code once everything has ended. */
  ended: Promise<number>;
  /** Reads the files of the configuration again. */
  reload(): void;
  stop(): void;
};

/**
 * Serves API and pages in this process until `stop`. Next.js starts with the first page that is requested.
 * Throws `not_configured` for wrong settings and for an address that cannot be used.
 */
export async function serve(env: Env): Promise<Serving> {
  const gateway = await getGateway();
  const pages = createPages();
  const writesAccess = env.ACCESS_LOG && VERBOSE_LEVELS.includes(env.LOG_LEVEL);
  const accessLog = writesAccess ? new AccessLog(writeToStandardError) : undefined;
  const host = createSelfHost({
    accessLog,
    routeOf: apiRouter(getGateway),
    logger: gateway.logger,
    pages: (incoming, outgoing) => pages.serve(incoming, outgoing),
    graceMs: env.SHUTDOWN_GRACE_MS,
  });
  const port = await host.listen(env.PORT, env.HOST).catch((error: unknown) => {
    throw addressError(error, env);
  });
  // Not before: the database may be stopped again if the address cannot be used, and would look broken.
  void reportDatabase(gateway);

  const { promise: ended, resolve } = Promise.withResolvers<number>();
  let stopping = false;
  const end = (code: number): void => {
    if (stopping) return;
    stopping = true;
    void stopAll(host, gateway, pages).then(() => {
      accessLog?.flush();
      resolve(code);
    });
  };
  process.on("unhandledRejection", (reason) => gateway.logger.error("Unhandled promise rejection.", reason));
  process.on("uncaughtException", (error) => {
    gateway.logger.error("Uncaught exception; the process exits.", error);
    end(1);
  });
  const reload = (): void => {
    gateway.configuration.reload().catch((error: unknown) => {
      gateway.logger.error("The configuration could not be read again.", error);
    });
  };
  return { port, ended, reload, stop: () => end(0) };
}

async function stopAll(host: SelfHost, gateway: Gateway, pages: Pages): Promise<void> {
  await host.stop();
  pages.close();
  await Promise.race([Promise.allSettled([gateway.close()]), pause(CLOSE_MS)]);
}
