import { createModelListFile } from "#lib/adapters/model-list-file.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { LiveProviders } from "#lib/server/wiring/live-providers.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { chainEntries } from "#lib/services/model-check/chain-entries.ts";
import { DailyModelCheck } from "#lib/services/model-check/daily-check.ts";

export type ModelCheckParts = {
  env: Pick<Env, "MODELS_CHECK" | "SARMALINK_DATA_DIR" | "VERCEL">;
  live: LiveProviders;
  engines: Pick<EngineDependencies, "effects" | "logger">;
  /** Aborts when the gateway closes. */
  signal: AbortSignal;
};

/** The daily check of the chains against the providers' lists. On Vercel, which keeps no files, each process asks. */
export function createModelCheck({ env, live, engines, signal }: ModelCheckParts): DailyModelCheck {
  const { effects, logger } = engines;
  return new DailyModelCheck({
    isOn: env.MODELS_CHECK,
    entries: () => chainEntries(live.current.catalogue.modes, live.current.registry),
    effects,
    signal,
    store: env.VERCEL ? undefined : createModelListFile(env.SARMALINK_DATA_DIR, effects.clock, logger),
    logger,
  });
}
