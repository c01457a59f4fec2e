import { randomUUID } from "node:crypto";
import { createHttpUpstream } from "#lib/adapters/http/upstream.ts";
import { SANDBOX_MODELS, withSandbox } from "#lib/adapters/sandbox/sandbox-upstream.ts";
import type { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { Env } from "#lib/server/env/env.ts";
import { configuredEngines, howToConfigure } from "#lib/server/wiring/configured-engines.ts";
import type { InstalledModels } from "#lib/server/wiring/installed-models.ts";
import { findLocalOllama } from "#lib/server/wiring/local-ollama.ts";
import { engineSourceOf, type Providers, SANDBOX_PROVIDER } from "#lib/server/wiring/providers.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { LivePrices } from "#lib/services/engines/live-prices.ts";
import type { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

export type EngineParts = {
  env: Env;
  installed: InstalledModels;
  health: EngineHealth;
  clock: Clock;
  logger: Logger;
  prices: LivePrices;
  toolsFor: EngineDependencies["toolsFor"];
  overrides: EngineOverrides;
};

/** What depends on the catalogue. */
type OfCatalogue = "modes" | "enginesOf" | "howToConfigure";

export type Engines = {
  /** What calls need, whatever the catalogue is. */
  calls: Omit<EngineDependencies, OfCatalogue>;
  /** What every use case that calls engines needs, with the modes and chains of these providers. */
  dependenciesOf(providers: Providers): EngineDependencies;
  /** Closes the connections to these origins, those in use once their answers have ended. */
  disconnect(origins: readonly string[]): void;
  /** Closes the connections to providers. */
  close(): Promise<void>;
};

/** The engines, the HTTP client that reaches them, and the options of their calls. */
export function createEngines(parts: EngineParts): Engines {
  const { env, installed, health, clock, logger, prices, toolsFor, overrides } = parts;
  const http = createHttpUpstream();
  const calls: Engines["calls"] = {
    overrides,
    toolsFor,
    run: {
      timeouts: {
        connectMs: env.CONNECT_TIMEOUT_MS,
        firstTokenMs: env.FIRST_TOKEN_TIMEOUT_MS,
        answerMs: env.ANSWER_TIMEOUT_MS,
        idleMs: env.PROVIDER_TIMEOUT_MS,
        deadlineMs: env.REQUEST_DEADLINE_MS,
      },
      recovery: env.MIDSTREAM_RECOVERY,
      promptCache: env.ENABLE_PROMPT_CACHE,
    },
    effects: {
      upstream: withSandbox(http, clock),
      health,
      clock,
      random: Math.random,
      isPaid: (engine) => prices.current.isPaid(engine),
      newId: () => `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`,
    },
    prices,
    logger,
  };
  const dependenciesOf = (providers: Providers): EngineDependencies => ({
    ...calls,
    modes: providers.catalogue.modes,
    enginesOf: withOverrides(
      engineSourceOf(env, providers) === "sandbox"
        ? sandboxEngines(env, providers)
        : configuredEngines(providers, installed),
      overrides,
    ),
    howToConfigure: (mode) => howToConfigure(mode, providers, installed),
  });
  const disconnect = (origins: readonly string[]): void => {
    for (const origin of origins) http.disconnect(origin);
  };
  return { calls, dependenciesOf, disconnect, close: () => http.close() };
}

/** The engines of modes as administrators want them. */
function withOverrides(
  enginesOf: EngineDependencies["enginesOf"],
  overrides: EngineOverrides,
): EngineDependencies["enginesOf"] {
  return (mode) => {
    const configured = enginesOf(mode);
    return overrides.isEmpty ? configured : configured.then((engines) => overrides.chain(mode, engines));
  };
}

/** The built-in engines in every mode; in development, a local Ollama before them. */
function sandboxEngines(env: Env, { registry }: Providers): EngineDependencies["enginesOf"] {
  const builtIn = registry.resolve(
    SANDBOX_MODELS.map((model) => ({
      provider: SANDBOX_PROVIDER.id,
      model,
      label: `Sandbox engine (${model})`,
    })),
  );
  const local = env.NODE_ENV === "development" ? findLocalOllama() : Promise.resolve(undefined);
  return async () => {
    const ollama = await local;
    return ollama === undefined ? builtIn : [ollama, ...builtIn];
  };
}
