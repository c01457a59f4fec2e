import { availableParallelism } from "node:os";
import { createLogger } from "#lib/adapters/logger.ts";
import { MODE_IDS } from "#lib/ai-models.ts";
import { addressOf, announceLocal, announceMissingEngines } from "#lib/server/cli/announce.ts";
import { loadSettings, warnOfProviders, warnOfVariables } from "#lib/server/cli/command.ts";
import { startLocalSupabase } from "#lib/server/cli/local-supabase.ts";
import { type Env, setEnvironment } from "#lib/server/env/env.ts";
import { isSupabaseConfigured } from "#lib/server/env/supabase-settings.ts";
import { assertBuilt } from "#lib/server/host/pages.ts";
import { serve } from "#lib/server/host/serve.ts";
import { onReloadSignal, onStopSignals } from "#lib/server/host/stop-signals.ts";
import { onPrimaryMessages, startWorkers } from "#lib/server/host/workers.ts";
import { readMcpServers } from "#lib/server/wiring/mcp.ts";
import { loadPriceOverrides } from "#lib/server/wiring/prices.ts";
import {
  engineSourceOf,
  loadProviders,
  type Providers,
  realProviders,
} from "#lib/server/wiring/providers.ts";
import type { Logger } from "#lib/services/ports.ts";
import { VERSION } from "#lib/shared/version.ts";

/** The exit code after a failed start or a second stop signal. */
const GAVE_UP = 1;

type Running = { port: number; ended: Promise<number>; reload(): void; stop(): void };

/**
 * `npm start`: the self-host server, in this process or in workers, with a local Supabase if none is
 * configured, which is stopped last, so that turns can still be saved. Returns the exit code.
 */
export async function runStart(): Promise<number> {
  const logger = createLogger([]);
  const end = stopLater();
  const stop = (signal: string): void => {
    logger.info("Stopping.", { signal });
    end.stop();
  };
  // Registered first: a database that is being started must be stopped as well.
  onStopSignals(stop, () => process.exit(GAVE_UP));
  onReloadSignal(end.reload);
  const env = await loadSettings(false);
  const [providers] = await Promise.all([
    loadProviders(env),
    assertBuilt(process.cwd()),
    loadPriceOverrides(env),
    readMcpServers(env),
  ]);
  const isHosted = isSupabaseConfigured(env);
  warnOfVariables(env);
  warnOfProviders(providers);
  const local = isHosted ? undefined : await startLocalSupabase(env.SARMALINK_DATA_DIR, false);
  if (local !== undefined) setEnvironment(local.variables);
  let isStarted = false;
  try {
    const count = env.WORKERS === "auto" ? availableParallelism() : env.WORKERS;
    const running = count === 1 ? await serve(env) : await runWorkers(count, env, logger);
    if (running === undefined) return GAVE_UP;
    end.begin(running);
    const engines = engineSourceOf(env, providers);
    console.log(
      `Listening on ${addressOf(env.HOST, running.port)}${count === 1 ? "" : `, ${count} workers`}`,
    );
    if (local !== undefined) announceLocal(running.port, local, engines, false);
    announceMissingEngines(engines);
    const fields = engines === "providers" ? startFields(providers) : {};
    logger.info("Started.", { version: VERSION, workers: count, engines, ...fields });
    isStarted = true;
    return await running.ended;
  } finally {
    await local?.stop();
    // A failed start has logged its reason instead.
    if (isStarted) logger.info("Stopped.");
  }
}

/** Providers with the number of their keys, and modes with the number of their engines. */
function startFields(providers: Providers): Record<string, string> {
  const { catalogue, registry } = providers;
  const list = (counts: readonly (readonly [string, number])[]): string =>
    counts.map(([name, count]) => `${name} ${count}`).join(", ");
  const configured = realProviders(providers);
  return {
    providers: list(configured.map((id) => [id, registry.providerKeys(id).filter(Boolean).length])),
    modes: list(MODE_IDS.map((id) => [id, registry.resolve(catalogue.modes[id].failover).length])),
  };
}

async function runWorkers(count: number, env: Env, logger: Logger): Promise<Running | undefined> {
  const workers = startWorkers(count, env.SHUTDOWN_GRACE_MS, (line) => logger.warn(line));
  const port = await workers.listening;
  if (port !== undefined) return { ...workers, port };
  await workers.ended;
  return undefined;
}

/** One of the workers of `npm start`. Returns its exit code. */
export async function runStartWorker(): Promise<number> {
  // A Ctrl-C, or the end of the terminal, reaches the whole group; the primary decides what it means.
  for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => undefined);
  const end = stopLater();
  process.on("SIGTERM", end.stop);
  onPrimaryMessages(end);
  const running = await serve(await loadSettings(false));
  end.begin(running);
  return await running.ended;
}

/** A stop that may be requested before there is something to stop; a start under way reads the configuration itself. */
function stopLater(): { stop(): void; reload(): void; begin(running: Running): void } {
  let running: Running | undefined;
  let isWanted = false;
  return {
    stop: () => {
      isWanted = true;
      running?.stop();
    },
    reload: () => running?.reload(),
    begin: (started) => {
      running = started;
      if (isWanted) started.stop();
    },
  };
}
