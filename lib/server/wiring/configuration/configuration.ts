import { WatchedFile } from "#lib/adapters/watched-file.ts";
import type { Env } from "#lib/server/env/env.ts";
import { catalogueChanges } from "#lib/server/wiring/configuration/catalogue-changes.ts";
import {
  type ConfigText,
  type FileText,
  readConfigText,
} from "#lib/server/wiring/configuration/config-text.ts";
import { ReloadedFile, type SourceReport } from "#lib/server/wiring/configuration/reloaded-file.ts";
import type { LiveProviders } from "#lib/server/wiring/live-providers.ts";
import { overridesOf } from "#lib/server/wiring/prices.ts";
import { type Providers, providersOf } from "#lib/server/wiring/providers.ts";
import type { LivePrices } from "#lib/services/engines/live-prices.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** The texts of the variables that may name files. */
export type ConfigTexts = { models: ConfigText; prices: ConfigText };

/** Where the texts come from, and whether what is there now is in use: the block of the admin health. */
export type ConfigurationReport = { models: SourceReport; prices: SourceReport };

/** The configuration that can change while the gateway runs. Variables are read once, at the start. */
export type Configuration = {
  report(): ConfigurationReport;
  /** Reads all files again now. Never rejects because of a file: a mistake is logged, and in the report. */
  reload(): Promise<void>;
};

export type ConfigurationParts = {
  env: Env;
  /** What they were at the start. */
  texts: ConfigTexts;
  live: LiveProviders;
  prices: LivePrices;
  logger: Logger;
  clock: Clock;
};

/** Throws `not_configured` for a file that cannot be read. */
export async function readConfigTexts({ MODELS_CONFIG, PRICES_CONFIG }: Env): Promise<ConfigTexts> {
  const [models, prices] = await Promise.all([
    readConfigText("MODELS_CONFIG", MODELS_CONFIG),
    readConfigText("PRICES_CONFIG", PRICES_CONFIG),
  ]);
  return { models, prices };
}

/** Watches the files of the configuration until the signal aborts. */
export function createConfiguration(parts: ConfigurationParts, signal: AbortSignal): Configuration {
  const { env, texts, live, logger, clock } = parts;
  const models = watched(parts, "MODELS_CONFIG", texts.models, async (changed) => {
    const before = live.current;
    const after = await providersOf(env, changed);
    live.replace(after);
    warnOfSkipped(after, logger);
    return catalogueChanges(before, after);
  });
  const prices = watched(parts, "PRICES_CONFIG", texts.prices, async (changed) => {
    const overrides = await overridesOf(changed);
    parts.prices.replaceOverrides(overrides);
    return { prices: parts.prices.current.facts.overrides };
  });
  const files = [models, prices].filter((file) => file !== undefined);
  // On Vercel files come with the deployment, and between requests nothing runs.
  if (!env.VERCEL) for (const file of files) file.watch(signal);
  const fixed = { models: fixedReport(texts.models, clock), prices: fixedReport(texts.prices, clock) };
  return {
    report: () => ({
      models: models?.report() ?? fixed.models,
      prices: prices?.report() ?? fixed.prices,
    }),
    reload: async () => {
      if (files.length === 0) {
        logger.info(
          "There is nothing to read again: no variable names a file, and variables need a restart.",
        );
      }
      await Promise.all(files.map((file) => file.reload()));
    },
  };
}

/** Undefined if the text does not come from a file that can be read twice. */
function watched(
  { logger, clock }: ConfigurationParts,
  variable: string,
  config: ConfigText,
  apply: (changed: FileText) => Promise<LogFields>,
): ReloadedFile | undefined {
  if (config.kind !== "file") return undefined;
  const file = new WatchedFile(config.path, clock);
  return new ReloadedFile({
    ...{ variable, file, text: config.text, logger, clock },
    apply: (text) => apply({ ...config, text }),
  });
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
