import { openTelemetries } from "#lib/adapters/telemetry/open-telemetries.ts";
import { type Env, readEnv } from "#lib/server/env/env.ts";
import { telemetrySettings } from "#lib/server/wiring/telemetry-settings.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/**
 * What Next.js does for telemetry when a process of its own starts, under plain `next start` and `next dev`: loads what
 * the settings need before the first request, and sends what waits when the process is told to end. `npm start` does
 * both in `serve.ts`; on Vercel the libraries are loaded behind the first answer, and `nextRoute` sends.
 */
export async function registerTelemetry(): Promise<void> {
  const env = validEnv();
  if (env === undefined || env.VERCEL || telemetrySettings(env) === undefined) return;
  await import("#lib/adapters/telemetry/sdk.ts");
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      for (const telemetry of openTelemetries()) void telemetry.close();
    });
  }
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
