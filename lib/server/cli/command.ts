import { type Env, readEnv } from "#lib/server/env/env.ts";
import { misspeltVariables } from "#lib/server/env/misspelt-variables.ts";
import { suspiciousPublicNames } from "#lib/server/env/secret-shapes.ts";
import type { Providers } from "#lib/server/wiring/providers.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Runs a command to its end and leaves its exit code. A wrong setting is told in one line. */
export async function runCommand(command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    // Anything else is a bug and shows where.
    if (!(error instanceof GatewayError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** The settings, with the files that Next.js would read (`.env.local` and its kin). */
export async function loadSettings(isDevelopment: boolean): Promise<Env> {
  const { default: nextEnv } = await import("@next/env");
  nextEnv.loadEnvConfig(process.cwd(), isDevelopment, { info: () => undefined, error: console.error });
  return readEnv();
}

/** Providers that MODELS_CONFIG defines, and that nobody can use: each of its engines would be skipped. */
export function warnOfProviders({ catalogue, registry }: Providers): void {
  for (const { id, apiKeyEnv } of catalogue.providers) {
    if (apiKeyEnv === undefined || registry.providerKeys(id).length > 0) continue;
    console.log(`The provider "${id}" of MODELS_CONFIG is skipped: ${apiKeyEnv} is not set.`);
  }
}

/** Mistakes, or what may be some, that stop nothing. */
export function warnOfVariables({ names }: Env): void {
  for (const { name, meant } of misspeltVariables(names)) {
    console.log(`${name} is not a variable of this gateway, and is not read. Did you mean ${meant}?`);
  }
  for (const name of suspiciousPublicNames(names)) {
    console.log(`${name} is built into pages and can be read by everybody: remove it if it is a secret.`);
  }
}
