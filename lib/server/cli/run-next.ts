import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { loadSettings, warnOfMisspeltVariables } from "#lib/server/cli/command.ts";
import { announceKey, startLocalSupabase } from "#lib/server/cli/local-supabase.ts";
import { childEnvironment } from "#lib/server/env.ts";
import { loadProviders } from "#lib/server/gateway.ts";
import { assertCanListen } from "#lib/server/host/address.ts";
import { isSupabaseConfigured } from "#lib/server/supabase-settings.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** A server that has not ended by then is ended, milliseconds. */
const GRACE_MS = 15_000;
/** Development is for this machine alone, unless HOST says otherwise. */
const LOOPBACK = "127.0.0.1";

/**
 * Runs `next dev`, with a local Supabase beside it when none is configured, until either ends or a
 * signal comes. The database goes last, so that turns can still be saved. Returns the exit code.
 */
export async function runNextDev(): Promise<number> {
  const require = createRequire(import.meta.url);
  const env = await loadSettings(true);
  warnOfMisspeltVariables(env);
  const host = env.HOST ?? LOOPBACK;
  // The server would only find a mistake at its first request, and a port in use after the database.
  await Promise.all([loadProviders(env), assertCanListen(env, host)]);
  const local = isSupabaseConfigured(env)
    ? undefined
    : await startLocalSupabase(env.SARMALINK_DATA_DIR, true);
  const args = [require.resolve("next/dist/bin/next"), "dev", "--port", String(env.PORT), "--hostname", host];
  const next = spawn(process.execPath, args, {
    stdio: "inherit",
    env: childEnvironment({ NEXT_TELEMETRY_DISABLED: "1", ...local?.variables }),
  });
  if (local !== undefined) announceKey(env.PORT, local);
  const code = await endOf(next);
  await local?.stop();
  return code;
}

/** The exit code of the server; signals to us are signals to it. */
function endOf(server: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        server.kill(signal);
        setTimeout(() => server.kill("SIGKILL"), GRACE_MS).unref();
      });
    }
    server.once("exit", (code) => resolve(code ?? 0));
  });
}
