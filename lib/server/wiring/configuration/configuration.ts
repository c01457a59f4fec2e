import { WatchedFile } from "#lib/adapters/watched-file.ts";
import type { Env } from "#lib/server/env/env.ts";
import { catalogueChanges } from "#lib/server/wiring/configuration/catalogue-changes.ts";
import type { ConfigText, FileText } from "#lib/server/wiring/configuration/config-text.ts";
import { ReloadedFile, type SourceReport } from "#lib/server/wiring/configuration/reloaded-file.ts";
import type { LiveProviders } from "#lib/server/wiring/live-providers.ts";
import { type Providers, providersOf } from "#lib/server/wiring/providers.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** The parts of the configuration that are files, and where they come from: the block of the admin health. */
export type ConfigurationReport = { models: SourceReport };

/** The configuration that can change while the gateway runs. Variables are read once, at the start. */
export type Configuration = {
  report(): ConfigurationReport;
  /** Reads all files again now. Never rejects because of a file: a mistake is logged, and in the report. */
  reload(): Promise<void>;
};

export type ConfigurationParts = {
  env: Env;
  /** What `MODELS_CONFIG` gave at the start. */
  models: ConfigText;
  live: LiveProviders;
  logger: Logger;
  clock: Clock;
};

/** Watches the files of the configuration until the signal aborts. */
export function createConfiguration(parts: ConfigurationParts, signal: AbortSignal): Configuration {
  const { env, models, live, logger } = parts;
  const modelsFile = watched(parts, signal, "MODELS_CONFIG", models, async (changed) => {
    const before = live.current;
    const after = await providersOf(env, changed);
    live.replace(after);
    warnOfSkipped(after, logger);
    return catalogueChanges(before, after);
  });
  const fixed = fixedReport(models, parts.clock);
  return {
    report: () => ({ models: modelsFile?.report() ?? fixed }),
    reload: async () => {
      if (modelsFile === undefined) {
        logger.info(
          "There is nothing to read again: MODELS_CONFIG is not a file, and variables need a restart.",
        );
      }
      await modelsFile?.reload();
    },
  };
}

/** Undefined if the text does not come from a file that can be read twice. */
function watched(
  { env, logger, clock }: ConfigurationParts,
  signal: AbortSignal,
  variable: string,
  config: ConfigText,
  apply: (changed: FileText) => Promise<LogFields>,
): ReloadedFile | undefined {
  if (config.kind !== "file") return undefined;
  const file = new WatchedFile(config.path, clock);
  const reloaded = new ReloadedFile({
    ...{ variable, file, text: config.text, logger, clock },
    apply: (text) => apply({ ...config, text }),
  });
  // On Vercel files come with the deployment, and between requests nothing runs.
  if (!env.VERCEL) reloaded.watch(signal);
  return reloaded;
}

function fixedReport(config: ConfigText, clock: Clock): SourceReport {
  const source = config.kind === "file" ? config.path : config.kind;
  return { source, loadedAt: new Date(clock.wallNow()).toISOString() };
}

/** A new provider may name a variable that was not set at the start. */
function warnOfSkipped({ catalogue, registry }: Providers, logger: Logger): void {
  for (const { id, apiKeyEnv } of catalogue.providers) {
    if (apiKeyEnv === undefined || registry.providerKeys(id).length > 0) continue;
    logger.warn("A provider of MODELS_CONFIG is skipped: its variable was not set at the start.", {
      provider: id,
      variable: apiKeyEnv,
    });
  }
}
