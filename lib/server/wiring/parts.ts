import type { Env } from "#lib/server/env/env.ts";
import { BodyBudget, bodyBudgetOptions } from "#lib/server/http/body-budget.ts";
import { createChat } from "#lib/server/wiring/chat.ts";
import { createCompletion } from "#lib/server/wiring/completion.ts";
import { createDatabase, type DatabaseSettings } from "#lib/server/wiring/database.ts";
import { createEmbeddings } from "#lib/server/wiring/embeddings.ts";
import { createEngines } from "#lib/server/wiring/engines.ts";
import { createEngineHealth } from "#lib/server/wiring/health.ts";
import { createIdentity } from "#lib/server/wiring/identity.ts";
import { createLedger } from "#lib/server/wiring/ledger.ts";
import type { Providers } from "#lib/server/wiring/providers.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { lazy } from "#lib/shared/lazy.ts";

/** How each part is made; tests replace some. */
export const MAKERS = {
  createDatabase,
  createIdentity,
  createLedger,
  createEngines,
  createEngineHealth,
  createChat,
  createCompletion,
  createEmbeddings,
};

/** What is known before any part is made: the settings, checked. */
export type Basis = {
  env: Env;
  settings: DatabaseSettings;
  providers: Providers;
  clock: Clock;
  logger: Logger;
};

/**
 * The parts of a gateway and what each needs of the others. A part is made when it is first used; one that
 * cannot be made fails those who use it and nobody else, and is tried anew at the next use.
 */
export function createParts(basis: Basis, make: typeof MAKERS) {
  const { env, settings, providers, clock, logger } = basis;
  const database = lazy(() => make.createDatabase(settings, clock));
  const own = () => ({ env, settings, clients: database.value.clients, clock, logger });
  const ledger = lazy(() => make.createLedger(own()));
  const identity = lazy(() => make.createIdentity(own()));
  const health = lazy(() => make.createEngineHealth(logger, clock));
  const engines = lazy(() => make.createEngines({ env, providers, health: health.value, clock, logger }));
  const calls = () => ({
    engines: engines.value.dependencies,
    registry: providers.registry,
    identity: identity.value,
    ledger: ledger.value,
  });
  return {
    database,
    ledger,
    identity,
    health,
    engines,
    chat: lazy(() => make.createChat(calls())),
    completion: lazy(() => make.createCompletion(calls())),
    embeddings: lazy(() => make.createEmbeddings(calls())),
    bodies: lazy(() => new BodyBudget(bodyBudgetOptions(env.BODY_MEMORY_MB))),
  };
}

export type Parts = ReturnType<typeof createParts>;
