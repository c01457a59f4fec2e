import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { childEnvironment, readEnv } from "#lib/server/env.ts";
import { loadProviders } from "#lib/server/gateway.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** A server that has not ended by then is ended, milliseconds. */
const GRACE_MS = 15_000;

/**
 * Runs `next dev` or `next start`, with a local Supabase beside it when none is configured, until either
 * ends or a signal comes. The database goes last, so that turns can still be saved.
 */
export async function runNext(command: "dev" | "start"): Promise<void> {
  try {
    process.exitCode = await run(command);
  } catch (error) {
    // A wrong setting is told in one line; anything else is a bug and shows where.
    if (!(error instanceof GatewayError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

async function run(command: "dev" | "start"): Promise<number> {
  const require = createRequire(import.meta.url);
  const { default: nextEnv } = await import("@next/env");
  nextEnv.loadEnvConfig(process.cwd(), command === "dev", { info: () => undefined, error: console.error });
  const env = readEnv();
  // The server would only find a mistake at its first request.
  await loadProviders(env);
  const local =
    env.NEXT_PUBLIC_SUPABASE_URL === undefined ? await startLocalSupabase(env.SARMALINK_DATA_DIR) : undefined;
  const args = [require.resolve("next/dist/bin/next"), command, "--port", String(env.PORT)];
  if (env.HOST !== undefined) args.push("--hostname", env.HOST);
  const next = spawn(process.execPath, args, {
    stdio: "inherit",
    env: childEnvironment({ NEXT_TELEMETRY_DISABLED: "1", ...local?.variables }),
  });
  if (local !== undefined) announce(env.PORT, local.key, local.keyFile);
  const code = await endOf(next);
  await local?.stop();
  return code;
}

type LocalSupabase = {
  variables: Record<string, string>;
  key: string;
  keyFile: string;
  stop(): Promise<void>;
};

async function startLocalSupabase(dataDir: string): Promise<LocalSupabase> {
  const { startEmbeddedSupabase } = await import("#lib/adapters/embedded-supabase/start.ts");
  const supabase = await startEmbeddedSupabase({
    dataDir,
    migrationsDir: "supabase/migrations",
    log: (line) => console.log(line),
  });
  return {
    variables: {
      NEXT_PUBLIC_SUPABASE_URL: supabase.url,
      NEXT_PUBLIC_SUPABASE_ANON_KEY: supabase.publishableKey,
      SUPABASE_SERVICE_ROLE_KEY: supabase.secretKey,
      SUPABASE_JWT_SECRET: supabase.jwtSecret,
    },
    key: supabase.gatewayKey,
    keyFile: `${supabase.dataDir}/dev-key`,
    stop: () => supabase.stop(),
  };
}

function announce(port: number, key: string, keyFile: string): void {
  console.log(`
  No Supabase is configured: a local one is running. Your local gateway key (also in ${keyFile}):

    ${key}

  Ask it something:

    curl -N http://localhost:${port}/api/ai-chat \\
      -H "Authorization: Bearer ${key}" \\
      -H "Content-Type: application/json" \\
      -d '{"message": "Hello! Who are you?"}'
`);
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
