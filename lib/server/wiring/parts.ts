import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import type { Registry } from "#lib/providers/registry.ts";
import type { Env } from "#lib/server/env/env.ts";
import { BodyBudget, bodyBudgetOptions } from "#lib/server/http/body-budget.ts";
import { createChat } from "#lib/server/wiring/chat.ts";
import { createCompletion } from "#lib/server/wiring/completion.ts";
import { createDatabase, type DatabaseSettings } from "#lib/server/wiring/database.ts";
import { createDocumentReader, createFiles } from "#lib/server/wiring/documents.ts";
import { createEmbeddings } from "#lib/server/wiring/embeddings.ts";
import { createEngines, type Engines } from "#lib/server/wiring/engines.ts";
import { createEngineHealth } from "#lib/server/wiring/health.ts";
import { createIdentity, type Identity } from "#lib/server/wiring/identity.ts";
import type { InstalledModels } from "#lib/server/wiring/installed-models.ts";
import { createLedger, type LedgerPart } from "#lib/server/wiring/ledger.ts";
import { createLiveTools } from "#lib/server/wiring/live-tools.ts";
import { createMemories } from "#lib/server/wiring/memory.ts";
import { createPlugins } from "#lib/server/wiring/plugins.ts";
import type { Providers } from "#lib/server/wiring/providers.ts";
import { createQuota } from "#lib/server/wiring/quota.ts";
import { createSessions } from "#lib/server/wiring/sessions.ts";
import type { Telemetry } from "#lib/server/wiring/telemetry.ts";
import { createWebSearchPart, type WebSearchPart } from "#lib/server/wiring/web-search.ts";
import type { DocumentReader } from "#lib/services/documents/document-reader.ts";
import type { FileDependencies } from "#lib/services/documents/read-turn-files.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { Memories } from "#lib/services/memory/memories.ts";
import type { PluginDependencies } from "#lib/services/plugins/plugin-dependencies.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { type Lazy, lazy } from "#lib/shared/lazy.ts";
import { detectTools } from "#lib/tools/detect.ts";
import type { Tool } from "#lib/tools/tool.ts";

/** How each part is made; tests replace some. */
export const MAKERS = {
  createDatabase,
  createIdentity,
  createLedger,
  createEngines,
  createEngineHealth,
  createLiveTools,
  createMemories,
  createChat,
  createCompletion,
  createEmbeddings,
  createPlugins,
  createWebSearchPart,
  createSessions,
  createQuota,
  createDocumentReader,
  createFiles,
};

/** The validated settings, from which all parts are made. */
export type Basis = {
  env: Env;
  settings: DatabaseSettings;
  providers: Providers;
  installed: InstalledModels;
  telemetry: Telemetry;
  clock: Clock;
  logger: Logger;
};

/** What every call of an engine is made with. */
type CallParts = { engines: EngineDependencies; registry: Registry; identity: Identity; ledger: LedgerPart };

/**
 * The parts of a gateway and their dependencies. A part is made when it is first used; if that fails, only its
 * users fail, and it is tried again at the next use.
 */
export function createParts(basis: Basis, make: typeof MAKERS) {
  const { env, settings, providers, installed, telemetry, clock, logger } = basis;
  const database = lazy(() => make.createDatabase(settings, clock));
  const databaseParts = () => ({ env, settings, clients: database.value.clients, clock, logger });
  const ledger = lazy(() => observedLedger(make.createLedger(databaseParts()), telemetry));
  const identity = lazy(() => make.createIdentity(databaseParts()));
  const health = lazy(() => make.createEngineHealth(logger, clock));
  const engines: Lazy<Engines> = lazy(() =>
    make.createEngines({
      ...{ env, providers, installed, health: health.value, clock, logger },
      // Read when a message comes: tools may use engines themselves. A broken tool is logged where tools run.
      toolsFor: (request) => detectTools(tools.value, request, () => undefined).map(({ tool }) => tool.name),
    }),
  );
  const callParts = (): CallParts => ({
    engines: engines.value.dependencies,
    registry: providers.registry,
    identity: identity.value,
    ledger: ledger.value,
  });
  const plugins = lazy(() =>
    make.createPlugins({ env, engines: engines.value.dependencies, identity: identity.value }),
  );
  const webSearch = lazy(() => make.createWebSearchPart(callParts()));
  const tools = lazy(() => make.createLiveTools({ env, clock, search: webSearch.value?.search }));
  const documents = lazy(() => make.createDocumentReader(logger, clock));
  const { memories, files, ...userData } = userDataParts(
    { clients: () => database.value.clients, engines, documents },
    make,
  );
  return {
    database,
    ledger,
    identity,
    health,
    engines,
    plugins,
    documents,
    memories,
    files,
    ...userData,
    ...answerParts({ callParts, tools, plugins, webSearch, files, memories, documents, env }, make),
    bodies: lazy(() => new BodyBudget(bodyBudgetOptions(env.BODY_MEMORY_MB))),
  };
}

function observedLedger(part: LedgerPart, telemetry: Telemetry): LedgerPart {
  return { ...part, ledger: telemetry.observed(part.ledger) };
}

type AnswerSources = {
  callParts(): CallParts;
  tools: Lazy<readonly Tool[]>;
  plugins: Lazy<PluginDependencies>;
  webSearch: Lazy<WebSearchPart | undefined>;
  files: Lazy<FileDependencies>;
  memories: Lazy<Memories>;
  documents: Lazy<DocumentReader>;
  env: Env;
};

/** What answers: native chat, and the OpenAI-compatible routes. */
function answerParts(
  { callParts, tools, plugins, webSearch, files, memories, documents, env }: AnswerSources,
  make: typeof MAKERS,
) {
  return {
    chat: lazy(() =>
      make.createChat({
        ...callParts(),
        tools: tools.value,
        plugins: plugins.value,
        webSearch: webSearch.value,
        attachments: files.value.attachments,
        memories: memories.value,
        env,
      }),
    ),
    completion: lazy(() => make.createCompletion({ ...callParts(), documents })),
    embeddings: lazy(() => make.createEmbeddings(callParts())),
  };
}

type UserDataSources = {
  clients(): SupabaseClients;
  engines: Lazy<Engines>;
  documents: Lazy<DocumentReader>;
};

/** What is kept of users besides their turns. */
function userDataParts({ clients, engines, documents }: UserDataSources, make: typeof MAKERS) {
  return {
    memories: lazy(() => make.createMemories({ clients: clients() })),
    files: lazy(() => make.createFiles(clients(), () => documents.value)),
    sessions: lazy(() => make.createSessions({ clients: clients() })),
    quota: lazy(() => make.createQuota({ clients: clients(), engines: engines.value.dependencies })),
  };
}

export type Parts = ReturnType<typeof createParts>;
