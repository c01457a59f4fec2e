import { type Env, readEnv } from "#lib/server/env/env.ts";
import { telemetrySettings } from "#lib/server/wiring/telemetry-settings.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/**
 * What Next.js does for telemetry when a process of its own starts, under plain `next start` and `next dev`: loads what
 * the settings need before the first request. `npm start` does the same when it makes its gateway; on Vercel, where a
 * first request waits for the start, the libraries are loaded behind its answer.
 */
export async function registerTelemetry(): Promise<void> {
  const env = validEnv();
  if (env === undefined || env.VERCEL || telemetrySettings(env) === undefined) return;
  await import("#lib/adapters/telemetry/sdk.ts");
}

/** Undefined for wrong settings, which every request is told of. */
function validEnv(): Env | undefined {
  try {
    return readEnv();
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}
