import { type Env, readEnv } from "#lib/server/env/env.ts";
import { misspeltVariables } from "#lib/server/env/misspelt-variables.ts";
import { suspiciousPublicNames } from "#lib/server/env/secret-shapes.ts";
import type { Providers } from "#lib/server/wiring/providers.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Runs a command and sets the exit code. A wrong setting is reported in one line. */
export async function runCommand(command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    // Anything else is a bug, whose stack is needed.
    if (!(error instanceof GatewayError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** The settings, also from the files that Next.js would read (`.env.local` and the like). */
export async function loadSettings(isDevelopment: boolean): Promise<Env> {
  await loadEnvFiles(isDevelopment);
  return readEnv();
}

/** Reads these files into the environment; returns their paths. */
export async function loadEnvFiles(isDevelopment: boolean): Promise<string[]> {
  const { default: nextEnv } = await import("@next/env");
  const log = { info: () => undefined, error: console.error };
  const { loadedEnvFiles } = nextEnv.loadEnvConfig(process.cwd(), isDevelopment, log);
  return loadedEnvFiles.map(({ path }) => path);
}

/** Warns of providers in MODELS_CONFIG whose key is not set, since their engines are skipped. */
export function warnOfProviders({ catalogue, registry }: Providers): void {
  for (const { id, apiKeyEnv } of catalogue.providers) {
    if (apiKeyEnv === undefined || registry.providerKeys(id).length > 0) continue;
    console.log(`The provider "${id}" of MODELS_CONFIG is skipped: ${apiKeyEnv} is not set.`);
  }
}

/** Shorter tokens can be guessed. */
const MIN_TOKEN = 16;

/** Warns of variables that may be mistakes. */
export function warnOfVariables({ names, METRICS_TOKEN = "" }: Env): void {
  for (const { name, meant } of misspeltVariables(names)) {
    console.log(`${name} is not a variable of this gateway, and is not read. Did you mean ${meant}?`);
  }
  if (METRICS_TOKEN !== "" && METRICS_TOKEN.length < MIN_TOKEN) {
    console.log(`METRICS_TOKEN is short enough to be guessed: use ${MIN_TOKEN} random characters or more.`);
  }
  for (const name of suspiciousPublicNames(names)) {
    console.log(`${name} is built into pages and is public: remove it if it is a secret.`);
  }
}
