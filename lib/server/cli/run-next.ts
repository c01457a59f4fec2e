import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import {
  addressOf,
  announceLocal,
  announceMissingEngines,
  warnOfOpenAccess,
} from "#lib/server/cli/announce.ts";
import { loadSettings, warnOfProviders, warnOfVariables } from "#lib/server/cli/command.ts";
import { startLocalSupabase } from "#lib/server/cli/local-supabase.ts";
import { childEnvironment, type Env, readEnv, setEnvironment } from "#lib/server/env/env.ts";
import { readStorageSettings } from "#lib/server/env/storage-settings.ts";
import { isSupabaseConfigured } from "#lib/server/env/supabase-settings.ts";
import { assertCanListen } from "#lib/server/host/address.ts";
import { readMcpServers } from "#lib/server/wiring/mcp.ts";
import { loadPriceOverrides } from "#lib/server/wiring/prices.ts";
import { engineSourceOf, loadProviders } from "#lib/server/wiring/providers.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** After this time the server is killed, milliseconds. */
const GRACE_MS = 15_000;
const NO_VERSION_CHECK = new URL("../host/no-version-check.ts", import.meta.url).href;
/** Development is for this machine only, unless HOST is set. */
const LOOPBACK = "127.0.0.1";

/**
 * Runs `next dev`, with a local Supabase if none is configured, until it ends or a signal comes. The database
 * is stopped last, so that turns can still be saved. Returns the exit code.
 */
export async function runNextDev(): Promise<number> {
  const server = new SignalledServer();
  const env = { ...(await loadSettings(true)), NODE_ENV: "development" };
  const host = env.HOST ?? LOOPBACK;
  // Checked now: the server would report a mistake at its first request, and a used port after the database.
  readStorageSettings(env);
  const [providers] = await Promise.all([
    loadProviders(env),
    assertCanListen(env, host),
    loadPriceOverrides(env),
    readMcpServers(env),
  ]);
  const isHosted = isSupabaseConfigured(env);
  warnOfVariables(env);
  warnOfProviders(providers);
  const local = isHosted ? undefined : await startLocalSupabase(env.SARMALINK_DATA_DIR, true);
  try {
    if (local !== undefined) setEnvironment({ ...local.variables, ...administrator(env, local.demo.email) });
    const ended = server.run(() => startNext(env, host));
    const engines = engineSourceOf(env, providers);
    console.log(listening(env, host));
    if (local !== undefined) announceLocal(env.PORT, local, engines, true);
    announceMissingEngines(engines);
    await warnOfOpenAccess(readEnv());
    return await ended;
  } finally {
    await local?.stop();
  }
}

/** In development the demo user may see the dashboard, unless somebody else was named. */
function administrator(
  { ADMIN_USER_IDS, ADMIN_EMAILS }: Pick<Env, "ADMIN_USER_IDS" | "ADMIN_EMAILS">,
  email: string,
): Record<string, string> {
  return ADMIN_USER_IDS.length + ADMIN_EMAILS.length > 0 ? {} : { ADMIN_EMAILS: email };
}

function startNext(env: Env, host: string): ChildProcess {
  const next = createRequire(import.meta.url).resolve("next/dist/bin/next");
  return spawn(process.execPath, [next, "dev", "--port", String(env.PORT), "--hostname", host], {
    stdio: "inherit",
    env: childEnvironment({
      NEXT_TELEMETRY_DISABLED: "1",
      NODE_OPTIONS: [env.setting("NODE_OPTIONS"), `--import=${NO_VERSION_CHECK}`].filter(Boolean).join(" "),
    }),
  });
}

function listening({ HOST, PORT }: Env, host: string): string {
  const address = addressOf(host, PORT);
  return HOST === undefined
    ? `Development on ${address}, for this machine only. HOST=0.0.0.0 opens it to the network.`
    : `Development on ${address}`;
}

/**
 * A server that gets the signals of this process. If a signal comes before, while the database is being
 * started, no server is started.
 */
class SignalledServer {
  #child: ChildProcess | undefined;
  #isStopped = false;

  constructor() {
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        this.#isStopped = true;
        this.#child?.kill(signal);
        setTimeout(() => this.#child?.kill("SIGKILL"), GRACE_MS).unref();
      });
    }
  }

  /** Resolves with the exit code. */
  run(start: () => ChildProcess): Promise<number> {
    if (this.#isStopped) return Promise.resolve(0);
    const child = start();
    this.#child = child;
    return new Promise((resolve) => {
      child.once("exit", (code) => resolve(code ?? 0));
    });
  }
}
